// A volume from a tarball. It comes into being whole, or not at all.
import { createHash } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { ImportReport } from '../../shared/rpc/generated/drayage/v1/ImportReport.ts'
import type { ImportVolumeRequest__Output } from '../../shared/rpc/generated/drayage/v1/ImportVolumeRequest.ts'
import { reporting } from '../../shared/rpc/liveness.ts'
import type { ArchiveContext } from './at-hand.ts'
import { requireUncompressed } from './compressed.ts'
import type { ArchiveSource } from './coordinator-source.ts'
import { summaryOf } from './export.ts'
import { makePlace, takeBack } from './place.ts'

const progressEveryMs = 1_000
// Kept back on the disk: room for the engine and everybody else there.
const mostKeptFree = 256 * 1024 * 1024

export const importVolume = async function* (
  context: ArchiveContext,
  source: ArchiveSource,
  request: ImportVolumeRequest__Output,
  signal: AbortSignal,
): AsyncGenerator<ImportReport> {
  const { transferId, volume } = request
  const end = await context.state.turns.take(`volume ${volume}`, signal)
  const ended = new AbortController()
  const both = AbortSignal.any([signal, ended.signal])
  let working: Promise<unknown> = Promise.resolve()
  try {
    const place = await makePlace(context, request)
    yield { ready: {} }
    const counted = await admitted(context, place.incoming, source.pull(transferId, both))
    let entries = 0
    const writing = context.volumes.write(place.incoming, counted.pieces, {
      signal: both,
      onProgress: (progress) => {
        entries = progress.entries
      },
    })
    working = writing
    const written = yield* reporting(writing, progressEveryMs, () => ({
      progress: { bytes: counted.bytes(), entries },
    }))
    const summary = { ...summaryOf(written, counted.sha256()), archiveBytes: counted.bytes() }
    if (both.aborted) throw new AppError('DRAYAGE_CANCELLED', 'Whoever asked for the import has gone.')
    await place.keep()
    yield { imported: { created: place.made, summary } }
  } finally {
    ended.abort()
    // Nothing is removed under the engine's hands.
    await working.catch(() => {})
    await takeBack(context, transferId)
    end()
  }
}

// The bytes as they come: counted, hashed, and no more of them than the disk can take. How much that will be nobody knows
// beforehand.
const admitted = async (context: ArchiveContext, path: string, pieces: AsyncIterable<Buffer>) => {
  const free = (await context.volumes.freeSpace(path)).bytes
  const room = free - Math.min(mostKeptFree, free / 20)
  const hash = createHash('sha256')
  let bytes = 0
  const counting = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      if (bytes === 0) requireUncompressed(piece)
      bytes += piece.length
      if (bytes > room) {
        throw new AppError(
          'DRAYAGE_TARGET_FULL',
          `The tarball is larger than the ${free} bytes that are free where the volume is made. What came of it was removed. ` +
            'Make room there, or choose another host.',
        )
      }
      hash.update(piece)
      yield piece
    }
  }
  let digest: string | undefined
  return {
    pieces: counting(),
    bytes: () => bytes,
    sha256: () => {
      digest ??= hash.digest('hex')
      return digest
    },
  }
}
