import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { InventoryContainer__Output } from '../../shared/rpc/generated/drayage/v1/InventoryContainer.ts'
import type { InventoryVolume__Output } from '../../shared/rpc/generated/drayage/v1/InventoryVolume.ts'
import { createHostStore } from './hosts.ts'
import { createInventoryStore, type InventoryStore } from './inventory.ts'
import type { Report } from './inventory-report.ts'
import { openTemporaryDatabase, type TemporaryDatabase } from './testing/temporary-database.ts'

let temporary: TemporaryDatabase
let inventory: InventoryStore
beforeEach(async () => {
  temporary = await openTemporaryDatabase()
  inventory = createInventoryStore(temporary.db)
  await createHostStore(temporary.db).add('host-1', at(0))
  await createHostStore(temporary.db).add('host-2', at(0))
})
afterEach(() => temporary.remove())

const at = (minute: number) => new Date(Date.UTC(2026, 0, 5, 8, minute))
const time = (minute: number) => at(minute).toISOString()

const volume = (name: string, over: Partial<InventoryVolume__Output> = {}): InventoryVolume__Output => ({
  name,
  driver: 'local',
  mountpoint: `/var/lib/docker/volumes/${name}/_data`,
  scope: 'local',
  options: {},
  labels: {},
  createdAt: '2026-01-01T00:00:00Z',
  anonymous: false,
  ...over,
})

const container = (
  id: string,
  volumes: readonly string[],
  over: Partial<InventoryContainer__Output> = {},
): InventoryContainer__Output => ({
  id,
  name: `name-of-${id}`,
  image: 'postgres:17',
  imageId: 'sha256:1',
  state: 'running',
  createdAt: '2026-01-02T00:00:00.000000001Z',
  labels: { app: 'shop' },
  mounts: volumes.map((name) => ({
    type: 'volume',
    volume: name,
    source: `/var/lib/docker/volumes/${name}/_data`,
    destination: `/${name}`,
    readOnly: false,
  })),
  ...over,
})

const full = (containers: InventoryContainer__Output[], volumes: InventoryVolume__Output[]): Report => ({
  full: true,
  containers,
  volumes,
  removedContainerIds: [],
  removedVolumeNames: [],
  engine: null,
})
const change = (over: Partial<Report>): Report => ({ ...full([], []), full: false, ...over })

test('what is of a Compose project is found by its label on every host, what is gone included', async () => {
  const labels = { 'com.docker.compose.project': 'blog' }
  const [web, db] = [container('web', ['pages'], { labels }), container('db', [], { labels })]
  const other = container('other', [], { labels: { 'com.docker.compose.project': 'blog"x' } })
  await inventory.record('host-1', full([web, db, other], [volume('pages', { labels }), volume('data')]), at(1))
  await inventory.record('host-1', full([web, other], [volume('pages', { labels }), volume('data')]), at(2))
  await inventory.record('host-2', full([container('lamp', [], { labels }), container('none', [])], []), at(2))
  const project = 'blog'
  expect((await inventory.containers({ project, gone: 'true' })).map(({ id }) => id).toSorted()).toEqual([
    ...['db', 'lamp', 'web'],
  ])
  expect(await inventory.containers({ project, host: 'host-1' })).toMatchObject([
    { id: 'web', mounts: [{ volume: 'pages' }] },
  ])
  expect(await inventory.volumes({ project })).toMatchObject([{ name: 'pages', users: [{ containerId: 'web' }] }])
  expect((await inventory.containers({ project: 'blog"x' })).map(({ id }) => id)).toEqual(['other'])
})

