// Processes die and links break in the middle of a migration: it ends well, or goes on, and never runs twice.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Migration, StepName } from '../../shared/api/migrations.ts'
import { run } from '../lab/command.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import type { Inspection } from './inspection.ts'
import {
  differences,
  holdings,
  inspect,
  mountpoint,
  setAside,
  startMigration,
  untilEnded,
  untilMigration,
} from './moving.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let image: string

beforeAll(async () => {
  // Long enough for a killed process to be back, short enough to wait for.
  lab = await startLab({ hosts: 2, environment: { DRAYAGE_PATIENCE_MS: '15000', DRAYAGE_SILENCE_MS: '4000' } })
  one = lab.host('host-1')
  two = lab.host('host-2')
  image = (await loadImage(one, 'busybox')).ref
  await loadImage(two, 'busybox')
})
afterAll(() => lab?.stop())

const isUp = async (host: LabHost, name: string): Promise<boolean> =>
  inspect<Inspection>(host, name).then(
    ({ State }) => State.Running,
    () => false,
  )

const request = (container: string) => ({ container, from: 'host-1', to: 'host-2' })

// A workload that writes, when it is asked to stop, so much that the last round takes seconds on the limited link.
const begin = async (name: string): Promise<Migration> => {
  await one.docker([
    ...['run', '-d', '--name', name, '--restart', 'always', '--stop-timeout', '60', '-v', `${name}-data:/data`],
    ...[
      image,
      'sh',
      '-c',
      'trap "dd if=/dev/urandom of=/data/noise bs=1M count=60; exit 0" TERM; while :; do sleep 0.1; done',
    ],
  ])
  await lab.limitRate(one, 100)
  return startMigration(lab, request(name))
}
const reach = (id: string, step: StepName) =>
  untilMigration(lab, id, `${step} runs`, ({ steps }) =>
    steps.some(({ name, state }) => name === step && state !== 'pending'),
  )

afterEach(async () => {
  await lab.limitRate(one, undefined)
  for (const host of [one, two]) {
    const containers = (await host.docker(['ps', '-aq'])).split('\n').filter(Boolean)
    if (containers.length > 0) await host.docker(['rm', '-f', ...containers])
    for (const volume of (await host.docker(['volume', 'ls', '-q'])).split('\n').filter(Boolean)) {
      await host.docker(['volume', 'rm', volume])
    }
  }
})

const expectMoved = async (migration: Migration, name: string) => {
  expect(migration).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect([await isUp(one, name), await isUp(two, name)]).toEqual([false, true])
  expect(await differences(await setAside(one, `${name}-data`, migration), await mountpoint(two, `${name}-data`))).toBe(
    '',
  )
}

test('the coordinator is killed while the data crosses: the next one finishes the migration', async () => {
  const { id } = await begin('alpha')
  await reach(id, 'finalcopy')
  await lab.coordinator.process.kill()
  await lab.limitRate(one, undefined)
  await lab.coordinator.process.start()
  await expectMoved(await untilEnded(lab, id), 'alpha')
})

test('the target’s agent is killed while the data crosses: the migration goes on when it is back', async () => {
  const { id } = await begin('beta')
  await reach(id, 'finalcopy')
  await two.agent.kill()
  await lab.limitRate(one, undefined)
  await two.agent.start()
  await expectMoved(await untilEnded(lab, id), 'beta')
})

test('the source’s agent is killed while the data crosses: the migration goes on when it is back', async () => {
  const { id } = await begin('gamma')
  await reach(id, 'finalcopy')
  await one.agent.kill()
  await lab.limitRate(one, undefined)
  await one.agent.start()
  await expectMoved(await untilEnded(lab, id), 'gamma')
})

test('a cancel while the data crosses puts everything back', async () => {
  const before = await holdings(two)
  const { id } = await begin('delta')
  const { containers = [], ...held } = await holdings(one)
  await reach(id, 'finalcopy')
  await lab.coordinator.call('POST', `/v1/migrations/${id}/cancel`)
  const migration = await untilEnded(lab, id)
  expect(migration).toMatchObject({ state: 'cancelled', error: { code: 'DRAYAGE_CANCELLED' } })
  expect(await holdings(two)).toEqual(before)
  // The migration's own may have been there by then.
  const theirs = containers.filter((container) => !container.startsWith('drayage-'))
  expect(await holdings(one)).toEqual({ ...held, containers: theirs })
  const { State, HostConfig } = await inspect<Inspection & { HostConfig: { RestartPolicy: { Name: string } } }>(
    one,
    'delta',
  )
  expect(State.Running).toBe(true)
  expect(HostConfig.RestartPolicy.Name).toBe('always')
})

