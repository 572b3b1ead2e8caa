// How fast bytes move and how long the rest takes, from the coordinator's reports. Pure: the time is given.
import type { Progress } from '../../shared/api/migrations.ts'
import { formatBytes, formatEta, formatRate } from './quantities.ts'

type Sample = { readonly atMs: number; readonly bytes: number }

// A step of a migration, or whatever else moves bytes.
export type Moving = Omit<Progress, 'step'> & { readonly step: string }

export type ProgressState = Moving & {
  // Oldest first, of this step and this volume alone; bytes never fall.
  readonly samples: readonly Sample[]
}

// Long enough to smooth a slow report, short enough to follow a link that changes.
const windowMs = 10_000

export const advance = (state: ProgressState | null, progress: Moving, nowMs: number): ProgressState => {
  const sample = { atMs: nowMs, bytes: progress.bytes }
  const goesOn =
    state !== null && state.step === progress.step && state.what === progress.what && progress.bytes >= state.bytes
  if (!goesOn) return { ...progress, samples: [sample] }
  const recent = state.samples.filter(({ atMs }) => nowMs - atMs <= windowMs)
  return { ...progress, samples: [...recent, sample] }
}

// Bytes a second; null until two reports are far enough apart to tell.
export const rateOf = ({ samples }: ProgressState): number | null => {
  const [first, last] = [samples[0], samples.at(-1)]
  if (first === undefined || last === undefined || last.atMs - first.atMs < 200) return null
  return ((last.bytes - first.bytes) * 1000) / (last.atMs - first.atMs)
}

// A total is an estimate: a volume that grows while it is read sends more, and so does an image, as an archive. Once it is
// passed there is none.
const totalOf = ({ bytes, totalBytes }: ProgressState): number | null =>
  totalBytes !== null && bytes <= totalBytes ? totalBytes : null

export const etaMsOf = (state: ProgressState): number | null => {
  const [rate, total] = [rateOf(state), totalOf(state)]
  if (rate === null || rate <= 0 || total === null) return null
  return ((total - state.bytes) * 1000) / rate
}

// 0 to 1.
export const fractionOf = ({ bytes, totalBytes }: ProgressState): number | null =>
  totalBytes === null || totalBytes === 0 ? null : Math.min(1, bytes / totalBytes)

// "1.20 GiB of 4.00 GiB, 110 MiB/s, ETA 0:26"
export const progressText = (state: ProgressState): string => {
  const [rate, eta, total] = [rateOf(state), etaMsOf(state), totalOf(state)]
  return [
    formatBytes(state.bytes) + (total === null ? '' : ` of ${formatBytes(total)}`),
    ...(rate === null ? [] : [formatRate(rate)]),
    ...(eta === null ? [] : [`ETA ${formatEta(eta)}`]),
  ].join(', ')
}
