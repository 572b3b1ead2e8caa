// What a target does to make sure that its disk has what was written: in the rounds while the source runs it reads back
// what they wrote; in the last one, where that was asked for, everything.
import { AppError } from '../../shared/errors.ts'
import { displayPath, fromBytes } from '../volume/byte-string.ts'
import type { ReadBack, RoundSummary, VolumeEngine } from '../volume/engine.ts'

// What of a copy is read back from the target's disk; each includes the one before it.
//   written  nothing: the digest is of what was written, as it was written
//   reread   what the rounds while the source ran have written, after each of them
//   full     everything there is, in the last round, on both sides
export type Verification = 'written' | 'reread' | 'full'

export const verificationOf = (word: string): Verification => {
  if (word === '') return 'written'
  if (word === 'written' || word === 'reread' || word === 'full') return word
  throw new AppError('DRAYAGE_INVALID_REQUEST', `"${word}" is no way to verify a copy. Nothing was done.`)
}

export type CopyCheck = {
  readonly bytes: number
  readonly durationMs: number
  // Paths, for people, of what the disk did not give back as it was written. It is sent again in the next round.
  readonly differing: readonly string[]
}

const unchecked: CopyCheck = { bytes: 0, durationMs: 0, differing: [] }

type Copy = {
  readonly volume: string
  readonly root: string
  readonly memory: string
  readonly final: boolean
  readonly verification: Verification
  readonly written: Pick<RoundSummary, 'digest'>
}

const displayed = ({ differing }: ReadBack): readonly string[] => differing.map((path) => displayPath(fromBytes(path)))

export const checkCopy = async (
  volumes: Pick<VolumeEngine, 'readBack' | 'digest'>,
  { volume, root, memory, final, verification, written }: Copy,
  signal: AbortSignal,
): Promise<CopyCheck> => {
  if (verification === 'written' || (final && verification !== 'full')) return unchecked
  const startedAt = performance.now()
  const checked = (bytes: number, differing: readonly string[]): CopyCheck => ({
    bytes,
    durationMs: Math.round(performance.now() - startedAt),
    differing,
  })
  if (!final) {
    const found = await volumes.readBack(root, memory, { signal })
    if (!found.incomplete) return checked(found.bytes, displayed(found))
  }
  const { digest, volumeBytes } = await volumes.digest(root, { signal })
  if (digest === written.digest) return checked(volumeBytes, [])
  throw new AppError(
    'DRAYAGE_DIGEST_MISMATCH',
    `What this host's disk gives back of the volume ${volume} is not what was written to it: ${digest} against ` +
      `${written.digest}. The copy is not used; look at the health of this host's disk and memory.`,
    { details: { written: written.digest, found: digest } },
  )
}
