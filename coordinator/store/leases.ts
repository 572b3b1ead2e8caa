// Who may act on a workload. A lease is a set of rows whose primary key nobody else can hold; an epoch is a number that
// rises with every lease, by which an agent knows an outdated order.
import type { Transaction } from 'kysely'
import { ulid } from 'ulid'
import { AppError } from '../../shared/errors.ts'
import type { Journal } from '../migration/ports.ts'
import type { Lease } from '../migration/record.ts'
import type { Tables } from './tables.ts'
import { requireNotTransferred } from './volume-holds.ts'

type Within = Transaction<Tables>
type Wanted = Parameters<Journal['acquireLease']>[1]

const workloadResource = (id: string) => `workload/${id}`

const resourcesOf = (workloadId: string, { host, containerId, volumes }: Wanted): string[] => [
  workloadResource(workloadId),
  `container/${host}/${containerId}`,
  // A host has one volume of a name, whatever its identity: to hold the name is to hold it.
  ...new Set(volumes.map(({ name }) => `volume/${host}/${name}`)),
]

export const acquire = async (trx: Within, migrationId: string, wanted: Wanted, at: Date): Promise<Lease> => {
  const migration = await trx
    .selectFrom('migrations')
    .select(['workloadId', 'epoch', 'endedAt'])
    .where('id', '=', migrationId)
    .executeTakeFirst()
  if (migration === undefined) throw unknownMigration(migrationId)
  if (migration.endedAt !== null) throw ended(migrationId)
  if (migration.workloadId !== null && migration.epoch !== null) {
    return { migrationId, workloadId: migration.workloadId, epoch: migration.epoch }
  }

  const workloadId = wanted.retired ? await workloadRetiredAt(trx, wanted) : await workloadAt(trx, wanted, at)
  await hold(trx, migrationId, resourcesOf(workloadId, wanted), wanted)
  const { epoch } = await trx
    .updateTable('workloads')
    .set((eb) => ({ epoch: eb('epoch', '+', 1) }))
    .where('id', '=', workloadId)
    .returning('epoch')
    .executeTakeFirstOrThrow()
  const volumes = [...new Map(wanted.volumes.map((volume) => [volume.name, volume])).values()]
  if (volumes.length > 0) {
    await trx
      .insertInto('workloadVolumes')
      .values(
        volumes.map(({ name, createdAt, rootIdentity }) => ({ workloadId, epoch, name, createdAt, rootIdentity })),
      )
      .execute()
  }
  await trx
    .updateTable('migrations')
    .set({ workloadId, epoch, updatedAt: at.toISOString() })
    .where('id', '=', migrationId)
    .execute()
  return { migrationId, workloadId, epoch }
}

// A container's id is its own for ever (Docker draws 256 bits), so it alone says which workload it is; the volumes'
// creation times do not, since Docker reads them off a directory that a hand-over writes to.
const workloadAt = async (trx: Within, { host, containerId }: Wanted, at: Date): Promise<string> => {
  const place = await trx
    .selectFrom('workloadPlaces')
    .innerJoin('workloads', 'workloads.id', 'workloadPlaces.workloadId')
    .select(['workloads.id', 'workloads.host', 'workloads.containerId'])
    .where('workloadPlaces.host', '=', host)
    .where('workloadPlaces.containerId', '=', containerId)
    .executeTakeFirst()
  if (place !== undefined) {
    if (place.host === host && place.containerId === containerId) return place.id
    throw new AppError(
      'DRAYAGE_WORKLOAD_RETIRED',
      `Container ${containerId.slice(0, 12)} on ${host} is a retired copy: what it was runs on ${place.host} now, as ` +
        `container ${place.containerId.slice(0, 12)}. Move that one.`,
      { details: { owner: { host: place.host, containerId: place.containerId } } },
    )
  }
  const id = ulid(at.getTime())
  const since = at.toISOString()
  await trx.insertInto('workloads').values({ id, host, containerId, epoch: 0, createdAt: since }).execute()
  await trx.insertInto('workloadPlaces').values({ host, containerId, workloadId: id, since }).execute()
  return id
}

