// The target's steps against an engine that is a few facts: who may start it, who may throw it away, and what is on the
// disk when the engine is asked.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import { noRules } from '../authority/rules.ts'
import { labelsOf } from '../docker/api/labels.ts'
import { type ContainerState, createEngine, type Engine, type Made } from '../docker/engine.ts'
import { createEnginePaths } from '../engine-paths.ts'
import { silentLog } from '../log.ts'
import type { SourceNote, TargetNote } from '../state/migrations.ts'
import { openState } from '../state/state.ts'
import { createPuller, type Pull } from '../transfer/pull.ts'
import type { VolumeEngine } from '../volume/engine.ts'
import { claimsOn, confirmTarget, requireUnused } from './confirm.ts'
import type { AgentContext } from './context.ts'
import { forgetMigration, grantEpoch } from './grant.ts'
import { discardTarget, prepareTarget } from './hold.ts'
import { receiveImage } from './image.ts'
import { startTarget } from './start.ts'

const lease = { migrationId: 'm-1', workloadId: 'w-1', epoch: 1 }
const note: TargetNote = {
  ...{ role: 'target', ...lease, peerHost: 'host-1' },
  ...{ imageBrought: null, confirmed: false, startAsked: false, started: null },
}
const never = '0001-01-01T00:00:00Z'
const created: ContainerState = {
  ...{ id: 't-1', name: 'web', status: 'created', running: false, restarting: false, exitCode: 0, error: '' },
  ...{ startedAt: never, finishedAt: never, restartCount: 0, oomKilled: false, health: 'none', healthLog: '' },
  ...{ labels: labelsOf('m-1'), restartPolicy: { Name: 'no', MaximumRetryCount: 0 } },
}
const patient = new AbortController().signal
const tls = { authority: '', certificate: '', key: '' }
const changed = { code: 'DRAYAGE_TARGET_CHANGED' }

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-target-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const contextWith = async (engine: Partial<Engine>): Promise<AgentContext> => ({
  ...{ engine: { ...createEngine({ dockerHost: 'unix:///nowhere' }), ...engine }, state: await openState(dir) },
  ...{ volumes: {} as VolumeEngine, paths: createEnginePaths(undefined), puller: createPuller({ tls }), tls },
  ...{ rules: noRules, dataDir: dir, log: silentLog, now: () => new Date('2026-01-01T00:00:00Z') },
})
const noted = async (more: Partial<TargetNote> = {}) => {
  await (await openState(dir)).migrations.put({ ...note, ...more })
}
const onDisk = async () => (await openState(dir)).migrations.find('m-1')

const startable = (found: Partial<ContainerState> = {}) => {
  const told: unknown[] = []
  let state: ContainerState = { ...created, ...found }
  const engine: Partial<Engine> = {
    container: async () => state,
    stop: async () => {
      told.push('stop')
      state = { ...state, status: 'exited', running: false, exitCode: 143 }
    },
    start: async () => {
      told.push(await onDisk())
      state = { ...state, status: 'running', running: true, exitCode: 0, startedAt: '2026-01-01T00:00:07Z' }
    },
  }
  const start = async () =>
    startTarget(await contextWith(engine), { containerId: 't-1', settleMs: 1, healthTimeoutMs: 1 }, lease, patient)
  return { told, start }
}
const somebodys = { status: 'running', running: true, startedAt: '2026-01-01T00:00:03Z' }

test('that it may start is on the disk before the engine is asked to start it, and stays there', async () => {
  await noted()
  const { told, start } = startable()
  expect(await start()).toMatchObject({ verdict: 'settled' })
  expect(told).toEqual([{ ...note, startAsked: true }])
  expect(await onDisk()).toMatchObject({ startAsked: true, started: { verdict: 'settled' } })
})

test.each([
  ['runs', somebodys],
  ['has ended', { ...somebodys, status: 'exited', running: false }],
])('a target that %s and that nobody here asked to start is not taken for ours', async (_, found) => {
  await noted()
  const { told, start } = startable(found)
  await expect(start()).rejects.toMatchObject(changed)
  expect(told).toEqual([])
  expect(await onDisk()).toEqual(note)
})

test('one that was started after all had been confirmed is stopped, and started as ours', async () => {
  await noted({ confirmed: true })
  const { told, start } = startable(somebodys)
  expect(await start()).toEqual({ verdict: 'settled', startedAt: '2026-01-01T00:00:07Z' })
  expect(told).toEqual(['stop', expect.objectContaining({ startAsked: true })])
})

test('one whose start was asked for before the agent died is judged by what it does, and not started again', async () => {
  await noted({ startAsked: true })
  const { told, start } = startable(somebodys)
  expect(await start()).toEqual({ verdict: 'settled', startedAt: somebodys.startedAt })
  expect(told).toEqual([])
})

