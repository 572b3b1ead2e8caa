// Ways back whose processes are killed, or whose host is away: each is finished by who comes after.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Migration } from '../../shared/api/migrations.ts'
import type { Inspection } from '../e2e/inspection.ts'
import { acknowledged, requireWhole, runs, startLedger } from '../e2e/ledger-workload.ts'
import { holdings, inspect, migrate, startFollowing, untilEnded, untilMigration } from '../e2e/moving.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let image: string

beforeAll(async () => {
  lab = await startLab({ hosts: 2, failpoints: true })
  ;[one, two] = [lab.host('host-1'), lab.host('host-2')]
  image = (await loadImage(one, 'busybox')).ref
  await loadImage(two, 'busybox')
})
afterAll(() => lab?.stop())
afterEach(async () => {
  for (const host of [one, two]) {
    await lab.failpoints(host).clear()
    await lab.limitRate(host, undefined)
    const containers = (await host.docker(['ps', '-aq'])).split('\n').filter(Boolean)
    if (containers.length > 0) await host.docker(['rm', '-f', ...containers])
    const volumes = (await host.docker(['volume', 'ls', '-q'])).split('\n').filter(Boolean)
    if (volumes.length > 0) await host.docker(['volume', 'rm', ...volumes])
  }
})

const mebibyte = 1024 * 1024
const there = (container: string) => ({ container, from: 'host-1', to: 'host-2' })
type Inspected = Inspection & { readonly HostConfig: { readonly RestartPolicy: { readonly Name: string } } }

test('the agent dies in the middle of putting a kept copy in place, and of removing one: both are finished', async () => {
  await startLedger(one, image, 'struck')
  const moved = await migrate(lab, there('struck'))
  const dies = async (name: string, wish: 'return' | 'finalize', of: Migration, host: LabHost) => {
    const failpoints = lab.failpoints(host)
    await failpoints.tell(name, 'hang')
    const { id } = await startFollowing(lab, of, wish)
    await failpoints.untilReached(name)
    await host.agent.kill()
    await failpoints.untell(name)
    await host.agent.start()
    return untilEnded(lab, id)
  }
  const back = await dies('ReinstateTarget.middle', 'return', moved, one)
  expect(back).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await inspect<Inspected>(one, 'struck')).toMatchObject({
    State: { Running: true },
    HostConfig: { RestartPolicy: { Name: 'always' } },
  })
  await requireWhole(one, 'struck', await acknowledged(two, 'struck'))
  expect(await dies('FinalizeSource.middle', 'finalize', back, two)).toMatchObject({ state: 'completed', error: null })
  expect(await holdings(two)).toMatchObject({ containers: [], volumes: [] })
  await requireWhole(one, 'struck', await acknowledged(one, 'struck'))
})

test('the coordinator is killed in the middle of a return: the next one finishes it', async () => {
  const noisy = 'trap "dd if=/dev/urandom of=/data/noise bs=1M count=40; exit 0" TERM; while :; do sleep 0.1; done'
  await one.docker([
    ...['run', '-d', '--name', 'killed', '--stop-timeout', '60', '-v', 'killed:/data', image, 'sh', '-c', noisy],
  ])
  const moved = await migrate(lab, there('killed'))
  await lab.limitRate(two, 60)
  const { id } = await startFollowing(lab, moved, 'return')
  await untilMigration(lab, id, 'the last round runs', ({ steps }) =>
    steps.some(({ name, state }) => name === 'finalcopy' && state !== 'pending'),
  )
  await lab.coordinator.process.kill()
  await lab.limitRate(two, undefined)
  await lab.coordinator.process.start()
  expect(await untilEnded(lab, id)).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect([await runs(one, 'killed'), await runs(two, 'killed')]).toEqual([true, false])
  expect(await one.docker(['exec', 'killed', 'stat', '-c', '%s', '/data/noise'])).toBe(String(40 * mebibyte))
})

test('a finalize waits for a host that is away, says so, and goes on when it is back; the image goes only when asked', async () => {
  await startLedger(one, image, 'away')
  const moved = await migrate(lab, there('away'))
  await one.agent.kill()
  const { id } = await startFollowing(lab, moved, 'finalize', { removeImage: true })
  const waits = await untilMigration(lab, id, 'it says what it waits for', ({ waiting }) => waiting !== null)
  expect(waits).toMatchObject({ state: 'running', kind: 'finalize' })
  await one.agent.start()
  expect(await untilEnded(lab, id)).toMatchObject({ state: 'completed', error: null })
  expect(await holdings(one)).toMatchObject({ containers: [], volumes: [], images: [] })
  await requireWhole(two, 'away', 1)
  await loadImage(one, 'busybox')
})
