// Who may act on a workload. A lease is a set of rows whose primary key nobody else can hold; an epoch is a number that
// rises with every lease, by which an agent knows an outdated order.
import type { Transaction } from 'kysely'
import { ulid } from 'ulid'
import { AppError } from '../../shared/errors.ts'
import { partId } from '../../shared/move-set/part.ts'
import type { Journal } from '../migration/ports.ts'
import type { Lease } from '../migration/record.ts'
import { membersOf } from './members.ts'
import type { Tables } from './tables.ts'
import { requireNotTransferred } from './volume-holds.ts'

type Within = Transaction<Tables>
type Wanted = Parameters<Journal['acquireLeases']>[1]
// One of them, where it is.
type Place = Pick<Wanted, 'host'> & Wanted['members'][number]

const workloadResource = (id: string) => `workload/${id}`

const resourcesOf = (workloadId: string, { host, containerId }: Place): string[] => [
  workloadResource(workloadId),
  `container/${host}/${containerId}`,
]

// A host has one volume of a name, whatever its identity: to hold the name is to hold it. Members may share one.
const volumesOf = ({ host, members }: Wanted): string[] => [
  ...new Set(members.flatMap(({ volumes }) => volumes.map(({ name }) => `volume/${host}/${name}`))),
]

export const acquire = async (
  trx: Within,
  migrationId: string,
  { retired = false, ...wanted }: Wanted,
  at: Date,
): Promise<readonly Lease[]> => {
  const migration = await trx
    .selectFrom('migrations')
    .select('endedAt')
    .where('id', '=', migrationId)
    .executeTakeFirst()
  if (migration === undefined) throw unknownMigration(migrationId)
  if (migration.endedAt !== null) throw ended(migrationId)
  const known = (await membersOf(trx, [migrationId])).get(migrationId) ?? []
  const held = known.flatMap(({ lease }) => (lease === null ? [] : [lease]))
  if (held.length > 0) return held

  const places = wanted.members.map((member) => ({ ...member, host: wanted.host }))
  const workloadIds: string[] = []
  for (const place of places) {
    workloadIds.push(retired ? await workloadRetiredAt(trx, place) : await workloadAt(trx, place, at))
  }
  const own = places.flatMap((place, index) => resourcesOf(workloadIds[index] ?? '', place))
  await hold(trx, migrationId, [...own, ...volumesOf(wanted)], wanted)
  const leases: Lease[] = []
  for (const [index, { volumes }] of places.entries()) {
    leases.push(await issue(trx, { migrationId, number: index + 1, workloadId: workloadIds[index] ?? '', volumes }))
  }
  return leases
}

// The next epoch of one workload.
const issue = async (
  trx: Within,
  member: { migrationId: string; number: number; workloadId: string } & Pick<Place, 'volumes'>,
): Promise<Lease> => {
  const { migrationId, number, workloadId } = member
  const { epoch } = await trx
    .updateTable('workloads')
    .set((eb) => ({ epoch: eb('epoch', '+', 1) }))
    .where('id', '=', workloadId)
    .returning('epoch')
    .executeTakeFirstOrThrow()
  const volumes = [...new Map(member.volumes.map((volume) => [volume.name, volume])).values()]
  if (volumes.length > 0) {
    await trx
      .insertInto('workloadVolumes')
      .values(
        volumes.map(({ name, createdAt, rootIdentity }) => ({ workloadId, epoch, name, createdAt, rootIdentity })),
      )
      .execute()
  }
  await trx
    .updateTable('migrationMembers')
    .set({ workloadId, epoch })
    .where('migrationId', '=', migrationId)
    .where('number', '=', number)
    .execute()
  return { migrationId: partId(migrationId, number), workloadId, epoch }
}

// A container's id is its own for ever (Docker draws 256 bits), so it alone says which workload it is; the volumes'
// creation times do not, since Docker reads them off a directory that a hand-over writes to.
const workloadAt = async (trx: Within, { host, containerId }: Place, at: Date): Promise<string> => {
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
const workloadRetiredAt = async (trx: Within, { host, containerId }: Place): Promise<string> => {
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

const hold = async (
  trx: Within,
  migrationId: string,
  resources: string[],
  { host }: Pick<Wanted, 'host'>,
): Promise<void> => {
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
    .innerJoin('migrationMembers as member', 'member.migrationId', 'leases.migrationId')
    .innerJoin('workloads', 'workloads.id', 'member.workloadId')
    .select(['member.number', 'member.epoch as granted', 'workloads.epoch as newest'])
    .where('leases.resource', '=', workloadResource(lease.workloadId))
    .where('leases.migrationId', '=', migrationId)
    .where('member.workloadId', '=', lease.workloadId)
    .executeTakeFirst()
  const valid =
    current !== undefined &&
    lease.migrationId === partId(migrationId, current.number) &&
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
    .innerJoin('migrationMembers as member', 'member.workloadId', 'workloadPlaces.workloadId')
    .select(['workloadPlaces.workloadId', 'member.number'])
    .where('workloadPlaces.host', '=', to)
    .where('workloadPlaces.containerId', '=', containerId)
    .where('member.migrationId', '=', migrationId)
    .where('member.epoch', '=', lease.epoch)
    .executeTakeFirst()
  return place?.workloadId === lease.workloadId && lease.migrationId === partId(migrationId, place.number)
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
