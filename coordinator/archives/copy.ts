// A copy of a volume on another host, or under another name: from agent to agent. The one lends it for as long as this
// lasts, and the other pulls.
import type { CopiedVolume, CopyEvent } from '../../shared/api/archives.ts'
import { AppError } from '../../shared/errors.ts'
import type { ImportedVolume__Output } from '../../shared/rpc/generated/drayage/v1/ImportedVolume.ts'
import type { VolumeAtHand__Output } from '../../shared/rpc/generated/drayage/v1/VolumeAtHand.ts'
import { archiveOf, firstOf, liveWarnings } from './export.ts'
import type { ArchiveHosts } from './ports.ts'
import type { Transfers } from './transfers.ts'

type Place = { readonly host: string; readonly volume: string }

export type CopyRequest = {
  readonly from: Place
  readonly to: Place
  readonly live: boolean
  readonly intoEmpty: boolean
}

export type Copy = {
  // Of the transfer.
  readonly id: string
  // Ends with `copied`, or throws. To be read once.
  readonly events: AsyncIterable<CopyEvent>
}

export type CopyVolume = (request: CopyRequest, signal: AbortSignal) => Promise<Copy>

export const createCopy =
  (hosts: ArchiveHosts, transfers: Transfers): CopyVolume =>
  async (request, signal) => {
    const ends = await endsOf(hosts, request, 'copied')
    const transfer = await transfers.begin({ kind: 'copy', reads: [request.from], makes: [request.to] }, signal)
    const events = await transfer.watch(() => copyBetween(ends, transfer.id, request, signal))
    return { id: transfer.id, events: transfer.watchEach(events) }
  }

type End = Awaited<ReturnType<ArchiveHosts['archives']>>
type Ends = { readonly source: End; readonly target: End }

export const endsOf = async (
  hosts: ArchiveHosts,
  { from, to }: Pick<CopyRequest, 'from' | 'to'>,
  done: 'copied' | 'moved',
): Promise<Ends> => {
  if (from.host === to.host && from.volume === to.volume) {
    throw new AppError(
      'DRAYAGE_INVALID_REQUEST',
      `${from.volume} on ${from.host} is to be ${done} onto itself. Name another.`,
    )
  }
  return { source: await hosts.archives(from.host), target: await hosts.archives(to.host) }
}

// Resolves when the one has the volume at hand and the other is ready for it. What it resolves to is to be read once, to its
// end.
export const copyBetween = async (
  { source, target }: Ends,
  transferId: string,
  { from, to, live, intoEmpty }: CopyRequest,
  signal: AbortSignal,
): Promise<AsyncGenerator<CopyEvent>> => {
  const ended = new AbortController()
  const both = AbortSignal.any([signal, ended.signal])

  const lend = { transferId, volume: from.volume, live }
  const lending = source.agent.lendVolume(lend, both)[Symbol.asyncIterator]()
  const atHand = await firstOf(lending, from.host)
  const broken = broke(lending).catch((thrown) => {
    ended.abort()
    return thrown as unknown
  })

  const making = target.agent
    .importVolume(
      {
        ...{ transferId, volume: to.volume, intoEmpty, labels: atHand.labels, stripComponents: 0 },
        source: { peer: { host: from.host, address: source.address }, volume: from.volume },
      },
      both,
    )
    [Symbol.asyncIterator]()
  // What the source says of a loan that it has ended says more than that the target was told to stop.
  const next = async () => {
    try {
      return await making.next()
    } catch (thrown) {
      if (signal.aborted || !ended.signal.aborted) throw thrown
      throw await broken
    }
  }
  const ready = async () => {
    for (let report = await next(); !report.done; report = await next()) if (report.value.ready) return
    throw cutShort(to.host)
  }
  const events = async function* (): AsyncGenerator<CopyEvent> {
    try {
      for (let report = await next(); !report.done; report = await next()) {
        const { progress, imported } = report.value
        if (progress) yield { event: 'progress', data: { ...progress, totalBytes: estimateOf(atHand) } }
        if (!imported) continue
        yield { event: 'copied', data: resultOf({ from, to, live }, atHand, imported) }
        return
      }
      throw cutShort(to.host)
    } finally {
      ended.abort()
    }
  }
  try {
    await ready()
  } catch (thrown) {
    ended.abort()
    throw thrown
  }
  return events()
}

// Throws when the loan ends, unless this end has ended it.
const broke = async (lending: AsyncIterator<unknown>): Promise<never> => {
  for (let message = await lending.next(); !message.done; message = await lending.next());
  throw new AppError('DRAYAGE_STREAM_DAMAGED', 'The source has ended the copy.')
}

const cutShort = (host: string): AppError =>
  new AppError('DRAYAGE_STREAM_DAMAGED', `The agent of ${host} ended the copy without saying how.`)

// What a tarball of it would be, about: a header and pax records for each entry.
const estimateOf = ({ diskBytes, entries }: VolumeAtHand__Output): number => diskBytes + entries * 1536

const resultOf = (
  { from, to, live }: Pick<CopyRequest, 'from' | 'to' | 'live'>,
  { running }: VolumeAtHand__Output,
  { created, summary }: ImportedVolume__Output,
): CopiedVolume => {
  if (summary === null) throw cutShort(to.host)
  const {
    archiveSha256: _,
    archiveBytes: __,
    ...copied
  } = archiveOf({ ...to, live }, summary, liveWarnings(from.volume, running))
  return { ...copied, from, created }
}
