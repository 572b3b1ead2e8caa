// Volumes that nothing uses: which there are, and which may be removed.
import type { OrphanList, OrphansQuery } from '../../shared/api/orphans.ts'
import { AppError } from '../../shared/errors.ts'
import type { HostDirectory } from '../agents/directory.ts'
import type { MoveOptions } from '../archives/move.ts'
import type { RequireRemovable } from '../archives/remove.ts'
import type { Clock } from '../migration/ports.ts'
import type { ClaimStore } from '../store/claims.ts'
import type { InventoryStore } from '../store/inventory.ts'
import { isReliable, migrationLabel, orphansAmong } from './classify.ts'
import type { Known } from './ports.ts'
import { requireOrphan } from './require-orphan.ts'
import { selectOrphans } from './select.ts'

export type Orphans = {
  // Throws DRAYAGE_HOST_NOT_FOUND.
  list(query: OrphansQuery): Promise<OrphanList>
  // By all that is known here. Throws DRAYAGE_HOST_OFFLINE, DRAYAGE_RECOVERY_NEEDED, DRAYAGE_VOLUME_NOT_FOUND,
  // DRAYAGE_VOLUME_IN_USE, DRAYAGE_VOLUME_NOT_ORPHANED, DRAYAGE_VOLUME_CHANGED.
  readonly requireRemovable: RequireRemovable
  // As last reported. Throws DRAYAGE_VOLUME_NOT_FOUND.
  readonly identityOf: MoveOptions['identityOf']
}

export type OrphansOptions = {
  readonly directory: Pick<HostDirectory, 'list' | 'get'>
  readonly inventory: Pick<InventoryStore, 'containers' | 'volumes'>
  readonly claims: ClaimStore
  readonly clock: Pick<Clock, 'now'>
  // Why the database is not to be relied on; null: it is.
  readonly heldBack: () => AppError | null
}

export const createOrphans = (options: OrphansOptions): Orphans => {
  const { directory, inventory, claims, clock } = options

  // Claims last: a migration that began meanwhile is among them. own: a removal that is no obstacle to itself.
  const look = async (own: string | null): Promise<Known> => {
    const [hosts, containers, volumes] = await Promise.all([
      directory.list(),
      inventory.containers({}),
      inventory.volumes({}),
    ])
    const made = [...new Set(volumes.flatMap(({ labels }) => labels[migrationLabel] ?? []))]
    const migrations = await claims.migrations(made)
    const others = (await claims.claims()).filter((claim) => claim.kind !== 'transfer' || claim.id !== own)
    return { hosts, containers, volumes, claims: others, migrations }
  }

  return {
    list: async (query) => {
      if (query.host !== undefined) await directory.get(query.host)
      const known = await look(null)
      const concerned = known.hosts.filter(({ name }) => query.host === undefined || name === query.host)
      return {
        orphans: selectOrphans(orphansAmong(known), query, clock.now()),
        asOf: concerned.map((host) => ({
          ...{ host: host.name, state: host.state, inventoryAt: host.inventoryAt },
          reliable: isReliable(host),
        })),
      }
    },

    identityOf: async ({ host, volume }) => {
      const found = (await inventory.volumes({ host })).find(({ name, goneAt }) => name === volume && goneAt === null)
      if (found === undefined) {
        throw new AppError('DRAYAGE_VOLUME_NOT_FOUND', `There is no volume ${volume} on ${host}, as far as is known.`)
      }
      const { driver, mountpoint, createdAt } = found
      return { driver, mountpoint, createdAt }
    },

    requireRemovable: async (place, listed, transferId) => {
      const heldBack = options.heldBack()
      if (heldBack !== null) throw heldBack
      requireOrphan(await look(transferId), place, listed)
    },
  }
}
