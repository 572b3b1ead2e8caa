// Where an import's bytes come from, and what can be said of them in the end.
import { createHash } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { ArchiveSummary } from '../../shared/rpc/generated/drayage/v1/ArchiveSummary.ts'
import type { VolumeSource__Output } from '../../shared/rpc/generated/drayage/v1/VolumeSource.ts'
import type { Puller } from '../transfer/pull.ts'
import type { Piece, RoundSummary } from '../volume/engine.ts'
import { requireUncompressed } from './compressed.ts'
import { summaryOf } from './export.ts'

export type Feed = {
  readonly pieces: AsyncIterable<Piece>
  // That have come, as a tarball has them.
  bytes(): number
  // What `write` threw, as whoever sent the bytes is to be told.
  told(thrown: unknown): unknown
  // Of what was written; throws where it is not what was to come.
  summary(written: RoundSummary): Promise<ArchiveSummary>
  close(): void
}

// A tarball, of which nobody knows beforehand how large it is. freeBytes: of the disk; a part of them is kept back.
export const tarballFeed = (tarball: AsyncIterable<Buffer>, freeBytes: number): Feed => {
  const room = freeBytes - keptFree(freeBytes)
  const hash = createHash('sha256')
  let bytes = 0
  const counting = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of tarball) {
      if (bytes === 0) requireUncompressed(piece)
      bytes += piece.length
      if (bytes > room) throw tooLarge(freeBytes)
      hash.update(piece)
      yield piece
    }
  }
  return {
    pieces: counting(),
    bytes: () => bytes,
    told: refused,
    summary: async (written) => ({ ...summaryOf(written, hash.digest('hex')), archiveBytes: bytes }),
    close: () => {},
  }
}

type Asked = { readonly transferId: string; readonly volume: string }

// A volume that the agent of another host lends.
export const peerFeed = (
  puller: Puller,
  { transferId, volume }: Asked,
  source: VolumeSource__Output,
  signal: AbortSignal,
): Feed => {
  const { peer, ticket } = source
  if (!peer) throw new AppError('DRAYAGE_INVALID_REQUEST', 'ImportVolume names a source without its host.')
  const pull = puller.volume(peer, { migrationId: transferId, volume: source.volume, round: 1, ticket }, signal)
  return {
    pieces: pull.pieces,
    bytes: pull.unpackedBytes,
    told: (thrown) => thrown,
    summary: async (written) => {
      const read = await pull.summary()
      if (read.digest !== written.digest) {
        throw new AppError(
          'DRAYAGE_DIGEST_MISMATCH',
          `The copy of ${source.volume} as ${volume} is not the original: ${peer.host} read ${read.entries} entries with the ` +
            `digest ${read.digest}, and what is on this host's disk is ${written.entries} with ${written.digest}. It was removed.`,
          { details: { source: read.digest, target: written.digest } },
        )
      }
      return summaryOf(read, '')
    },
    close: pull.close,
  }
}

// Room for the engine and everybody else on that disk.
const keptFree = (freeBytes: number): number => Math.min(256 * 1024 * 1024, freeBytes / 20)

// What is wrong with a tarball is its sender's to mend, and no stream between hosts that is sent again.
const refused = (thrown: unknown): unknown => {
  if (!(thrown instanceof AppError) || thrown.code !== 'DRAYAGE_STREAM_DAMAGED') return thrown
  const { reason } = thrown.details
  if (typeof reason !== 'string') return thrown
  return new AppError('DRAYAGE_TARBALL_REFUSED', `The tarball was refused: ${reason}. Nothing of it is left.`, {
    cause: thrown,
  })
}

const tooLarge = (freeBytes: number): AppError =>
  new AppError(
    'DRAYAGE_TARGET_FULL',
    `The tarball is larger than the ${freeBytes} bytes that were free where the volume is made. What came of it was removed. ` +
      'Make room there, or choose another host.',
  )