const confirmed = (free: { bytes: number; inodes: number }) => async (found: string[]) => {
  const facts = { dataRoot: '/var/lib/docker' } as Awaited<ReturnType<Engine['facts']>>
  const context = await contextWith({ changesOfTarget: async () => [...found], facts: async () => facts })
  return confirmTarget({ ...context, volumes: { ...context.volumes, freeSpace: async () => free } }, 't-1', lease)
}

test('a target whose disk others have filled is not confirmed, and the source not given up for it', async () => {
  await noted()
  for (const free of [
    { bytes: 0, inodes: 1_000 },
    { bytes: 2 ** 30, inodes: 0 },
  ]) {
    await expect(confirmed(free)([])).rejects.toMatchObject({ code: 'DRAYAGE_TARGET_FULL' })
  }
  expect(await onDisk()).toEqual(note)
})

test('what is confirmed is noted; what is not as it was made is refused with every reason', async () => {
  await noted()
  const reasons = ['its volume data is not there any more', 'its network shop is not there any more']
  const confirm = confirmed({ bytes: 2 ** 30, inodes: 1_000 })
  await expect(confirm(reasons)).rejects.toMatchObject({
    ...changed,
    message: expect.stringContaining(reasons.join('; ')),
    details: { reasons: reasons.map((message) => ({ ...changed, message })) },
  })
  expect(await onDisk()).toEqual(note)
  await confirm([])
  expect(await onDisk()).toEqual({ ...note, confirmed: true })
  await confirm([])
  await noted({ startAsked: true })
  await expect(confirm([])).rejects.toMatchObject(changed)
})

test('nothing is written under a target that somebody uses', async () => {
  const used = await contextWith({ useOfTarget: async () => ['its container web was started by somebody'] })
  await expect(requireUnused(used, note, lease)).rejects.toMatchObject(changed)
  await requireUnused(await contextWith({ useOfTarget: async () => [] }), note, lease)
})

const names = fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 })
test('what a migration made is thrown away only while its note says that nobody was to start it, and nobody has', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        containers: fc.array(fc.record({ id: fc.constant('t'), name: fc.constant('web'), hasRun: fc.boolean() }), {
          maxLength: 2,
        }),
        volumes: names,
        networks: names,
      }),
      fc.constantFrom('none', 'prepared', 'confirmed', 'asked'),
      async (made: Made, is) => {
        const state = await openState(dir)
        if (is === 'none') await state.migrations.forget('m-1')
        else await noted({ confirmed: is !== 'prepared', startAsked: is === 'asked' })
        const discarded: string[] = []
        const engine = { madeBy: async () => made, discard: async (id: string) => void discarded.push(id) }
        const answer = discardTarget(await contextWith(engine), lease).then(
          () => 'done',
          (thrown: unknown) => (thrown instanceof AppError ? thrown.code : thrown),
        )
        const anything = made.containers.length + made.volumes.length + made.networks.length > 0
        const live = is === 'none' || is === 'asked' || made.containers.some(({ hasRun }) => hasRun)
        expect(await answer).toBe(anything && live ? 'DRAYAGE_TARGET_CHANGED' : 'done')
        if (anything && live) expect(discarded).toEqual([])
      },
    ),
    { numRuns: 100 },
  )
})

test('why it is kept is said, all of it', () => {
  const made = { containers: [{ id: 't', name: 'web', hasRun: true }], volumes: ['data'], networks: [] }
  expect(claimsOn(made, null)).toHaveLength(2)
  expect(claimsOn(made, { ...note, startAsked: true }).join()).toMatch(/asked to start.*web has run/)
})

test('a cancelled ReceiveImage keeps its turn until the engine has said what came of the image', async () => {
  await noted()
  const loading = Promise.withResolvers<string>()
  let pullEnded = false
  const pull: Pull = {
    pieces: (async function* () {})(),
    unpackedBytes: () => 0,
    bytes: () => 7,
    failure: () => null,
    close: () => {
      pullEnded = true
    },
  }
  const context = await contextWith({
    findImage: async () => null,
    heldLayers: async () => 0,
    loadImage: () => loading.promise,
  })
  const image = {
    ...{ id: 'sha256:1', reference: 'web:1', tags: [], layers: [], os: 'linux', architecture: 'amd64' },
    ...{ sizeBytes: 1, configuration: '', digests: [] },
  }
  const peer = { host: 'host-1', address: '127.0.0.1:1' }
  const messages = receiveImage(
    { ...context, puller: { ...context.puller, image: () => pull } },
    { image, source: peer, bytesPerSecond: 0, ticket: null, isLayer: false, pull: false },
    lease,
    patient,
  )
  expect(await messages.next()).toEqual({ done: false, value: { bytes: 7 } })
  let over = false
  const returned = messages.return(undefined).then(() => {
    over = true
  })
  // All that can run without the engine's answer has run when a timer fires.
  await new Promise((resolve) => setImmediate(resolve))
  expect([pullEnded, over]).toEqual([true, false])
  loading.resolve('sha256:here')
  await returned
  expect(await onDisk()).toMatchObject({ imageBrought: { imageId: null } })
})

