// Which volumes are read or made apart from any migration. A migration takes its lease on none of these, and none of
// these takes what a migration has a lease on. Several may read the same volume at a time.
import type { Transaction } from 'kysely'
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../migration/ports.ts'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

export type VolumeOnHost = { readonly host: string; readonly volume: string }

export type HeldVolumes = {
  readonly id: string
  readonly kind: 'export' | 'import' | 'copy' | 'move' | 'removal'
  readonly reads: readonly VolumeOnHost[]
  readonly makes: readonly VolumeOnHost[]
}

export type VolumeHolds = {
  // Throws DRAYAGE_MIGRATION_IN_PROGRESS, DRAYAGE_VOLUME_BUSY; then nothing is held.
  take(transfer: HeldVolumes): Promise<void>
  release(transferId: string): Promise<void>
  // Those of a process that is gone, and its transfers with it.
  clear(): Promise<void>
}

type Within = Transaction<Tables>

// As in leases.ts. A host has one volume of a name, whatever its identity: to hold the name is to hold it.
const resourceOf = ({ host, volume }: VolumeOnHost): string => `volume/${host}/${volume}`

const named = (resource: string): string => {
  const [, host = '', ...name] = resource.split('/')
  return `The volume ${name.join('/')} on ${host}`
}

const doing: Readonly<Record<string, string>> = {
  export: 'is being exported',
  import: 'is being imported into',
  copy: 'is being copied',
  move: 'is being moved',
  removal: 'is being removed',
}

const busy = ({ resource, kind, transferId }: { resource: string; kind: string; transferId: string }): AppError =>
  new AppError(
    'DRAYAGE_VOLUME_BUSY',
    `${named(resource)} ${doing[kind] ?? 'is in use'} (transfer ${transferId}). Nothing was changed. Wait until that has ended.`,
    { details: { transfer: transferId } },
  )

// resources: as they stand in `leases`.
export const requireNotTransferred = async (trx: Within, resources: readonly string[]): Promise<void> => {
  const held = await trx.selectFrom('volumeHolds').selectAll().where('resource', 'in', resources).executeTakeFirst()
  if (held !== undefined) throw busy(held)
}

const requireNoLease = async (trx: Within, resources: readonly string[]): Promise<void> => {
  const lease = await trx.selectFrom('leases').selectAll().where('resource', 'in', resources).executeTakeFirst()
  if (lease === undefined) return
  throw new AppError(
    'DRAYAGE_MIGRATION_IN_PROGRESS',
    `${named(lease.resource)} is held by migration ${lease.migrationId}. Nothing was changed. Wait until it has ended, or cancel it.`,
    { details: { migration: lease.migrationId } },
  )
}

export const createVolumeHolds = (db: Database, clock: Pick<Clock, 'now'>): VolumeHolds => ({
  take: ({ id, kind, reads, makes }) =>
    db.transaction().execute(async (trx) => {
      const [shared, exclusive] = [reads.map(resourceOf), makes.map(resourceOf)]
      await requireNoLease(trx, [...shared, ...exclusive])
      const held = await trx
        .selectFrom('volumeHolds')
        .selectAll()
        .where('resource', 'in', [...shared, ...exclusive])
        .execute()
      const conflict = held.find((one) => one.exclusive === 1 || exclusive.includes(one.resource))
      if (conflict !== undefined) throw busy(conflict)
      const since = clock.now().toISOString()
      const row = (resource: string, isExclusive: 0 | 1) =>
        ({ resource, transferId: id, kind, exclusive: isExclusive, since }) as const
      await trx
        .insertInto('volumeHolds')
        .values([...shared.map((one) => row(one, 0)), ...exclusive.map((one) => row(one, 1))])
        .execute()
    }),
  release: async (transferId) => {
    await db.deleteFrom('volumeHolds').where('transferId', '=', transferId).execute()
  },
  clear: async () => {
    await db.deleteFrom('volumeHolds').execute()
  },
})
