// A host goes down in the middle of a move and an operator gives his word for it: what waited for the host ends as is safe
// without it, and the host is told so before anything else when it is back.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { FencedHost, Host } from '../../shared/api/hosts.ts'
import type { Migration, StepName } from '../../shared/api/migrations.ts'
import type { Inspection } from '../e2e/inspection.ts'
import { holdings, inspect, migrate, migrationOf, startMigration, untilEnded, untilMigration } from '../e2e/moving.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let three: LabHost
let image: string

// Short, so that a test need not wait for what an operator would: two seconds of silence and a host is lost, four and a
// step gives up.
const impatient = { env: { DRAYAGE_HEARTBEAT_MS: '700', DRAYAGE_PATIENCE_MS: '4000' } }

beforeAll(async () => {
  lab = await startLab({ hosts: 3 })
  ;[one, two, three] = [lab.host('host-1'), lab.host('host-2'), lab.host('host-3')]
  image = (await loadImage(one, 'busybox')).ref
  for (const host of [two, three]) await loadImage(host, 'busybox')
  await lab.coordinator.process.stop()
  await lab.coordinator.process.start(impatient)
})
afterAll(() => lab?.stop())

beforeEach(async () => {
  for (const host of lab.hosts) await lab.untilHostIs(host, 'online')
})
afterEach(async () => {
  for (const host of lab.hosts) {
    await lab.limitRate(host, undefined)
    const containers = (await host.docker(['ps', '-aq'])).split('\n').filter(Boolean)
    if (containers.length > 0) await host.docker(['rm', '-f', ...containers])
    const volumes = (await host.docker(['volume', 'ls', '-q'])).split('\n').filter(Boolean)
    if (volumes.length > 0) await host.docker(['volume', 'rm', ...volumes])
  }
})

const isUp = async (host: LabHost, name: string): Promise<boolean> =>
  inspect<Inspection>(host, name).then(
    ({ State }) => State.Running,
    () => false,
  )

// Writes, when it is asked to stop, so much that the last round takes its time on the limited link.
const begin = async (name: string): Promise<Migration> => {
  await one.docker([
    ...['run', '-d', '--name', name, '--restart', 'always', '--stop-timeout', '60', '-v', `${name}-data:/data`, image],
    ...[
      'sh',
      '-c',
      'trap "dd if=/dev/urandom of=/data/noise bs=1M count=60; exit 0" TERM; while :; do sleep 0.1; done',
    ],
  ])
  await lab.limitRate(one, 100)
  return startMigration(lab, { container: name, from: 'host-1', to: 'host-2' })
}
const reach = (id: string, step: StepName, states: readonly string[] = ['running', 'done']) =>
  untilMigration(lab, id, `${step} is ${states.join(' or ')}`, ({ steps }) =>
    steps.some(({ name, state }) => name === step && states.includes(state)),
  )

// The machine is off: neither its network nor its engine, its containers or its agent are there.
const unplug = async (host: LabHost) => {
  await lab.cut(host)
  await host.agent.kill()
  await host.engine.stop()
  await lab.untilHostIs(host, 'lost')
}
const plugIn = async (host: LabHost) => {
  await host.engine.start()
  await lab.mend(host)
  await host.agent.start()
}
const fence = async (host: LabHost) =>
  (await lab.coordinator.call('POST', `/v1/hosts/${host.name}/fence`, { iKnowItIsDown: true })) as FencedHost
const hostOf = async (host: LabHost) => (await lab.coordinator.call('GET', `/v1/hosts/${host.name}`)) as Host
const untilItTakesPart = (host: LabHost) =>
  eventually(`${host.name} to take part again`, 60_000, async () => (await hostOf(host)).fence === null)

test('a host that is heard of, or whose agent answers, is not fenced', async () => {
  await expect(fence(one)).rejects.toThrow('DRAYAGE_HOST_ANSWERS')
  await expect(lab.coordinator.call('POST', '/v1/hosts/host-1/fence', {})).rejects.toThrow('DRAYAGE_INVALID_REQUEST')
  expect((await hostOf(one)).fence).toBeNull()
})

