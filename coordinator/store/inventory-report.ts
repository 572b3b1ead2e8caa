// Takes in what an agent reports of its host: one transaction a report.
import { sql, type Transaction } from 'kysely'
import type { InventoryContainer__Output } from '../../shared/rpc/generated/drayage/v1/InventoryContainer.ts'
import type { InventoryReport__Output } from '../../shared/rpc/generated/drayage/v1/InventoryReport.ts'
import type { InventoryVolume__Output } from '../../shared/rpc/generated/drayage/v1/InventoryVolume.ts'
import { inChunks } from './chunks.ts'
import type { Database } from './database.ts'
import { writeVolumes } from './reported-volumes.ts'
import type { Tables } from './tables.ts'

type Within = Transaction<Tables>

export type Report = Omit<InventoryReport__Output, 'sequence'>

export const takeIn = (db: Database, host: string, report: Report, at: Date): Promise<void> =>
  db.transaction().execute(async (trx) => {
    const now = at.toISOString()
    await forgetContainers(trx, host, report, now)
    const volumeIds = await writeVolumes(trx, host, report, now)
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
    .where('mounts.volumeName', '!=', sql.lit(''))
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
