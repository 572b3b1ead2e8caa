import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { InventoryContainer__Output } from '../../shared/rpc/generated/drayage/v1/InventoryContainer.ts'
import type { ContainerState, InventoryChange } from '../docker/engine.ts'
import { engineFacts } from '../docker/testing/engine-facts.ts'
import { createRefusals } from '../link/refusals.ts'
import { silentLog } from '../log.ts'
import { openState, type State } from '../state/state.ts'
import { createGuard } from './guard.ts'
import { createObserver, type Observation } from './observer.ts'
import { createQueue, type Queue } from './queue.ts'

const container = (id: string, state = 'running'): InventoryContainer__Output => ({
  id,
  name: id,
  image: 'i',
  imageId: 'i',
  state,
  createdAt: '2026-01-01T00:00:00Z',
  labels: {},
  mounts: [],
})
const change = (more: Partial<InventoryChange> = {}): InventoryChange => ({
  containers: [],
  volumes: [],
  removedContainerIds: [],
  removedVolumeNames: [],
  started: [],
  ...more,
})

// An engine that has what the test says, and tells of what the test says.
const createFakeEngine = () => {
  const containers: InventoryContainer__Output[] = []
  let stream: Queue<InventoryChange | 'broken'> | null = null
  const fake = {
    containers,
    looks: 0,
    sessions: 0,
    away: false,
    lookGate: Promise.resolve(),
    stopped: [] as string[],
    failStops: 0,
    tell: (told: InventoryChange | 'broken') => stream?.push(told),
    engine: {
      facts: async () => engineFacts,
      inventory: async () => {
        if (fake.away) throw new AppError('DRAYAGE_ENGINE_UNREACHABLE', 'away')
        fake.looks += 1
        const seen = [...containers]
        await fake.lookGate
        return { containers: seen, volumes: [] }
      },
      watch: async function* (signal: AbortSignal) {
        if (fake.away) throw new AppError('DRAYAGE_ENGINE_UNREACHABLE', 'away')
        fake.sessions += 1
        const mine = createQueue<InventoryChange | 'broken'>()
        stream = mine
        yield change()
        for await (const told of mine.drain(signal)) {
          if (told === 'broken') throw new AppError('DRAYAGE_ENGINE_UNREACHABLE', 'the stream broke')
          yield told
        }
      },
      stop: async (id: string) => {
        fake.stopped.push(id)
        if (fake.failStops > 0) {
          fake.failStops -= 1
          throw new AppError('DRAYAGE_TIMEOUT', 'slow')
        }
      },
      container: async (id: string): Promise<ContainerState> => ({
        ...{ id, name: id, status: 'running', running: true, restarting: false, exitCode: 0, labels: {}, error: '' },
        ...{ startedAt: '2026-01-01T00:00:00Z', finishedAt: '', restartCount: 0, oomKilled: false },
        ...{ restartPolicy: { Name: 'no', MaximumRetryCount: 0 }, health: 'none', healthLog: '' },
      }),
    },
  }
  return fake
}

let fake: ReturnType<typeof createFakeEngine>
let stop: AbortController
let dir: string
let state: State
const tasks: Promise<unknown>[] = []
beforeEach(async () => {
  fake = createFakeEngine()
  stop = new AbortController()
  dir = await mkdtemp(join(tmpdir(), 'drayage-inventory-'))
  state = await openState(dir)
})
afterEach(async () => {
  stop.abort()
  await Promise.all(tasks.splice(0))
  await rm(dir, { recursive: true, force: true })
})

const observe = (fullEveryMs?: number) => {
  const observer = createObserver({
    engine: fake.engine,
    dockerHost: 'unix:///x',
    log: silentLog,
    ...(fullEveryMs === undefined ? {} : { fullEveryMs }),
  })
  const seen: Observation[] = []
  const follow = async () => {
    for await (const observation of observer.follow(stop.signal)) seen.push(observation)
  }
  tasks.push(follow(), observer.run(stop.signal))
  return { observer, seen }
}
const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), { timeout: 10_000 })

test('one who follows is told everything first, and then each change', async () => {
  fake.containers.push(container('a'))
  const { seen, observer } = observe()
  await until(() => seen.length >= 1 && fake.sessions === 1)
  expect(seen[0]).toEqual({ full: true, engine: engineFacts, inventory: { containers: [container('a')], volumes: [] } })
  expect(observer.facts()).toEqual(engineFacts)
  fake.tell(change({ containers: [container('b')], started: ['b'] }))
  await until(() => seen.some((one) => !one.full && one.change.started.includes('b')))
})

test('a change that comes while everything is looked at is told after it, and is not lost', async () => {
  const gate = Promise.withResolvers<void>()
  fake.lookGate = gate.promise
  const { seen } = observe()
  await until(() => fake.looks === 1)
  fake.tell(change({ removedContainerIds: ['late'] }))
  gate.resolve()
  await until(() => seen.some((one) => !one.full && one.change.removedContainerIds.includes('late')))
  const at = seen.findIndex((one) => !one.full && one.change.removedContainerIds.includes('late'))
  expect(seen.slice(0, at).some(({ full }) => full)).toBe(true)
})

test('when the stream breaks everything is looked at again; while the engine is away nothing is said to be gone', async () => {
  fake.containers.push(container('a'))
  const { seen, observer } = observe()
  await until(() => seen.length >= 1 && fake.sessions === 1)
  fake.away = true
  fake.tell('broken')
  await until(() => !observer.engineReachable())
  const told = seen.length
  fake.containers.push(container('b'))
  fake.away = false
  await until(() => observer.engineReachable() && seen.length > told)
  const next = seen.slice(told).find(({ full }) => full)
  expect(next).toMatchObject({ inventory: { containers: [{ id: 'a' }, { id: 'b' }] } })
  expect(seen.every((one) => !one.full || one.inventory.containers.length > 0)).toBe(true)
})

test('everything is looked at now and then, whatever the events said', async () => {
  const { seen } = observe(20)
  await until(() => seen.filter(({ full }) => full).length >= 3)
})

test('a full observation supersedes what a slow reader had not read yet', async () => {
  const queue = createQueue<number>()
  queue.push(1)
  queue.push(2)
  queue.replace(3)
  queue.push(4)
  const read: number[] = []
  for await (const item of queue.drain(stop.signal)) {
    read.push(item)
    if (item === 4) break
  }
  expect(read).toEqual([3, 4])
})

const retire = (containerId: string) =>
  state.retired.add({
    workloadId: 'w',
    migrationId: 'm',
    epoch: 1,
    containerId,
    containerName: 'web',
    movedTo: 'host-2',
    retiredAt: '2026-01-01T00:00:00Z',
    volumes: [],
    renamedTo: '',
    restartPolicyJson: '',
  })
const guarded = () => {
  const { observer } = observe()
  tasks.push(
    createGuard({
      engine: fake.engine,
      state,
      observer,
      refusals: createRefusals(() => new Date()),
      log: silentLog,
    }).run(stop.signal),
  )
}

test('a retired container that runs is stopped, whether it was running all along or is started; others are left alone', async () => {
  await retire('gone')
  await retire('later')
  fake.containers.push(container('gone'), container('other'), container('later', 'exited'))
  guarded()
  await until(() => fake.stopped.includes('gone'))
  fake.tell(change({ started: ['other', 'later'] }))
  await until(() => fake.stopped.includes('later'))
  expect(fake.stopped).not.toContain('other')
})

test('a stop that fails is tried again until it has been done', async () => {
  await retire('gone')
  fake.failStops = 1
  fake.containers.push(container('gone'))
  guarded()
  await until(() => fake.stopped.length >= 2)
})