describe('a full report', () => {
  test('is everything the host has: what is missing from it is gone, and kept', async () => {
    await inventory.record('host-1', full([container('c1', ['data'])], [volume('data')]), at(1))
    await inventory.record('host-1', full([], []), at(2))
    expect(await inventory.containers({})).toEqual([])
    expect(await inventory.volumes({})).toEqual([])
    const [gone] = await inventory.volumes({ gone: 'true' })
    expect(gone).toMatchObject({ name: 'data', firstSeen: time(1), lastSeen: time(1), goneAt: time(2) })
  })

  test('says nothing of other hosts', async () => {
    await inventory.record('host-1', full([container('c1', ['data'])], [volume('data')]), at(1))
    await inventory.record('host-2', full([], []), at(2))
    expect(await inventory.containers({ host: 'host-1' })).toHaveLength(1)
    expect(await inventory.volumes({ host: 'host-2', gone: 'true' })).toEqual([])
  })

  test('taken in twice changes nothing but when things were last seen', async () => {
    const report = full([container('c1', ['data'])], [volume('data', { sizeBytes: 7 })])
    await inventory.record('host-1', report, at(1))
    const [containers, volumes] = [await inventory.containers({}), await inventory.volumes({})]
    await inventory.record('host-1', report, at(2))
    expect(await inventory.containers({})).toEqual(containers.map((one) => ({ ...one, lastSeen: time(2) })))
    expect(await inventory.volumes({})).toEqual(
      volumes.map((one) => ({
        ...one,
        lastSeen: time(2),
        users: one.users.map((user) => ({ ...user, lastSeen: time(2) })),
      })),
    )
  })
})

describe('the history of a volume', () => {
  test('names who used it last, when that container has been removed', async () => {
    const data = [volume('data')]
    await inventory.record('host-1', full([container('c1', ['data'])], data), at(1))
    await inventory.record('host-1', full([container('c2', ['data'], { createdAt: time(1) })], data), at(2))
    await inventory.record('host-1', change({ removedContainerIds: ['c2'] }), at(3))
    const [found] = await inventory.volumes({ name: 'data' })
    expect(found?.goneAt).toBeNull()
    expect(found?.users.map(({ containerId, goneAt }) => [containerId, goneAt])).toEqual([
      ['c2', time(3)],
      ['c1', time(2)],
    ])
  })

  test('begins anew when the name comes back as another volume', async () => {
    await inventory.record('host-1', full([container('c1', ['data'])], [volume('data')]), at(1))
    await inventory.record('host-1', change({ removedContainerIds: ['c1'], removedVolumeNames: ['data'] }), at(2))
    const reborn = volume('data', { createdAt: '2026-01-05T08:03:00Z' })
    await inventory.record('host-1', change({ volumes: [reborn], containers: [container('c2', ['data'])] }), at(3))
    const volumes = await inventory.volumes({ gone: 'true' })
    expect(volumes.map(({ goneAt, users }) => [goneAt, users.map(({ containerId }) => containerId)])).toEqual([
      [time(2), ['c1']],
      [null, ['c2']],
    ])
  })

  test('also when the change was missed between two full reports', async () => {
    await inventory.record('host-1', full([container('c1', ['data'])], [volume('data')]), at(1))
    const reborn = volume('data', { createdAt: '2026-01-05T08:03:00Z' })
    await inventory.record('host-1', full([container('c2', ['data'])], [reborn]), at(4))
    const [present] = await inventory.volumes({ name: 'data' })
    expect(present).toMatchObject({ createdAt: '2026-01-05T08:03:00Z', firstSeen: time(4) })
    expect(present?.users.map(({ containerId }) => containerId)).toEqual(['c2'])
  })

  test('goes on when only the creation time moved, under a container that stayed', async () => {
    await inventory.record('host-1', full([container('c1', ['data'])], [volume('data')]), at(1))
    const moved = volume('data', { createdAt: '2026-01-05T08:03:00Z' })
    await inventory.record('host-1', full([container('c1', ['data'])], [moved]), at(4))
    const all = await inventory.volumes({ gone: 'true' })
    expect(all).toHaveLength(1)
    expect(all[0]).toMatchObject({ firstSeen: time(1), goneAt: null, createdAt: '2026-01-05T08:03:00Z' })
  })
})

