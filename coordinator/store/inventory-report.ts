// Takes in what an agent reports of its host: one transaction a report.
import type { Transaction } from 'kysely'
import type { InventoryContainer__Output } from '../../shared/rpc/generated/drayage/v1/InventoryContainer.ts'
import type { InventoryReport__Output } from '../../shared/rpc/generated/drayage/v1/InventoryReport.ts'
import type { InventoryVolume__Output } from '../../shared/rpc/generated/drayage/v1/InventoryVolume.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'
import { matchVolume } from './volume-identity.ts'

type Within = Transaction<Tables>

export type Report = Omit<InventoryReport__Output, 'sequence'>

// SQLite takes 32,766 parameters a statement; the widest row here has 14.
const rowsPerStatement = 500

const inChunks = async <T>(rows: readonly T[], write: (chunk: readonly T[]) => Promise<unknown>): Promise<void> => {
  for (let from = 0; from < rows.length; from += rowsPerStatement)
    await write(rows.slice(from, from + rowsPerStatement))
}

export const takeIn = (db: Database, host: string, report: Report, at: Date): Promise<void> =>
  db.transaction().execute(async (trx) => {
    const now = at.toISOString()
    const staying = await containersThatStay(trx, host, report)
    await forgetContainers(trx, host, report, now)
    const volumeIds = await writeVolumes(trx, host, report, staying, now)
    await writeContainers(trx, host, report.containers, now)
    await writeMounts(trx, host, report.containers, volumeIds)
    await resolveMounts(trx, host, report.volumes, volumeIds)
    await trx
      .updateTable('hosts')
      .set({
        inventoryAt: now,
        lastSeen: now,
        ...(report.engine === null ? {} : { engineJson: JSON.stringify(report.engine), engineReachable: 1 }),
      })
      .where('name', '=', host)
      .execute()
  })

const containersThatStay = async (
  trx: Within,
  host: string,
  { full, containers, removedContainerIds }: Report,
): Promise<ReadonlySet<string>> => {
  const rows = await trx
    .selectFrom('containers')
    .select('id')
    .where('host', '=', host)
    .where('goneAt', 'is', null)
    .execute()
  const named = new Set(full ? containers.map(({ id }) => id) : removedContainerIds)
  return new Set(rows.map(({ id }) => id).filter((id) => named.has(id) === full))
}

const forgetContainers = async (
  trx: Within,
  host: string,
  { full, containers, removedContainerIds }: Report,
  now: string,
): Promise<void> => {
  const reported = new Set(containers.map(({ id }) => id))
  const rows = full
    ? await trx.selectFrom('containers').select('id').where('host', '=', host).where('goneAt', 'is', null).execute()
    : removedContainerIds.map((id) => ({ id }))
  const gone = rows.map(({ id }) => id).filter((id) => !reported.has(id))
  await inChunks(gone, (ids) =>
    trx
      .updateTable('containers')
      .set({ goneAt: now })
      .where('host', '=', host)
      .where('goneAt', 'is', null)
      .where('id', 'in', ids)
      .execute(),
  )
}

