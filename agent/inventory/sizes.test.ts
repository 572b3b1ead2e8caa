import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { InventoryContainer__Output } from '../../shared/rpc/generated/drayage/v1/InventoryContainer.ts'
import type { InventoryVolume__Output } from '../../shared/rpc/generated/drayage/v1/InventoryVolume.ts'
import { engineFacts } from '../docker/testing/engine-facts.ts'
import { silentLog } from '../log.ts'
import type { Note } from '../state/migrations.ts'
import type { Observation } from './observer.ts'
import { createQueue, type Queue } from './queue.ts'
import { createReports } from './reports.ts'
import { createSizes, goodForMs, newGoodForMs, restTimes, settledAfterMs } from './sizes.ts'

const volume = (name: string, over: Partial<InventoryVolume__Output> = {}): InventoryVolume__Output => ({
  name,
  driver: 'local',
  mountpoint: `/volumes/${name}/_data`,
  scope: 'local',
  options: {},
  labels: {},
  createdAt: '2026-01-01T00:00:00Z',
  anonymous: false,
  ...over,
})
const user = (id: string, of: string, state: string, labels = {}): InventoryContainer__Output => ({
  id,
  name: id,
  image: 'i',
  imageId: 'i',
  state,
  createdAt: '2026-01-01T00:00:00Z',
  labels,
  mounts: [{ type: 'volume', volume: of, source: '', destination: '/data', readOnly: false }],
})
const holder = (id: string, of: string) => user(id, of, 'created', { 'dev.drayage.role': 'holder' })
const full = (volumes: InventoryVolume__Output[], containers: InventoryContainer__Output[] = []): Observation => ({
  full: true,
  engine: engineFacts,
  inventory: { containers, volumes },
})
type Change = Extract<Observation, { full: false }>['change']
const change = (over: Partial<Change>): Observation => ({
  full: false,
  change: { containers: [], volumes: [], removedContainerIds: [], removedVolumeNames: [], started: [], ...over },
})

// A disk on which each walk takes as long as the test says, by a clock that only walks and rests move.
const createDisk = () => {
  let elapsedMs = 0
  const disk = {
    bytes: new Map<string, number>(),
    // Another one for each directory that is not the one of before.
    inode: new Map<string, string>(),
    walks: [] as string[],
    rests: [] as number[],
    walkMs: 10,
    underWay: 0,
    mostUnderWay: 0,
    failing: false,
    onWalk: async (_signal: AbortSignal | undefined) => {},
    letPass: (ms: number) => {
      elapsedMs += ms
    },
    clock: {
      now: () => new Date(Date.UTC(2026, 0, 5) + elapsedMs),
      elapsedMs: () => elapsedMs,
      sleep: async (ms: number) => {
        disk.rests.push(ms)
        elapsedMs += ms
      },
    },
    volumes: {
      identify: async (root: string) => {
        if (!disk.bytes.has(root)) throw new AppError('DRAYAGE_VOLUME_NOT_FOUND', 'none')
        return disk.inode.get(root) ?? '1:1'
      },
      measure: async (root: string, { signal }: { readonly signal?: AbortSignal } = {}) => {
        disk.walks.push(root.split('/')[2] ?? '')
        disk.underWay += 1
        disk.mostUnderWay = Math.max(disk.mostUnderWay, disk.underWay)
        try {
          await disk.onWalk(signal)
          if (disk.failing) throw new AppError('DRAYAGE_VOLUME_UNREADABLE', 'rotten')
          elapsedMs += disk.walkMs
          return { entries: 1, apparentBytes: 1, diskBytes: disk.bytes.get(root) ?? 0, devices: 0, devicePaths: [] }
        } finally {
          disk.underWay -= 1
        }
      },
    },
    put: (name: string, bytes: number) => void disk.bytes.set(`/volumes/${name}/_data`, bytes),
  }
  return disk
}

let disk: ReturnType<typeof createDisk>
let stop: AbortController
let queues: Queue<Observation>[]
let notes: Note[]
let looksAtNotes: number
const tasks: Promise<unknown>[] = []
beforeEach(() => {
  disk = createDisk()
  stop = new AbortController()
  queues = []
  notes = []
  looksAtNotes = 0
})
afterEach(async () => {
  stop.abort()
  await Promise.all(tasks.splice(0))
})

const observer = {
  follow: (signal: AbortSignal) => {
    const queue = createQueue<Observation>()
    queues.push(queue)
    return queue.drain(signal)
  },
}
const see = (observation: Observation) => {
  for (const queue of queues) queue.push(observation)
}
const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), { timeout: 10_000 })

const allNotes = () => {
  looksAtNotes += 1
  return notes
}