test('the source dies after the commit: the move ends without it, and what it keeps is retired before it takes part again', async () => {
  const { id } = await begin('alpha')
  await lab.limitRate(one, undefined)
  // Frozen, it answers nothing; the container itself is stopped and set aside by then.
  await reach(id, 'finalcopy', ['done'])
  one.agent.pause()
  await reach(id, 'start', ['done'])
  await unplug(one)
  expect((await migrationOf(lab, id)).state).toBe('running')
  expect((await fence(one)).migrations).toMatchObject([{ id, consequence: 'retired-later' }])
  const ended = await untilEnded(lab, id)
  expect(ended).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(ended.next).toContain('host-1 is down')
  // The lease is given back.
  const next = await migrate(lab, { container: 'alpha', from: 'host-2', to: 'host-3' })
  expect(next).toMatchObject({ state: 'awaiting-finalize' })

  await plugIn(one)
  await untilItTakesPart(one)
  expect([await isUp(one, 'alpha'), await isUp(two, 'alpha'), await isUp(three, 'alpha')]).toEqual([false, false, true])
  await expect(one.docker(['start', 'alpha'])).rejects.toThrow()
  expect(
    (await inspect<{ HostConfig: { RestartPolicy: { Name: string } } }>(one, 'alpha')).HostConfig.RestartPolicy.Name,
  ).toBe('no')
})

test('the source dies before its copy is proven: nothing is started or thrown away, and it runs again when it is back', async () => {
  const before = await holdings(two)
  const { id } = await begin('beta')
  await reach(id, 'finalcopy')
  await unplug(one)
  await lab.limitRate(one, undefined)
  await reach(id, 'finalcopy', ['failed', 'undoing', 'undone'])
  expect((await fence(one)).migrations).toMatchObject([{ id, consequence: 'put-back-later' }])
  const ended = await untilEnded(lab, id)
  expect(ended.state).toBe('rolled-back')
  expect(await isUp(two, 'beta')).toBe(false)
  expect((await holdings(two)).volumes).toContain('beta-data')
  await expect(migrate(lab, { container: 'beta', from: 'host-1', to: 'host-3' })).rejects.toThrow('DRAYAGE_HOST_FENCED')

  await plugIn(one)
  await untilItTakesPart(one)
  expect(await isUp(one, 'beta')).toBe(true)
  await eventually(
    'what crossed to be removed',
    60_000,
    async () => !((await holdings(two)).volumes ?? []).includes('beta-data'),
  )
  expect(await holdings(two)).toEqual(before)
  expect(await migrate(lab, { container: 'beta', from: 'host-1', to: 'host-2' })).toMatchObject({
    state: 'awaiting-finalize',
  })
})

test('a target that was frozen and fenced wakes up: it does nothing that another has taken over, and clears up', async () => {
  const before = await holdings(two)
  const { id } = await begin('gamma')
  await reach(id, 'finalcopy')
  // A zombie: the stream that it was receiving is still open, as far as it knows.
  two.agent.pause()
  await lab.untilHostIs(two, 'lost')
  expect((await fence(two)).migrations).toMatchObject([{ id, consequence: 'put-back-now' }])
  await lab.limitRate(one, undefined)
  expect(await untilEnded(lab, id)).toMatchObject({ state: 'rolled-back' })
  expect(await isUp(one, 'gamma')).toBe(true)
  const { state } = await migrate(lab, { container: 'gamma', from: 'host-1', to: 'host-3' })
  expect(state).toBe('awaiting-finalize')

  two.agent.resume()
  await untilItTakesPart(two)
  expect([await isUp(one, 'gamma'), await isUp(two, 'gamma'), await isUp(three, 'gamma')]).toEqual([false, false, true])
  expect(await holdings(two)).toEqual(before)
})
