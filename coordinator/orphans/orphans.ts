// Volumes that nothing uses: listed, and removed where nobody has a part in them.
import { ulid } from 'ulid'
import type { OrphanList, OrphansQuery, RemovedVolume, RemoveVolume } from '../../shared/api/orphans.ts'
import { AppError } from '../../shared/errors.ts'
import type { HostDirectory } from '../agents/directory.ts'
import type { ArchiveHosts } from '../archives/ports.ts'
import type { Clock } from '../migration/ports.ts'
import type { ClaimStore } from '../store/claims.ts'
import type { InventoryStore } from '../store/inventory.ts'
import type { VolumeHolds } from '../store/volume-holds.ts'
import { isReliable, migrationLabel, orphansAmong } from './classify.ts'
import type { Known } from './ports.ts'
import { requireOrphan } from './require-orphan.ts'
import { selectOrphans } from './select.ts'

export type Orphans = {
  // Throws DRAYAGE_HOST_NOT_FOUND.
  list(query: OrphansQuery): Promise<OrphanList>
  // The volume that was listed, and no other of its name. Resolves when its host's engine has removed it. Throws
  // DRAYAGE_HOST_NOT_FOUND, DRAYAGE_HOST_OFFLINE, DRAYAGE_RECOVERY_NEEDED, DRAYAGE_VOLUME_NOT_FOUND, DRAYAGE_VOLUME_IN_USE,
  // DRAYAGE_VOLUME_NOT_ORPHANED, DRAYAGE_VOLUME_CHANGED, DRAYAGE_MIGRATION_IN_PROGRESS, DRAYAGE_VOLUME_BUSY, and what the agent
  // says (proto/archive.proto).
  remove(host: string, volume: string, listed: RemoveVolume, signal: AbortSignal): Promise<RemovedVolume>
}

export type OrphansOptions = {
  readonly directory: Pick<HostDirectory, 'list' | 'get'>
  readonly inventory: Pick<InventoryStore, 'containers' | 'volumes'>
  readonly claims: ClaimStore
  readonly hosts: ArchiveHosts
  readonly holds: Pick<VolumeHolds, 'take' | 'release'>
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

    remove: async (host, volume, listed, signal) => {
      const heldBack = options.heldBack()
      if (heldBack !== null) throw heldBack
      const { agent } = await options.hosts.archives(host)
      const id = ulid(clock.now().getTime())
      // From here on no migration, export or copy takes the volume; what had it before is a refusal, or among the claims.
      await options.holds.take({ id, kind: 'removal', reads: [], makes: [{ host, volume }] })
      try {
        requireOrphan(await look(id), { host, volume }, listed)
        const { driver, mountpoint, createdAt, digest = '' } = listed
        const request = { volume, driver, mountpoint, createdAt: createdAt ?? '', digest }
        let isRemoved = false
        for await (const { removed } of agent.removeVolume(request, signal)) isRemoved ||= removed
        if (isRemoved) return { host, volume }
        throw new AppError(
          'DRAYAGE_STREAM_DAMAGED',
          `The agent of ${host} did not say whether it has removed ${volume}. dray volumes tells.`,
        )
      } finally {
        await options.holds.release(id)
      }
    },
  }
}