const start = () => {
  const sizes = createSizes({
    observer,
    volumes: disk.volumes,
    paths: { here: (path) => path, sees: () => true },
    state: { migrations: { all: allNotes } },
    log: silentLog,
    clock: disk.clock,
    lookEveryMs: 5,
  })
  tasks.push(sizes.run(stop.signal))
  const told: string[][] = []
  sizes.onMeasured((names) => void told.push([...names]))
  return { sizes, told }
}
// Everything seen has been gone through when a volume that came last has been measured.
let markers = 0
const settle = async (observation: (marker: InventoryVolume__Output) => Observation) => {
  const name = `marker-${markers++}`
  disk.put(name, 1)
  see(observation(volume(name)))
  await until(() => disk.walks.includes(name) && disk.underWay === 0)
  return disk.walks.filter((walked) => !walked.startsWith('marker'))
}

test('each volume is walked once, one at a time, with a rest several times as long after it', async () => {
  for (const name of ['a', 'b', 'c']) disk.put(name, 4096)
  disk.walkMs = 30
  const { sizes, told } = start()
  expect(sizes.of(volume('a'))).toBeNull()
  see(full([volume('a'), volume('b'), volume('c')]))
  await until(() => told.flat().length === 3)
  // The first at once, the others together.
  expect(told).toEqual([['a'], ['b', 'c']])
  expect(disk.walks).toEqual(['a', 'b', 'c'])
  expect(disk.mostUnderWay).toBe(1)
  expect(disk.rests).toEqual([30 * restTimes, 30 * restTimes, 30 * restTimes])
  expect(sizes.of(volume('a'))).toEqual({ sizeBytes: 4096, sizeMeasuredAt: '2026-01-05T00:00:00.000Z' })
})

test('an empty volume is measured as 0, and one that this agent cannot see stays unknown', async () => {
  disk.put('empty', 0)
  disk.put('nfs', 1)
  disk.put('plugin', 1)
  const { sizes } = start()
  const nfs = volume('nfs', { options: { type: 'nfs' } })
  const plugin = volume('plugin', { driver: 'rclone' })
  await settle((marker) => full([volume('empty'), volume('hidden'), nfs, plugin, marker]))
  expect(sizes.of(volume('empty'))?.sizeBytes).toBe(0)
  expect([volume('hidden'), nfs, plugin].map(sizes.of)).toEqual([null, null, null])
})

test('a volume is measured again after an hour, and no sooner, whatever is seen of it', async () => {
  disk.put('data', 1)
  start()
  const seen = (marker: InventoryVolume__Output) => full([volume('data'), marker])
  expect(await settle(seen)).toEqual(['data'])
  disk.letPass(goodForMs / 2)
  expect(await settle(seen)).toEqual(['data'])
  disk.letPass(goodForMs / 2)
  expect(await settle(seen)).toEqual(['data', 'data'])
})

test('a new volume, which is filled soon after it was made, is measured again sooner', async () => {
  disk.put('data', 1)
  start()
  const made = volume('data', { createdAt: '2026-01-05T00:00:00Z' })
  const walksAfter = async (ms: number) => {
    disk.letPass(ms)
    return (await settle((marker) => full([made, marker]))).length
  }
  expect(await walksAfter(0)).toBe(1)
  expect(await walksAfter(newGoodForMs - 1_000)).toBe(1)
  expect(await walksAfter(1_000)).toBe(2)
  expect(await walksAfter(30 * 60_000)).toBe(3)
  expect(await walksAfter(30 * 60_000)).toBe(3)
  expect(await walksAfter(10 * goodForMs)).toBe(4)
  expect(await walksAfter(goodForMs - 1_000)).toBe(4)
  expect(await walksAfter(1_000)).toBe(5)
})

test('it is measured again when its users changed state, but not over and over, and not for a holder', async () => {
  disk.put('data', 1)
  start()
  const users = (...containers: InventoryContainer__Output[]) =>
    settle((marker) => full([volume('data'), marker], containers))
  expect(await users(user('c1', 'data', 'running'))).toHaveLength(1)
  expect(await users(user('c1', 'data', 'exited'))).toHaveLength(1)
  disk.letPass(settledAfterMs)
  expect(await users(user('c1', 'data', 'exited'))).toHaveLength(2)
  disk.letPass(settledAfterMs)
  expect(await users(user('c1', 'data', 'exited'), holder('h', 'data'))).toHaveLength(2)
})

test('nothing is measured while a migration is noted, and a walk under way gives way to it', async () => {
  disk.put('data', 1)
  const { sizes } = start()
  const noted = { role: 'target' } as Note
  let cancelled = false
  disk.onWalk = (signal) => {
    notes = [noted]
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        cancelled = true
        reject(new AppError('DRAYAGE_CANCELLED', 'cancelled'))
      })
    })
  }
  see(full([volume('data')]))
  await until(() => cancelled)
  expect(sizes.of(volume('data'))).toBeNull()
  await until(() => disk.underWay === 0)
  disk.onWalk = async () => {}
  const [walks, looks] = [disk.walks.length, looksAtNotes]
  see(full([volume('data')]))
  await until(() => looksAtNotes > looks + 3)
  expect(disk.walks).toHaveLength(walks)
  // Its end alone is enough: nothing has to happen in the engine.
  notes = []
  await until(() => disk.walks.length > walks)
  await until(() => sizes.of(volume('data'))?.sizeBytes === 1)
  expect(disk.walks).toHaveLength(walks + 1)
})

