// When to stop copying from a source that runs, and stop the source: pure, from what the rounds so far have shown.
//
// The last round has to carry what changes while the round before it is made, and it costs a walk of the volume even where
// nothing has changed. Both are known from the rounds so far: how fast things change from what a round found changed since
// the one before, how fast they cross from the round that carried most.
import type { MigrationOptions } from '../../shared/api/migration-options.ts'

// One round of all volumes together.
export type MeasuredRound = {
  readonly startedAtMs: number
  readonly durationMs: number
  // And then reading back what it wrote, before the next could begin.
  readonly rereadMs: number
  readonly entries: number
  readonly bytes: number
}

export type StopReason =
  // The last round is predicted to take no longer than the budget.
  | 'fits'
  // Another round would not be much shorter: the source changes as fast as it is copied.
  | 'no-longer-shrinking'
  | 'most-rounds'

export type Verdict =
  | { readonly kind: 'continue'; readonly predictedMs: number | null }
  | { readonly kind: 'stop'; readonly reason: StopReason; readonly predictedMs: number | null }

export type Bounds = Pick<MigrationOptions, 'maxDowntimeMs' | 'maxRounds'>

// A round that takes more than this part of the one before has not shrunk.
const shrinks = 0.7
// What an entry costs beside its bytes, as bytes: opening, creating and describing a small file takes about as long as
// carrying this much of a large one.
const entryCost = 16 * 1024

const workOf = ({ bytes, entries }: { bytes: number; entries: number }): number => bytes + entries * entryCost

// How long the round after these would take. null: one round alone shows nothing of how fast things change.
export const predictMs = (rounds: readonly MeasuredRound[]): number | null => {
  const [last, before] = [rounds.at(-1), rounds.at(-2)]
  if (last === undefined || before === undefined) return null
  const workPerMs = Math.max(...rounds.map((round) => workOf(round) / Math.max(round.durationMs, 1)))
  const changedWithinMs = Math.max(last.startedAtMs - before.startedAtMs, 1)
  const changing = workOf(last) / changedWithinMs
  if (workPerMs === 0) return last.durationMs
  const walkMs = Math.max(0, last.durationMs - workOf(last) / workPerMs)
  return Math.round(walkMs + (changing * (last.durationMs + last.rereadMs)) / workPerMs)
}

export const assessRounds = (rounds: readonly MeasuredRound[], { maxDowntimeMs, maxRounds }: Bounds): Verdict => {
  const [last, before] = [rounds.at(-1), rounds.at(-2)]
  const predictedMs = predictMs(rounds)
  if (predictedMs !== null && predictedMs <= maxDowntimeMs) return { kind: 'stop', reason: 'fits', predictedMs }
  if (rounds.length >= maxRounds) return { kind: 'stop', reason: 'most-rounds', predictedMs }
  if (last !== undefined && before !== undefined && last.durationMs > before.durationMs * shrinks) {
    return { kind: 'stop', reason: 'no-longer-shrinking', predictedMs }
  }
  return { kind: 'continue', predictedMs }
}