// Answers with the ids of all volumes that exist on the host afterwards, by name.
const writeVolumes = async (
  trx: Within,
  host: string,
  { full, volumes, removedVolumeNames }: Report,
  staying: ReadonlySet<string>,
  now: string,
): Promise<ReadonlyMap<string, number>> => {
  const held = await heldBy(trx, host, staying)
  const removed = new Set(full ? [] : removedVolumeNames)
  const known = await trx
    .selectFrom('volumes')
    .select(['id', 'name', 'createdAt', 'goneAt'])
    .where('host', '=', host)
    .orderBy('id')
    .execute()
  const byName = Map.groupBy(known, ({ name }) => name)

  const gone: number[] = []
  const seen: { id: number; volume: InventoryVolume__Output }[] = []
  const made: InventoryVolume__Output[] = []
  // The last of a name is its newest state.
  const reported = new Map(volumes.map((volume) => [volume.name, volume]))
  for (const [name, volume] of reported) {
    const candidates = (byName.get(name) ?? []).map((one) => ({
      ...one,
      goneAt: removed.has(name) ? (one.goneAt ?? now) : one.goneAt,
      heldThroughout: held.has(one.id),
    }))
    const match = matchVolume(candidates, volume.createdAt)
    if (match.kind === 'same') seen.push({ id: match.id, volume })
    else {
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

const heldBy = async (trx: Within, host: string, containers: ReadonlySet<string>): Promise<ReadonlySet<number>> => {
  const rows = await trx
    .selectFrom('mounts')
    .select(['volumeId', 'containerId'])
    .where('host', '=', host)
    .where('volumeId', 'is not', null)
    .execute()
  return new Set(
    rows.flatMap(({ volumeId, containerId }) => (volumeId !== null && containers.has(containerId) ? [volumeId] : [])),
  )
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
  firstSeen: now,
  lastSeen: now,
  goneAt: null,
})

const writeContainers = async (
  trx: Within,
  host: string,
  containers: readonly InventoryContainer__Output[],
  now: string,
): Promise<void> =>
  inChunks([...new Map(containers.map((container) => [container.id, container])).values()], (chunk) =>
    trx
      .insertInto('containers')
      .values(
        chunk.map((container) => ({
          host,
          id: container.id,
          name: container.name,
          image: container.image,
          imageId: container.imageId,
          state: container.state,
          createdAt: container.createdAt,
          labelsJson: JSON.stringify(container.labels),
          firstSeen: now,
          lastSeen: now,
          goneAt: null,
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['host', 'id']).doUpdateSet((eb) => ({
          name: eb.ref('excluded.name'),
          image: eb.ref('excluded.image'),
          imageId: eb.ref('excluded.imageId'),
          state: eb.ref('excluded.state'),
          labelsJson: eb.ref('excluded.labelsJson'),
          lastSeen: eb.ref('excluded.lastSeen'),
          goneAt: null,
        })),
      )
      .execute(),
  )

const writeMounts = async (
  trx: Within,
  host: string,
  containers: readonly InventoryContainer__Output[],
  volumeIds: ReadonlyMap<string, number>,
): Promise<void> =>
  inChunks(
    containers.flatMap(({ id, mounts }) =>
      mounts.map((mount) => ({
        host,
        containerId: id,
        destination: mount.destination,
        type: mount.type,
        volumeName: mount.volume,
        volumeId: mount.volume === '' ? null : (volumeIds.get(mount.volume) ?? null),
        source: mount.source,
        readOnly: mount.readOnly ? 1 : 0,
      })),
    ),
    (chunk) =>
      trx
        .insertInto('mounts')
        .values([...chunk])
        .onConflict((conflict) =>
          conflict.columns(['host', 'containerId', 'destination']).doUpdateSet((eb) => ({
            source: eb.ref('excluded.source'),
            // A container that exists uses the volume of that name that exists; where none does, the one it last had.
            volumeId: eb.fn.coalesce('excluded.volumeId', 'mounts.volumeId'),
          })),
        )
        .execute(),
  )

// A container can be reported before its volume is.
const resolveMounts = async (
  trx: Within,
  host: string,
  volumes: readonly InventoryVolume__Output[],
  volumeIds: ReadonlyMap<string, number>,
): Promise<void> => {
  const unresolved = await trx
    .selectFrom('mounts')
    .innerJoin('containers', (join) =>
      join.onRef('containers.host', '=', 'mounts.host').onRef('containers.id', '=', 'mounts.containerId'),
    )
    .select(['mounts.containerId', 'mounts.destination', 'mounts.volumeName'])
    .where('mounts.host', '=', host)
    .where('mounts.volumeId', 'is', null)
    .where('mounts.volumeName', '!=', '')
    .where('containers.goneAt', 'is', null)
    .execute()
  const reported = new Set(volumes.map(({ name }) => name))
  for (const { containerId, destination, volumeName } of unresolved) {
    const volumeId = volumeIds.get(volumeName)
    if (volumeId === undefined || !reported.has(volumeName)) continue
    await trx
      .updateTable('mounts')
      .set({ volumeId })
      .where('host', '=', host)
      .where('containerId', '=', containerId)
      .where('destination', '=', destination)
      .execute()
  }
}
