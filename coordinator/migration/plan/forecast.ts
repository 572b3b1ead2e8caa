// How long a move may take, by what moves between the same two hosts have taken: their disks and the line between them are in
// that. Nothing is foreseen from nothing. Pure.
import type { Receipt, Round } from '../../../shared/api/migrations.ts'
import type { Plan } from '../../../shared/api/plan.ts'

// A migration between the same hosts, in the same direction, that has moved.
export type Past = {
  readonly container: string
  readonly rounds: readonly Pick<Round, 'round' | 'final' | 'entries' | 'contentBytes' | 'durationMs'>[]
  readonly downtimeMs: number | null
}

// Below it, what is measured is the set-up of a stream and not the hosts.
const leastMs = 50

const sum = <T>(of: readonly T[], value: (one: T) => number): number => of.reduce((total, one) => total + value(one), 0)

const median = (of: readonly number[]): number | null => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? null

// First rounds carry whole volumes: as bytes are slow for large files, so are entries for small ones, and the slower of the two
// is what it takes.
const copyMs = (
  { bytes, entries }: { readonly bytes: number; readonly entries: number },
  past: readonly Past[],
  maxBytesPerSecond: number | null,
): number | null => {
  const first = past.flatMap(({ rounds }) => rounds.filter(({ round, final }) => round === 1 && !final))
  const measuredMs = sum(first, ({ durationMs }) => durationMs)
  if (measuredMs < leastMs) return null
  const at = (amount: number, measured: number): number =>
    amount === 0 || measured === 0 ? 0 : (amount * measuredMs) / measured
  const limitedMs = maxBytesPerSecond === null ? 0 : (bytes * 1000) / maxBytesPerSecond
  const carried = [
    at(
      bytes,
      sum(first, (round) => round.contentBytes),
    ),
    at(
      entries,
      sum(first, (round) => round.entries),
    ),
    limitedMs,
  ]
  return Math.ceil(Math.max(...carried))
}

export const forecast = (
  { container, volumes }: Pick<Plan, 'container' | 'volumes'>,
  past: readonly Past[],
  maxBytesPerSecond: number | null,
): NonNullable<Plan['forecast']> => {
  const copied = volumes.filter((volume) => volume.copied)
  // Holes are not carried.
  const bytes = sum(copied, ({ contentBytes, diskBytes }) => Math.min(contentBytes, diskBytes))
  const entries = sum(copied, (volume) => volume.entries)
  const own = past.filter((one) => one.container === container.name && one.downtimeMs !== null)
  return {
    copyMs: copyMs({ bytes, entries }, past, maxBytesPerSecond),
    downtimeMs: median(own.map(({ downtimeMs }) => downtimeMs ?? 0)),
    basedOn: past.length,
  }
}

// What of each volume is on the target from an earlier move: the base of what is sent.
export const withKept = (volumes: Plan['volumes'], kept: Receipt | null): Plan['volumes'] =>
  volumes.map((volume) => {
    const there = kept?.volumes.find(({ name }) => name === volume.name)
    return there === undefined || !volume.copied ? volume : { ...volume, keptBytes: there.contentBytes }
  })