test('the container is removed before it was fenced: refused by name, its volume kept, nothing left on the target', async () => {
  const before = await holdings(two)
  // An image that takes its time on the way, so that there is a way to be removed on.
  const large = await loadImage(one, 'debian')
  await one.docker([
    'run',
    '-d',
    '--name',
    'epsilon',
    '--stop-timeout',
    '1',
    '-v',
    'epsilon-data:/data',
    large.ref,
    'sleep',
    '100000',
  ])
  await lab.limitRate(one, 100)
  const { id } = await startMigration(lab, request('epsilon'))
  await reach(id, 'image')
  await one.docker(['rm', '-f', 'epsilon'])
  await lab.limitRate(one, undefined)
  const migration = await untilEnded(lab, id)
  expect(migration).toMatchObject({ state: 'rolled-back', error: { code: 'DRAYAGE_CONTAINER_NOT_FOUND' } })
  expect((await holdings(one)).volumes).toEqual(['epsilon-data'])
  expect(await holdings(two)).toEqual(before)
})

test('an image that the source cannot export ends the migration before anything is stopped', async () => {
  const before = await holdings(two)
  const damaged = await loadImage(one, { ref: 'drayage-lab/damaged:1', base: 'busybox', files: { damaged: 'soon\n' } })
  await one.docker(['run', '-d', '--name', 'theta', '--stop-timeout', '1', damaged.ref, 'sleep', '100000'])
  // How a layer's tarball was put together is what the engine needs to put it together again.
  await run(['sh', '-c', `rm ${one.dataRoot}/image/overlay2/layerdb/sha256/*/tar-split.json.gz`])
  const { id } = await startMigration(lab, request('theta'))
  const migration = await untilEnded(lab, id)
  expect(migration).toMatchObject({
    state: 'rolled-back',
    error: { code: 'DRAYAGE_IMAGE_EXPORT_FAILED', step: 'image' },
  })
  expect(await isUp(one, 'theta')).toBe(true)
  expect(await holdings(two)).toEqual(before)
})

test('the container is removed after its data was set aside: nothing is lost, and the move is finished', async () => {
  const { id } = await begin('zeta')
  await reach(id, 'finalcopy')
  await one.docker(['rm', '-f', 'zeta'])
  await lab.limitRate(one, undefined)
  const migration = await untilEnded(lab, id)
  expect(migration).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(await isUp(two, 'zeta')).toBe(true)
  expect(await differences(await setAside(one, 'zeta-data', migration), await mountpoint(two, 'zeta-data'))).toBe('')
})

test('the container is removed after the fence and the move cancelled: its data is back in place, and another try is possible', async () => {
  const { id } = await begin('iota')
  await reach(id, 'finalcopy')
  await one.docker(['rm', '-f', 'iota'])
  await lab.coordinator.call('POST', `/v1/migrations/${id}/cancel`)
  const migration = await untilEnded(lab, id)
  expect(migration.state).toBe('cancelled')
  expect(migration.warnings.map(({ code }) => code)).toContain('source-removed')
  await one.docker([
    'run',
    '-d',
    '--name',
    'iota',
    '--stop-timeout',
    '1',
    '-v',
    'iota-data:/data',
    image,
    'sleep',
    '100000',
  ])
  expect(await one.docker(['exec', 'iota', 'stat', '-c', '%s', '/data/noise'])).toBe(String(60 * 1024 * 1024))
  await lab.limitRate(one, undefined)
  const again = await untilEnded(lab, (await startMigration(lab, request('iota'))).id)
  expect(again).toMatchObject({ state: 'awaiting-finalize', error: null })
})

test('the target is cut off while the data crosses and stays so: the source runs again, and the rest is cleaned up when it is back', async () => {
  const before = await holdings(two)
  const { id } = await begin('eta')
  await reach(id, 'finalcopy')
  await lab.cut(two)
  await untilMigration(lab, id, 'the source runs again', ({ steps }) =>
    steps.some(({ name, state }) => name === 'stop' && state === 'undone'),
  )
  expect(await isUp(one, 'eta')).toBe(true)
  await lab.mend(two)
  const migration = await untilEnded(lab, id)
  expect(migration.state).toBe('rolled-back')
  expect(await holdings(two)).toEqual(before)
})