test('an image that the engine does not take without the layers that are here is asked for whole, once', async () => {
  await noted()
  const asked: number[] = []
  let takes = false
  const context = await contextWith({
    findImage: async () => null,
    heldLayers: async () => 1,
    loadImage: async () => {
      if (takes) return 'sha256:here'
      takes = true
      throw new AppError('DRAYAGE_IMAGE_MISMATCH', 'a layer is not here any more')
    },
  })
  const pull: Pull = {
    ...{ pieces: (async function* () {})(), unpackedBytes: () => 0, bytes: () => 7 },
    ...{ failure: () => null, close: () => {} },
  }
  const image = {
    ...{ id: 'sha256:1', reference: 'web:1', tags: [], layers: ['sha256:a', 'sha256:b'], os: 'linux' },
    ...{ architecture: 'amd64', sizeBytes: 1, configuration: '', digests: [] },
  }
  const puller: AgentContext['puller'] = {
    ...context.puller,
    image: (_, { heldLayers = 0 }) => {
      asked.push(heldLayers)
      return pull
    },
  }
  const request = { image, source: { host: 'host-1', address: '127.0.0.1:1' }, bytesPerSecond: 0, ticket: null }
  let last: unknown
  for await (const message of receiveImage(
    { ...context, puller },
    { ...request, isLayer: false, pull: false },
    lease,
    patient,
  )) {
    last = message
  }
  expect(asked).toEqual([1, 0])
  expect(last).toMatchObject({ done: { imageId: 'sha256:here', loaded: true } })
})

const sourceNote = (more: Partial<SourceNote>): SourceNote => ({
  ...{ role: 'source', migrationId: 'old', workloadId: 'w-old', epoch: 7, peerHost: 'host-2', containerId: 'c-1' },
  ...{ containerName: 'web', imageId: '', imageReferences: [], volumes: [] },
  ...{ fenced: null, stopped: null, isolated: null, ...more },
})
const grantSource = async () => {
  const context = await contextWith({
    describe: async () => {
      throw new AppError('DRAYAGE_CONTAINER_NOT_FOUND', 'this far and no further')
    },
  })
  const request = { role: 'source', peerHost: 'host-2', containerId: 'c-1' }
  await grantEpoch(context, request, lease).catch((thrown: unknown) => {
    if (!(thrown instanceof AppError) || thrown.code !== 'DRAYAGE_CONTAINER_NOT_FOUND') throw thrown
  })
  return context.state.migrations.all().map(({ migrationId }) => migrationId)
}

test('a grant finds what an older migration of the same container left, under whichever workload', async () => {
  const { migrations } = await openState(dir)
  await migrations.put(sourceNote({ migrationId: 'old-1' }))
  await migrations.put(sourceNote({ migrationId: 'other', containerId: 'c-2' }))
  expect(await grantSource()).toEqual(['other'])
  const fenced = { policy: { Name: 'always', MaximumRetryCount: 0 }, wasRunning: true } as const
  await migrations.put(sourceNote({ migrationId: 'old-2', fenced }))
  await expect(grantSource()).rejects.toMatchObject({ code: 'DRAYAGE_FENCE_CONFLICT' })
  expect((await openState(dir)).migrations.find('old-2')).not.toBeNull()
})

test('a migration that this host never knew is forgotten', async () => {
  expect(await forgetMigration(await contextWith({}), '', lease)).toEqual({})
})

test.each([
  ['a bind mount of it', { Binds: ['STATE/..:/x'] }, {}],
  ['a volume that is a view of it', {}, { type: 'none', o: 'bind', device: 'STATE/identity' }],
])('nothing is made of a container that would get at the agent’s key by %s, whatever was chosen', async (_, by, of) => {
  const here = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('STATE', dir))
  await noted()
  let prepared = 0
  const context = await contextWith({
    mountsOf: async () => null,
    prepare: async () => {
      prepared += 1
      return { containerId: 't-1', warnings: [], createdNetworks: [], createdVolumes: [] }
    },
  })
  const spec = {
    ...{ version: 1, config: { Image: 'web' }, hostConfig: here({ NetworkMode: 'bridge', ...by }) },
    ...{ primaryNetwork: 'bridge', endpoints: {}, macAddress: '', imageConfiguration: '', defaultRuntime: 'runc' },
  }
  const workload = {
    ...{ name: 'web', containerId: 'c', specJson: JSON.stringify(spec), binds: [], ports: [], image: null },
    volumes: [{ name: 'state', driver: 'local', options: here(of) }],
  } as unknown as Workload__Output
  const request = {
    ...{ workload, imageId: 'i', overwriteChanged: false, allowedPowers: [], choices: null, layer: null, prepared: [] },
  }
  await expect(prepareTarget(context, request, lease)).rejects.toMatchObject({ code: 'DRAYAGE_BIND_MOUNT' })
  expect(prepared).toBe(0)
})