// What may be removed: a place where the workload was, and is not. In the transaction that takes the lease, so that it
// stays so.
const workloadRetiredAt = async (trx: Within, { host, containerId }: Wanted): Promise<string> => {
  const place = await trx
    .selectFrom('workloadPlaces')
    .innerJoin('workloads', 'workloads.id', 'workloadPlaces.workloadId')
    .select(['workloads.id', 'workloads.host', 'workloads.containerId'])
    .where('workloadPlaces.host', '=', host)
    .where('workloadPlaces.containerId', '=', containerId)
    .executeTakeFirst()
  const isElsewhere = place !== undefined && (place.host !== host || place.containerId !== containerId)
  if (isElsewhere) return place.id
  throw new AppError(
    'DRAYAGE_NOTHING_TO_FINALIZE',
    place === undefined
      ? `Container ${containerId.slice(0, 12)} on ${host} is no retired copy of a workload that was moved. Nothing was removed.`
      : `Container ${containerId.slice(0, 12)} on ${host} is where its workload lives. Nothing was removed.`,
  )
}

const hold = async (trx: Within, migrationId: string, resources: string[], { host }: Wanted): Promise<void> => {
  const held = await trx
    .selectFrom('leases')
    .selectAll()
    .where('resource', 'in', resources)
    .orderBy('resource')
    .execute()
  const [first] = held
  if (first !== undefined) {
    const volumes = held.flatMap(({ resource }) =>
      resource.startsWith('volume/') ? [resource.slice(`volume/${host}/`.length)] : [],
    )
    const what = volumes.length === held.length ? `its volume ${volumes.join(', ')}` : 'the container'
    throw new AppError(
      'DRAYAGE_MIGRATION_IN_PROGRESS',
      `Migration ${first.migrationId} holds ${what} on ${host}. Nothing was changed. Wait until it has ended, or cancel it.`,
      { details: { migration: first.migrationId } },
    )
  }
  await requireNotTransferred(trx, resources)
  await trx
    .insertInto('leases')
    .values(resources.map((resource) => ({ resource, migrationId })))
    .execute()
}

// Makes `to` the owner. Refused with DRAYAGE_EPOCH_STALE unless the lease is still this migration's and the newest.
export const transfer = async (
  trx: Within,
  migrationId: string,
  lease: Lease,
  to: string,
  containerId: string,
  at: Date,
): Promise<void> => {
  const current = await trx
    .selectFrom('leases')
    .innerJoin('migrations', 'migrations.id', 'leases.migrationId')
    .innerJoin('workloads', 'workloads.id', 'migrations.workloadId')
    .select(['migrations.workloadId', 'migrations.epoch as granted', 'workloads.epoch as newest'])
    .where('leases.resource', '=', workloadResource(lease.workloadId))
    .where('leases.migrationId', '=', migrationId)
    .executeTakeFirst()
  const valid =
    lease.migrationId === migrationId &&
    current?.workloadId === lease.workloadId &&
    current.granted === lease.epoch &&
    current.newest === lease.epoch
  if (!valid) throw stale(migrationId, lease)
  await trx.updateTable('workloads').set({ host: to, containerId }).where('id', '=', lease.workloadId).execute()
  await trx
    .insertInto('workloadPlaces')
    .values({ host: to, containerId, workloadId: lease.workloadId, since: at.toISOString() })
    // It was there before, and has come back.
    .onConflict((conflict) =>
      conflict
        .columns(['host', 'containerId'])
        .doUpdateSet({ since: at.toISOString() })
        .where('workloadPlaces.workloadId', '=', lease.workloadId),
    )
    .execute()
}

export const isOwner = async (
  trx: Within,
  migrationId: string,
  lease: Lease,
  to: string,
  containerId: string,
): Promise<boolean> => {
  const place = await trx
    .selectFrom('workloadPlaces')
    .innerJoin('migrations', 'migrations.workloadId', 'workloadPlaces.workloadId')
    .select('workloadPlaces.workloadId')
    .where('workloadPlaces.host', '=', to)
    .where('workloadPlaces.containerId', '=', containerId)
    .where('migrations.id', '=', migrationId)
    .where('migrations.epoch', '=', lease.epoch)
    .executeTakeFirst()
  return place?.workloadId === lease.workloadId && lease.migrationId === migrationId
}

export const stale = (migrationId: string, { workloadId, epoch }: Lease): AppError =>
  new AppError(
    'DRAYAGE_EPOCH_STALE',
    `Migration ${migrationId} no longer holds workload ${workloadId} under epoch ${epoch}. Its owner was not changed.`,
  )

export const giveBack = async (trx: Within, migrationId: string): Promise<void> => {
  await trx.deleteFrom('leases').where('migrationId', '=', migrationId).execute()
}

export const unknownMigration = (id: string): AppError =>
  new AppError('DRAYAGE_MIGRATION_NOT_FOUND', `There is no migration ${id}. dray migrations lists them.`)

export const ended = (id: string): AppError =>
  new AppError('DRAYAGE_MIGRATION_ENDED', `Migration ${id} has ended; nothing more can be written of it.`)