test('the size of a volume is not taken for that of another of its name', async () => {
  disk.put('data', 7)
  const { sizes } = start()
  await settle((marker) => full([volume('data'), marker]))
  expect(sizes.of(volume('data'))?.sizeBytes).toBe(7)
  // Made anew; not measured yet.
  expect(sizes.of(volume('data', { createdAt: '2026-01-05T08:00:00Z' }))).toBeNull()

  // Another directory under the same name and time: found with the next full look.
  disk.put('data', 8)
  disk.inode.set('/volumes/data/_data', '1:2')
  await settle((marker) => full([volume('data'), marker]))
  expect(sizes.of(volume('data'))?.sizeBytes).toBe(8)

  // An event of it says that it was made, whatever its time.
  disk.put('data', 9)
  expect((await settle((marker) => change({ volumes: [volume('data'), marker] }))).length).toBe(3)
  expect(sizes.of(volume('data'))?.sizeBytes).toBe(9)

  await settle((marker) => change({ removedVolumeNames: ['data'], volumes: [marker] }))
  expect(sizes.of(volume('data'))).toBeNull()
})

test('a volume that was replaced while it was walked has no size yet', async () => {
  disk.put('data', 7)
  const { sizes } = start()
  disk.onWalk = async () => {
    disk.inode.set('/volumes/data/_data', '1:3')
    disk.onWalk = async () => {}
  }
  await settle((marker) => full([volume('data'), marker]))
  expect(sizes.of(volume('data'))).toBeNull()
  await settle((marker) => full([volume('data'), marker]))
  expect(sizes.of(volume('data'))?.sizeBytes).toBe(7)
})

test('a volume that cannot be read stays unknown, and is not tried over and over', async () => {
  disk.put('data', 7)
  disk.failing = true
  const { sizes } = start()
  const seen = (marker: InventoryVolume__Output) => full([volume('data'), marker])
  await settle(seen)
  expect(await settle(seen)).toEqual(['data'])
  disk.failing = false
  disk.letPass(goodForMs)
  expect(await settle(seen)).toEqual(['data', 'data'])
  expect(sizes.of(volume('data'))?.sizeBytes).toBe(7)
})

const report = () => {
  const { sizes, told } = start()
  const reports: Observation[] = []
  const follow = async () => {
    for await (const one of createReports({ observer, sizes }).follow(stop.signal)) reports.push(one)
  }
  tasks.push(follow())
  return { reports, told }
}
const volumesIn = (observation: Observation | undefined) =>
  observation?.full ? observation.inventory.volumes : (observation?.change.volumes ?? [])

test('a report waits for no size; each is told as soon as it is known, and with every full report after that', async () => {
  disk.put('data', 4096)
  const gate = Promise.withResolvers<void>()
  disk.onWalk = () => gate.promise
  const { reports } = report()
  see(full([volume('data')]))
  await until(() => reports.length === 1 && disk.underWay === 1)
  expect(volumesIn(reports[0])).toEqual([volume('data')])
  gate.resolve()
  await until(() => reports.length === 2)
  const size = { sizeBytes: 4096, sizeMeasuredAt: '2026-01-05T00:00:00.000Z' }
  expect(reports[1]).toEqual(change({ volumes: [{ ...volume('data'), ...size }] }))
  see(full([volume('data')]))
  await until(() => reports.length === 3)
  expect(volumesIn(reports[2])).toEqual([{ ...volume('data'), ...size }])
})

test('a size brings no volume back that was told to be gone', async () => {
  disk.put('gone', 1)
  disk.put('there', 1)
  const gate = Promise.withResolvers<void>()
  disk.onWalk = () => gate.promise
  const { reports } = report()
  const [measuring] = queues
  see(full([volume('gone'), volume('there')]))
  await until(() => reports.length === 1 && disk.underWay === 1)
  // The coordinator is told before the one who measures hears of it.
  for (const queue of queues) if (queue !== measuring) queue.push(change({ removedVolumeNames: ['gone'] }))
  await until(() => reports.length === 2)
  gate.resolve()
  await until(() => reports.length === 3)
  expect(volumesIn(reports[2]).map(({ name }) => name)).toEqual(['there'])
})

test('holders are not reported, neither with everything nor as a change', async () => {
  const { reports } = report()
  see(full([volume('data')], [user('c1', 'data', 'running'), holder('h1', 'data')]))
  see(change({ containers: [holder('h2', 'data'), user('c2', 'data', 'exited')] }))
  await until(() => reports.length >= 2)
  const ids = reports.flatMap((one) => (one.full ? one.inventory : one.change).containers.map(({ id }) => id))
  expect(ids).toEqual(['c1', 'c2'])
})
