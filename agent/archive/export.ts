// A volume as a tarball, to the coordinator.
import { createHash } from 'node:crypto'
import type { ArchiveSummary } from '../../shared/rpc/generated/drayage/v1/ArchiveSummary.ts'
import type { ExportedPiece } from '../../shared/rpc/generated/drayage/v1/ExportedPiece.ts'
import type { ExportVolumeRequest__Output } from '../../shared/rpc/generated/drayage/v1/ExportVolumeRequest.ts'
import type { RoundSummary } from '../volume/engine.ts'
import { type ArchiveContext, findAtHand } from './at-hand.ts'

// What is named of what was left out; the others are counted.
const mostSkippedNamed = 100

// Without `live` it is the engine's final round: the tarball is the volume at one moment, or it fails.
export const exportVolume = async function* (
  context: ArchiveContext,
  request: ExportVolumeRequest__Output,
  signal: AbortSignal,
): AsyncGenerator<ExportedPiece> {
  const { root, rootIdentity, told } = await findAtHand(context, request, signal)
  yield { atHand: told }
  const round = context.volumes.read(root, { expectIdentity: rootIdentity, final: !request.live, signal })
  const hash = createHash('sha256')
  for await (const tar of round.pieces) {
    hash.update(tar)
    yield { tar }
  }
  yield { summary: summaryOf(await round.summary, hash.digest('hex')) }
}

export const summaryOf = (
  { entries, volumeBytes, tarBytes, digest, skipped }: RoundSummary,
  archiveSha256: string,
): ArchiveSummary => ({
  entries,
  contentBytes: volumeBytes,
  archiveBytes: tarBytes,
  archiveSha256,
  digest,
  skipped: skipped.slice(0, mostSkippedNamed).map(({ path, reason }) => ({ path, reason })),
  skippedEntries: skipped.length,
})
