// How long a move may take: by what moves between the same two hosts have taken, whose disks and line are in that; where none
// tells, by what was just measured of them. Nothing is foreseen from nothing, and what is not known has its reason. Pure.
import type { MigrationOptions } from '../../../shared/api/migration-options.ts'
import type { Receipt, Round } from '../../../shared/api/migrations.ts'
import type { MeasuredRates, Plan } from '../../../shared/api/plan.ts'

// A migration between the same hosts, in the same direction, that has moved.
export type Past = {
  readonly container: string
  readonly rounds: readonly Pick<Round, 'round' | 'final' | 'entries' | 'contentBytes' | 'durationMs'>[]
  readonly downtimeMs: number | null
}

export type Measured = {
  readonly rates: MeasuredRates
  // Why some of them are null, by what they are of.
  readonly unknown: Readonly<Partial<Record<Part, string>>>
}

type Forecast = NonNullable<Plan['forecast']>
type Slowest = NonNullable<Forecast['slowest']>
type Part = Slowest['part']
type Amount = { readonly bytes: number; readonly entries: number }
type Limits = Pick<MigrationOptions, 'maxBytesPerSecond' | 'maxDowntimeMs'>

// Below it, what is measured is the set-up of a stream and not the hosts.
const leastMs = 50
// Less than this takes no time that anybody plans with, whatever the rate.
const least = { 'bytes/s': 1024 * 1024, 'files/s': 100 } as const

const sum = <T>(of: readonly T[], value: (one: T) => number): number => of.reduce((total, one) => total + value(one), 0)

const median = (of: readonly number[]): number | null => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? null

// Holes are not carried.
const amountOf = (volumes: Plan['volumes']): Amount => {
  const copied = volumes.filter((volume) => volume.copied)
  const bytes = sum(copied, ({ contentBytes, diskBytes }) => Math.min(contentBytes, diskBytes))
  return { bytes, entries: sum(copied, (volume) => volume.entries) }
}

// Of files that are smaller on the average, it is their number that takes the time; of larger ones, their bytes.
const smallBytes = 64 * 1024

const isOfSmall = ({ bytes, entries }: Amount): boolean => bytes <= entries * smallBytes

// First rounds carry whole volumes. Those of large files tell how fast bytes go and nothing of what a file costs, and those of
// small files the other way about. null: no volume of this kind has gone before.
const copyMsAsBefore = (amount: Amount, past: readonly Past[], maxBytesPerSecond: number | null): number | null => {
  const { bytes, entries } = amount
  if (bytes === 0 && entries === 0) return 0
  const first = past.flatMap(({ rounds }) => rounds.filter(({ round, final }) => round === 1 && !final))
  const ofSmall = (round: (typeof first)[number]) => isOfSmall({ bytes: round.contentBytes, entries: round.entries })
  const took = (rounds: typeof first, wanted: number, carried: (round: (typeof first)[number]) => number) => {
    const [durationMs, amount] = [sum(rounds, (round) => round.durationMs), sum(rounds, carried)]
    return durationMs < leastMs || amount === 0 ? null : (wanted * durationMs) / amount
  }
  const bytesTake = took(
    first.filter((round) => !ofSmall(round)),
    bytes,
    ({ contentBytes }) => contentBytes,
  )
  const entriesTake = took(first.filter(ofSmall), entries, (round) => round.entries)
  if ((isOfSmall(amount) ? entriesTake : bytesTake) === null) return null
  const limitedMs = maxBytesPerSecond === null ? 0 : (bytes * 1000) / maxBytesPerSecond
  return Math.ceil(Math.max(bytesTake ?? 0, entriesTake ?? 0, limitedMs))
}