describe('a change', () => {
  test('leaves alone what it does not name', async () => {
    await inventory.record(
      'host-1',
      full([container('c1', ['data']), container('c2', [])], [volume('data'), volume('other')]),
      at(1),
    )
    await inventory.record('host-1', change({ containers: [container('c1', ['data'], { state: 'exited' })] }), at(2))
    expect((await inventory.containers({})).map(({ id, state }) => [id, state])).toEqual([
      ['c1', 'exited'],
      ['c2', 'running'],
    ])
    expect(await inventory.volumes({})).toHaveLength(2)
  })

  test('may name a container before its volume', async () => {
    await inventory.record('host-1', full([], []), at(1))
    await inventory.record('host-1', change({ containers: [container('c1', ['late'])] }), at(2))
    await inventory.record('host-1', change({ volumes: [volume('late')] }), at(3))
    const [late] = await inventory.volumes({ name: 'late' })
    expect(late?.users.map(({ containerId }) => containerId)).toEqual(['c1'])
  })

  test('may remove and make the same name at once', async () => {
    await inventory.record('host-1', full([], [volume('data')]), at(1))
    const reborn = volume('data', { createdAt: '2026-01-05T08:02:00Z' })
    await inventory.record('host-1', change({ removedVolumeNames: ['data'], volumes: [reborn] }), at(2))
    expect((await inventory.volumes({ gone: 'true' })).map(({ goneAt }) => goneAt)).toEqual([time(2), null])
  })
})

describe('a size', () => {
  const sizeOf = async (name: string) => {
    const [found] = await inventory.volumes({ name })
    return found === undefined ? undefined : [found.sizeBytes, found.sizeMeasuredAt]
  }
  const measured = (sizeBytes: number, sizeMeasuredAt?: string) =>
    volume('data', { sizeBytes, ...(sizeMeasuredAt === undefined ? {} : { sizeMeasuredAt }) })

  test('that was not measured this time stays as it was measured before, with its age', async () => {
    await inventory.record('host-1', full([], [measured(4096, '2026-01-05T09:00:00+01:00')]), at(1))
    await inventory.record('host-1', full([], [volume('data')]), at(2))
    expect(await sizeOf('data')).toEqual([4096, time(0)])
    await inventory.record('host-1', change({ volumes: [measured(0, time(3))] }), at(4))
    expect(await sizeOf('data')).toEqual([0, time(3)])
  })

  test('that comes without its age does not take over the age of the one before', async () => {
    await inventory.record('host-1', full([], [measured(4096, time(0))]), at(1))
    await inventory.record('host-1', full([], [measured(8192)]), at(2))
    expect(await sizeOf('data')).toEqual([8192, null])
  })

  test('that was never measured is unknown, also where another volume of that name had one', async () => {
    await inventory.record('host-1', full([], [measured(4096, time(0))]), at(1))
    await inventory.record('host-1', full([], [volume('data', { createdAt: time(2) })]), at(3))
    expect(await sizeOf('data')).toEqual([null, null])
  })
})

test('a container that moved away is told from its workload, wherever that has gone on to', async () => {
  const data = [volume('data')]
  await inventory.record('host-1', full([container('c1', ['data']), container('c9', ['data'])], data), at(1))
  await inventory.record('host-2', full([container('c2', ['data'])], data), at(1))
  const { db } = temporary
  const owner = { id: 'w', host: 'host-1', containerId: 'c1', epoch: 1, createdAt: time(0) }
  await db.insertInto('workloads').values(owner).execute()
  const place = { host: 'host-1', containerId: 'c1', workloadId: 'w', since: time(0) }
  await db.insertInto('workloadPlaces').values(place).execute()
  const movedTo = async () => ({
    containers: (await inventory.containers({})).map(({ id, movedTo }) => [id, movedTo]),
    users: (await inventory.volumes({})).map(({ users }) =>
      users.map(({ containerId, movedTo }) => [containerId, movedTo]),
    ),
  })
  const nowhere = {
    containers: [
      ['c1', null],
      ['c9', null],
      ['c2', null],
    ],
    users: [
      [
        ['c1', null],
        ['c9', null],
      ],
      [['c2', null]],
    ],
  }
  expect(await movedTo()).toEqual(nowhere)

  await db.updateTable('workloads').set({ host: 'host-2', containerId: 'c2' }).execute()
  await db
    .insertInto('workloadPlaces')
    .values({ ...place, host: 'host-2', containerId: 'c2' })
    .execute()
  expect(await movedTo()).toEqual({
    containers: [
      ['c1', 'host-2'],
      ['c9', null],
      ['c2', null],
    ],
    users: [
      [
        ['c1', 'host-2'],
        ['c9', null],
      ],
      [['c2', null]],
    ],
  })
})

