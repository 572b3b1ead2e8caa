// The volumes of a report: which of them are known, which are others of the same name, which are gone.
import type { Transaction } from 'kysely'
import type { InventoryReport__Output } from '../../shared/rpc/generated/drayage/v1/InventoryReport.ts'
import type { InventoryVolume__Output } from '../../shared/rpc/generated/drayage/v1/InventoryVolume.ts'
import { inChunks } from './chunks.ts'
import type { Tables } from './tables.ts'
import { matchVolume } from './volume-identity.ts'

type Within = Transaction<Tables>
type Report = Pick<InventoryReport__Output, 'full' | 'volumes' | 'removedVolumeNames'>

// After the containers that a report ends have been marked, and before those that it brings are written.
// Answers with the ids of all volumes that exist on the host afterwards, by name.
export const writeVolumes = async (
  trx: Within,
  host: string,
  { full, volumes, removedVolumeNames }: Report,
  now: string,
): Promise<ReadonlyMap<string, number>> => {
  const held = await heldThroughout(trx, host)
  const removed = new Set(full ? [] : removedVolumeNames)
  // The last of a name is its newest state.
  const reported = new Map(volumes.map((volume) => [volume.name, volume]))
  const known = await knownVolumes(trx, host, [...reported.keys()])
  const byName = Map.groupBy(known, ({ name }) => name)

  const gone: number[] = []
  const seen: { id: number; volume: InventoryVolume__Output }[] = []
  const made: InventoryVolume__Output[] = []
  for (const [name, volume] of reported) {
    const candidates = (byName.get(name) ?? []).map((one) => ({
      ...one,
      goneAt: removed.has(name) ? (one.goneAt ?? now) : one.goneAt,
      heldThroughout: held.has(one.id),
    }))
    const match = matchVolume(candidates, volume.createdAt)
    if (match.kind === 'same') {
      // Not told this time says nothing against what was told before.
      const createdAt = volume.createdAt || (candidates.find(({ id }) => id === match.id)?.createdAt ?? '')
      seen.push({ id: match.id, volume: { ...volume, createdAt } })
    } else {
      made.push(volume)
      if (match.replaces !== null) gone.push(match.replaces)
    }
  }
  const kept = new Set(seen.map(({ id }) => id))
  for (const { id, name, goneAt } of known) {
    if (goneAt === null && !kept.has(id) && (full || removed.has(name))) gone.push(id)
  }

  await inChunks(gone, (ids) =>
    trx.updateTable('volumes').set({ goneAt: now }).where('id', 'in', ids).where('goneAt', 'is', null).execute(),
  )
  await inChunks(seen, (chunk) =>
    trx
      .insertInto('volumes')
      .values(chunk.map(({ id, volume }) => ({ id, ...volumeRow(host, volume, now) })))
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({
          createdAt: eb.ref('excluded.createdAt'),
          driver: eb.ref('excluded.driver'),
          mountpoint: eb.ref('excluded.mountpoint'),
          scope: eb.ref('excluded.scope'),
          optionsJson: eb.ref('excluded.optionsJson'),
          labelsJson: eb.ref('excluded.labelsJson'),
          anonymous: eb.ref('excluded.anonymous'),
          // Not measured this time says nothing against what was measured before.
          sizeBytes: eb.fn.coalesce('excluded.sizeBytes', 'volumes.sizeBytes'),
          // A size and its age belong together.
          sizeMeasuredAt: eb
            .case()
            .when('excluded.sizeBytes', 'is', null)
            .then(eb.ref('volumes.sizeMeasuredAt'))
            .else(eb.ref('excluded.sizeMeasuredAt'))
            .end(),
          lastSeen: eb.ref('excluded.lastSeen'),
          goneAt: null,
        })),
      )
      .execute(),
  )
  await inChunks(made, (chunk) =>
    trx
      .insertInto('volumes')
      .values(chunk.map((volume) => volumeRow(host, volume, now)))
      .execute(),
  )
  const present = await trx
    .selectFrom('volumes')
    .select(['id', 'name'])
    .where('host', '=', host)
    .where('goneAt', 'is', null)
    .execute()
  return new Map(present.map(({ id, name }) => [name, id]))
}

type KnownRow = {
  readonly id: number
  readonly name: string
  readonly createdAt: string
  readonly goneAt: string | null
}

// Those that exist, and of those that are gone the ones whose names are here again; oldest first.
const knownVolumes = async (trx: Within, host: string, names: readonly string[]): Promise<KnownRow[]> => {
  const volumesOf = trx.selectFrom('volumes').select(['id', 'name', 'createdAt', 'goneAt']).where('host', '=', host)
  const present = await volumesOf.where('goneAt', 'is', null).execute()
  const missing = new Set(names)
  for (const { name } of present) missing.delete(name)
  const gone: KnownRow[] = []
  await inChunks([...missing], async (chunk) => {
    gone.push(...(await volumesOf.where('name', 'in', chunk).execute()))
  })
  return [...present, ...gone].toSorted((a, b) => a.id - b.id)
}

// By containers that were there before this report: those that it ends are marked already, those that it brings are not
// written yet.
const heldThroughout = async (trx: Within, host: string): Promise<ReadonlySet<number>> => {
  const present = await trx
    .selectFrom('containers')
    .select('id')
    .where('host', '=', host)
    .where('goneAt', 'is', null)
    .execute()
  const held = new Set<number>()
  await inChunks(present, async (chunk) => {
    const ids = chunk.map(({ id }) => id)
    const mounts = await trx
      .selectFrom('mounts')
      .select('volumeId')
      .where('host', '=', host)
      .where('containerId', 'in', ids)
      .execute()
    for (const { volumeId } of mounts) if (volumeId !== null) held.add(volumeId)
  })
  return held
}

const inUtcOrNull = (time: string | undefined): string | null => {
  const parsed = new Date(time ?? '')
  return Number.isNaN(parsed.getTime()) ? null : parsed.toISOString()
}

const volumeRow = (host: string, volume: InventoryVolume__Output, now: string) => ({
  host,
  name: volume.name,
  createdAt: volume.createdAt,
  driver: volume.driver,
  mountpoint: volume.mountpoint,
  scope: volume.scope,
  optionsJson: JSON.stringify(volume.options),
  labelsJson: JSON.stringify(volume.labels),
  anonymous: volume.anonymous ? 1 : 0,
  sizeBytes: volume.sizeBytes ?? null,
  sizeMeasuredAt: volume.sizeBytes === undefined ? null : inUtcOrNull(volume.sizeMeasuredAt),
  firstSeen: now,
  lastSeen: now,
  goneAt: null,
})