// Reading, sending and writing go on at the same time: the slowest of them is what it takes.
const copyAsMeasured = (
  { bytes, entries }: Amount,
  { rates, unknown }: Measured,
  maxBytesPerSecond: number | null,
): Pick<Forecast, 'copyMs' | 'slowest'> & { readonly unknown: readonly string[] } => {
  const all = [
    { part: 'line', unit: 'bytes/s', rate: rates.lineBytesPerSecond },
    { part: 'reading', unit: 'bytes/s', rate: rates.readBytesPerSecond },
    { part: 'reading', unit: 'files/s', rate: rates.readFilesPerSecond },
    { part: 'writing', unit: 'bytes/s', rate: rates.writeBytesPerSecond },
    { part: 'writing', unit: 'files/s', rate: rates.writeFilesPerSecond },
    ...(maxBytesPerSecond === null ? [] : [{ part: 'limit', unit: 'bytes/s', rate: maxBytesPerSecond } as const]),
  ] as const
  const amountIn = (unit: Slowest['unit']): number => (unit === 'bytes/s' ? bytes : entries)
  const lacking = all.filter(({ unit, rate }) => rate === null && amountIn(unit) >= least[unit])
  if (lacking.length > 0) {
    const parts = [...new Set(lacking.map(({ part }) => part))]
    return { copyMs: null, unknown: parts.map((part) => unknown[part] ?? tooLittle[part]) }
  }
  const took = all.flatMap(({ part, unit, rate }) =>
    rate === null ? [] : [{ part, unit, rate, ms: (amountIn(unit) * 1000) / rate }],
  )
  const [slowest] = took.toSorted((a, b) => b.ms - a.ms)
  if (slowest === undefined) return { copyMs: 0, unknown: [] }
  const { ms, ...what } = slowest
  return { copyMs: Math.ceil(ms), slowest: what, unknown: [] }
}

const tooLittle: Readonly<Record<Part, string>> = {
  line: 'How long copying takes is not known: the line brought too little while it was measured.',
  reading: 'How long copying takes is not known: of what is in the volumes too little could be read to measure it by.',
  writing: 'How long copying takes is not known: too little was written while it was measured.',
  limit: '',
}

const isUp = (state: string): boolean => ['running', 'paused', 'restarting'].includes(state)

// Of how long an application takes to stop and to start, and how much it writes meanwhile, no measurement of hosts tells.
const downtimeWords = ({ container: { name, state } }: Pick<Plan, 'container'>, { maxDowntimeMs }: Limits): string =>
  isUp(state)
    ? `The downtime is not known until ${name} has moved between these hosts once: it is what ${name} takes to stop and to start, and one last round, before which copying goes on until that round is expected to take no more than ${maxDowntimeMs} ms (--max-downtime).`
    : `${name} does not run: there is no downtime to foresee.`

// measured: null where nothing was.
export const forecast = (
  { container, volumes }: Pick<Plan, 'container' | 'volumes'>,
  past: readonly Past[],
  limits: Limits,
  measured: Measured | null,
): Forecast => {
  const amount = amountOf(volumes)
  const own = past.filter((one) => one.container === container.name && one.downtimeMs !== null)
  const downtimeMs = median(own.map((one) => one.downtimeMs ?? 0))
  const asBefore = copyMsAsBefore(amount, past, limits.maxBytesPerSecond)
  const { unknown: why, ...copy } =
    asBefore !== null || measured === null
      ? { copyMs: asBefore, unknown: [] }
      : { ...copyAsMeasured(amount, measured, limits.maxBytesPerSecond), measured: measured.rates }
  const unknown = [...why, ...(downtimeMs === null ? [downtimeWords({ container }, limits)] : [])]
  return { ...copy, downtimeMs, basedOn: past.length, ...(unknown.length === 0 ? {} : { unknown }) }
}

// What of each volume is on the target from an earlier move: the base of what is sent.
export const withKept = (volumes: Plan['volumes'], kept: Receipt | null): Plan['volumes'] =>
  volumes.map((volume) => {
    const there = kept?.volumes.find(({ name }) => name === volume.name)
    return there === undefined || !volume.copied ? volume : { ...volume, keptBytes: there.contentBytes }
  })