test('a report that cannot be taken in whole leaves nothing of itself', async () => {
  await inventory.record('host-1', full([container('c1', ['data'])], [volume('data')]), at(1))
  const before = [await inventory.containers({ gone: 'true' }), await inventory.volumes({ gone: 'true' })]
  const broken = container('c2', ['data'])
  const unfit = { ...broken, mounts: broken.mounts.map((mount) => ({ ...mount, source: null as unknown as string })) }
  await expect(inventory.record('host-1', full([unfit], [volume('other')]), at(2))).rejects.toThrow('NOT NULL')
  expect([await inventory.containers({ gone: 'true' }), await inventory.volumes({ gone: 'true' })]).toEqual(before)
})

test('whatever was reported before, a full report is what the host has', async () => {
  const ids = fc.uniqueArray(fc.constantFrom('c1', 'c2', 'c3'))
  const names = fc.uniqueArray(fc.constantFrom('v1', 'v2', 'v3'))
  const day = fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '')
  const anyReport = fc.record({ full: fc.boolean(), ids, names, day, removedIds: ids, removedNames: names }).map(
    (one): Report => ({
      full: one.full,
      containers: one.ids.map((id) => container(id, ['v1', 'v2'])),
      volumes: one.names.map((name) => volume(name, { createdAt: one.day })),
      removedContainerIds: one.full ? [] : one.removedIds,
      removedVolumeNames: one.full ? [] : one.removedNames,
      engine: null,
    }),
  )
  let minute = 0
  await fc.assert(
    fc.asyncProperty(fc.array(anyReport, { maxLength: 6 }), ids, names, day, async (history, ids, names, day) => {
      for (const report of history) {
        minute += 1
        await inventory.record('host-1', report, at(minute))
      }
      const before = await inventory.volumes({ gone: 'true' })
      minute += 1
      const last = full(
        ids.map((id) => container(id, ['v1', 'v2'])),
        names.map((name) => volume(name, { createdAt: day })),
      )
      await inventory.record('host-1', last, at(minute))
      const present = await inventory.volumes({})
      expect((await inventory.containers({})).map(({ id }) => id)).toEqual(ids.toSorted())
      expect(present.map(({ name }) => name)).toEqual(names.toSorted())
      // Whoever exists and names a volume that exists is among its users, and is so once.
      for (const { name, users } of present) {
        const now = users.filter(({ goneAt }) => goneAt === null).map(({ containerId }) => containerId)
        expect(now.toSorted()).toEqual(name === 'v3' ? [] : ids.toSorted())
      }
      // History only grows.
      expect((await inventory.volumes({ gone: 'true' })).length).toBeGreaterThanOrEqual(before.length)
    }),
    { numRuns: 60 },
  )
})

test('a report of 500 containers is taken in, and answered with, in less than a second of work', async () => {
  const many = Array.from({ length: 500 }, (_, index) => index)
  const report = full(
    many.map((index) => container(`c${index}`, [`v${index}`, 'shared'])),
    [...many.map((index) => volume(`v${index}`)), volume('shared')],
  )
  for (let minute = 1; minute <= 10; minute += 1) await inventory.record('host-1', report, at(minute))
  // Of this thread alone: the machine may be busy with other things.
  const before = process.threadCpuUsage()
  await inventory.record('host-1', report, at(11))
  const containers = await inventory.containers({})
  const volumes = await inventory.volumes({})
  const { user, system } = process.threadCpuUsage(before)
  expect((user + system) / 1000).toBeLessThan(1000)
  expect([containers.length, volumes.length]).toEqual([500, 501])
  expect(volumes.find(({ name }) => name === 'shared')?.users).toHaveLength(500)
})
