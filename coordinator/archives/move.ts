// A volume that no container uses, on another host or under another name from now on: copied, and when both sides agree about
// the copy, read once more where it was and removed there. Both are held throughout, so that nothing of ours comes between.
import type { CopiedVolume, MoveEvent } from '../../shared/api/archives.ts'
import type { RemoveVolume as Listed } from '../../shared/api/orphans.ts'
import { AppError, asAppError, type ErrorCode } from '../../shared/errors.ts'
import { type CopyRequest, copyBetween, endsOf } from './copy.ts'
import type { ArchiveHosts, ArchivePort } from './ports.ts'
import { type RequireRemovable, removalOf } from './remove.ts'
import type { Transfers } from './transfers.ts'

export type MoveRequest = Pick<CopyRequest, 'from' | 'to' | 'intoEmpty'>

export type Move = {
  // Of the transfer.
  readonly id: string
  // Ends with `moved`, or throws. To be read once.
  readonly events: AsyncIterable<MoveEvent>
}

export type MoveVolume = (request: MoveRequest, signal: AbortSignal) => Promise<Move>

export type MoveOptions = {
  readonly hosts: ArchiveHosts
  readonly transfers: Transfers
  readonly requireRemovable: RequireRemovable
  // What tells it from another of its name, as last reported. Throws DRAYAGE_VOLUME_NOT_FOUND.
  readonly identityOf: (place: MoveRequest['from']) => Promise<Omit<Listed, 'digest'>>
}

// Resolves when nothing stands in the way: neither of the copy, nor, as far as is known by then, of the removal.
export const createMove =
  ({ hosts, transfers, requireRemovable, identityOf }: MoveOptions): MoveVolume =>
  async (request, signal) => {
    const { from, to } = request
    const ends = await endsOf(hosts, request, 'moved')
    const transfer = await transfers.begin({ kind: 'move', reads: [], makes: [from, to] }, signal)
    const { listed, copying } = await transfer.watch(async () => {
      const found = await identityOf(from)
      await requireRemovable(from, found, transfer.id)
      return { listed: found, copying: await copyBetween(ends, transfer.id, { ...request, live: false }, signal) }
    })
    const events = async function* (): AsyncGenerator<MoveEvent> {
      let copied: CopiedVolume | null = null
      for await (const event of copying) {
        if (event.event === 'copied') copied = event.data
        else yield event
      }
      if (copied === null) {
        throw new AppError(
          'DRAYAGE_STREAM_DAMAGED',
          `The copy of ${from.volume} to ${to.host} ended without saying how.`,
        )
      }
      try {
        // Asked again, since containers were made meanwhile without asking anybody.
        await requireRemovable(from, listed, transfer.id)
        yield* removed(ends.source.agent, from, { ...listed, digest: copied.digest }, signal)
      } catch (thrown) {
        throw besideTheCopy(request, thrown)
      }
      yield { event: 'moved', data: copied }
    }
    return { id: transfer.id, events: transfer.watchEach(events()) }
  }

const removed = async function* (
  agent: Pick<ArchivePort, 'removeVolume'>,
  place: MoveRequest['from'],
  listed: Listed,
  signal: AbortSignal,
): AsyncGenerator<MoveEvent> {
  for await (const report of agent.removeVolume(removalOf(place, listed), signal)) {
    if (report.removed) return
    yield { event: 'checking', data: { bytes: report.bytes } }
  }
  throw new AppError(
    'DRAYAGE_STREAM_DAMAGED',
    `The agent of ${place.host} did not say whether it has removed ${place.volume}. dray volumes tells.`,
  )
}

// With any other answer the engine may have removed it all the same.
const beforeTheRemoval: ReadonlySet<ErrorCode> = new Set([
  'DRAYAGE_VOLUME_IN_USE',
  'DRAYAGE_VOLUME_CHANGED',
  'DRAYAGE_VOLUME_NOT_ORPHANED',
  'DRAYAGE_VOLUME_UNREADABLE',
])

const besideTheCopy = ({ from, to }: MoveRequest, thrown: unknown): AppError => {
  const { code, message, details } = asAppError(thrown)
  const original = beforeTheRemoval.has(code)
    ? 'and the original was not taken away: there are two now. Find out which is to stay, and remove the other.'
    : `but whether the original is still on ${from.host} is not known. Remove neither before dray volumes has told.`
  return new AppError(code, `${message} ${from.volume} was copied to ${to.host} as ${to.volume}, whole, ${original}`, {
    cause: thrown,
    details,
  })
}
