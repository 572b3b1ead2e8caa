// A volume that nothing uses, removed for good by its host's engine.
import type { RemoveVolume as Listed, RemovalEvent } from '../../shared/api/orphans.ts'
import { AppError } from '../../shared/errors.ts'
import type { ArchiveHosts, ArchivePort } from './ports.ts'
import type { Transfers } from './transfers.ts'

type Place = { readonly host: string; readonly volume: string }

export type Removal = {
  // Of the transfer.
  readonly id: string
  // Ends with `removed`, or throws. To be read once.
  readonly events: AsyncIterable<RemovalEvent>
}

export type RemoveVolume = (place: Place, listed: Listed, signal: AbortSignal) => Promise<Removal>

// Throws where the volume is not to be removed. transferId: what must be no obstacle to itself.
export type RequireRemovable = (place: Place, listed: Listed, transferId: string) => Promise<void>

// Resolves when nothing stands in the way: what is refused has been by then.
export const createRemoval =
  (hosts: ArchiveHosts, transfers: Transfers, requireRemovable: RequireRemovable): RemoveVolume =>
  async (place, listed, signal) => {
    const { host, volume } = place
    const { agent } = await hosts.archives(host)
    // From here on no migration, export or copy takes the volume; what had it before is refused, or told by its claim.
    const transfer = await transfers.begin({ kind: 'removal', reads: [], makes: [place] }, signal)
    const reports = agent.removeVolume(removalOf(place, listed), signal)[Symbol.asyncIterator]()
    const first = await transfer.watch(async () => {
      await requireRemovable(place, listed, transfer.id)
      return reports.next()
    })
    const events = async function* (): AsyncGenerator<RemovalEvent> {
      for (let report = first; !report.done; report = await reports.next()) {
        const { bytes, removed } = report.value
        if (removed) return yield { event: 'removed', data: place }
        yield { event: 'progress', data: { bytes } }
      }
      throw new AppError(
        'DRAYAGE_STREAM_DAMAGED',
        `The agent of ${host} did not say whether it has removed ${volume}. dray volumes tells.`,
      )
    }
    return { id: transfer.id, events: transfer.watchEach(events()) }
  }

export const removalOf = (
  { volume }: Place,
  { driver, mountpoint, createdAt, digest = '' }: Listed,
): Parameters<ArchivePort['removeVolume']>[0] => ({ volume, driver, mountpoint, createdAt: createdAt ?? '', digest })
