// A volume as a tarball, from its host's agent to whoever asked. Nothing is kept on the way but what is in flight.
import type { VolumeArchive } from '../../shared/api/archives.ts'
import { AppError, type Finding } from '../../shared/errors.ts'
import type { ArchiveSummary__Output } from '../../shared/rpc/generated/drayage/v1/ArchiveSummary.ts'
import type { VolumeAtHand__Output } from '../../shared/rpc/generated/drayage/v1/VolumeAtHand.ts'
import type { ArchiveHosts } from './ports.ts'
import type { Transfers } from './transfers.ts'

export type ExportRequest = { readonly host: string; readonly volume: string; readonly live: boolean }

export type Export = {
  // Of the transfer.
  readonly id: string
  // As a walk has found them just before.
  readonly entries: number
  readonly diskBytes: number
  // To be read once. Ends after the tarball's last byte, or throws.
  readonly pieces: AsyncIterable<Buffer>
  // Once the pieces have ended.
  summary(): VolumeArchive
}

export type ExportVolume = (request: ExportRequest, signal: AbortSignal) => Promise<Export>

// Resolves when the agent has the volume at hand and nothing stands in the way.
export const createExport =
  (hosts: ArchiveHosts, transfers: Transfers): ExportVolume =>
  async (request, signal) => {
    const { host, volume, live } = request
    const { agent } = await hosts.archives(host)
    const transfer = await transfers.begin({ kind: 'export', reads: [{ host, volume }], makes: [] }, signal)
    const messages = agent.exportVolume({ volume, live }, signal)[Symbol.asyncIterator]()
    const atHand = await transfer.watch(() => firstOf(messages, host))
    let summary: ArchiveSummary__Output | null = null

    const pieces = async function* (): AsyncGenerator<Buffer> {
      for (let next = await messages.next(); !next.done; next = await messages.next()) {
        const { tar, summary: last } = next.value
        if (last) summary = last
        else if (tar && tar.length > 0) yield tar
      }
      if (summary === null) throw cutShort(host)
    }
    return {
      entries: atHand.entries,
      diskBytes: atHand.diskBytes,
      id: transfer.id,
      pieces: transfer.watchEach(pieces()),
      summary: () => {
        if (summary === null) throw cutShort(host)
        return archiveOf(request, summary, liveWarnings(volume, atHand.running))
      },
    }
  }

type Message = { readonly atHand?: VolumeAtHand__Output | null }

export const firstOf = async (messages: AsyncIterator<Message>, host: string): Promise<VolumeAtHand__Output> => {
  for (let next = await messages.next(); !next.done; next = await messages.next()) {
    if (next.value.atHand) return next.value.atHand
  }
  throw cutShort(host)
}

const cutShort = (host: string): AppError =>
  new AppError('DRAYAGE_STREAM_DAMAGED', `What the agent of ${host} sent ended before its summary. It is not whole.`)

export const liveWarnings = (volume: string, running: readonly string[]): Finding[] =>
  running.length === 0
    ? []
    : [
        {
          code: 'live-copy',
          message:
            `${volume} was read while ${running.join(', ')} used it: each file is as it was found, at its own moment. What ` +
            'writes to several files, or to one that is larger than a write, may not be consistent in it.',
        },
      ]

const mostWarnings = 20

export const archiveOf = (
  { host, volume, live }: { readonly host: string; readonly volume: string; readonly live: boolean },
  { skipped, skippedEntries, ...counted }: ArchiveSummary__Output,
  warnings: readonly Finding[],
): VolumeArchive => {
  const named = skipped.slice(0, mostWarnings).map(({ path, reason }) => ({
    code: 'entry-skipped',
    message: `Left out at ${JSON.stringify(path.toString('utf8').slice(0, 200))}: ${reason}`,
  }))
  const others = skippedEntries - named.length
  return {
    host,
    volume,
    entries: counted.entries,
    contentBytes: counted.contentBytes,
    archiveBytes: counted.archiveBytes,
    archiveSha256: counted.archiveSha256,
    digest: counted.digest,
    live,
    warnings: [
      ...warnings,
      ...named,
      ...(others > 0 ? [{ code: 'entry-skipped', message: `${others} more entries were left out` }] : []),
    ],
  }
}
