// On the real store.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import { createClaimStore } from '../store/claims.ts'
import { createHostStore } from '../store/hosts.ts'
import { createInventoryStore } from '../store/inventory.ts'
import type { Report } from '../store/inventory-report.ts'
import { openTemporaryDatabase, type TemporaryDatabase } from '../store/testing/temporary-database.ts'
import { host as online } from '../testing/stand-in-parts.ts'
import { createOrphans, type Orphans } from './orphans.ts'

let temporary: TemporaryDatabase
beforeEach(async () => {
  temporary = await openTemporaryDatabase()
  await createHostStore(temporary.db).add('host-1', at(0))
})
afterEach(() => temporary.remove())

const at = (minute: number) => new Date(Date.UTC(2026, 0, 5, 8, minute))
const engine = {
  ...{ id: 'E', version: '28.5.2', apiVersion: '1.51', os: 'linux', architecture: 'amd64', storageDriver: 'overlay2' },
  ...{ containerdImageStore: false, dataRoot: '/d', idShift: '', swarm: false },
}
const orphansOf = (heldBack: AppError | null = null): Orphans => {
  const host = { ...online, engine, inventoryAt: at(2).toISOString() }
  return createOrphans({
    directory: { list: async () => [host], get: async () => host },
    inventory: createInventoryStore(temporary.db),
    claims: createClaimStore(temporary.db),
    clock: { now: () => at(60) },
    heldBack: () => heldBack,
  })
}

const mountpoint = (name: string) => `/d/volumes/${name}/_data`
const volume = (name: string): Report['volumes'][number] => ({
  ...{ name, driver: 'local', mountpoint: mountpoint(name), scope: 'local', options: {}, labels: {} },
  ...{ createdAt: '2026-01-01T00:00:00Z', anonymous: false, sizeBytes: 1024 },
})
const container = (index: number): Report['containers'][number] => ({
  ...{ id: `c${index}`, name: `name-${index}`, image: 'web:1', imageId: 'sha256:1', state: 'running', labels: {} },
  createdAt: '2026-01-02T00:00:00Z',
  mounts: [`data-${index}`, 'shared'].map((name) => ({
    ...{ type: 'volume', volume: name, source: mountpoint(name), destination: `/${name}`, readOnly: false },
  })),
})
const full = (containers: Report['containers'], volumes: Report['volumes']): Report => ({
  ...{ full: true, containers, volumes, removedContainerIds: [], removedVolumeNames: [], engine: null },
})
const count = 500
const everyContainer = Array.from({ length: count }, (_, index) => container(index))
const everyVolume = [volume('shared'), ...everyContainer.map((_, index) => volume(`data-${index}`))]

test('of 500 containers on a host half are removed: their volumes are orphans, each with its own last user, and nothing else is', async () => {
  const inventory = createInventoryStore(temporary.db)
  await inventory.record('host-1', full(everyContainer, everyVolume), at(1))
  expect((await orphansOf().list({})).orphans).toEqual([])
  await inventory.record('host-1', full(everyContainer.slice(0, count / 2), everyVolume), at(2))
  const { orphans } = await orphansOf().list({})
  expect(orphans).toHaveLength(count / 2)
  for (const { name, verdict, lastUser, unusedSince } of orphans) {
    expect({ verdict, unusedSince }).toEqual({ verdict: 'orphan', unusedSince: at(2).toISOString() })
    expect(lastUser?.name).toBe(name.replace('data', 'name'))
  }
  const named = Array.from({ length: count }, (_, index) => `data-${index}`)
  expect((await orphansOf().list({ name: named, largerThanBytes: '1023' })).orphans).toHaveLength(count / 2)
  expect((await orphansOf().list({ unusedForSeconds: String(59 * 60) })).orphans).toEqual([])
})

test('nothing may be removed while the database is known to have lost something', async () => {
  await createInventoryStore(temporary.db).record('host-1', full([], [volume('data')]), at(1))
  const [orphan] = (await orphansOf().list({})).orphans
  if (orphan === undefined) throw new Error('it is not listed')
  const place = { host: 'host-1', volume: 'data' }
  await expect(orphansOf().requireRemovable(place, orphan, 't1')).resolves.toBeUndefined()
  const lost = new AppError('DRAYAGE_RECOVERY_NEEDED', 'restored from a backup')
  await expect(orphansOf(lost).requireRemovable(place, orphan, 't1')).rejects.toBe(lost)
})
