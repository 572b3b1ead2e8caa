// What to do next, from the journal alone. Pure: the same answer after a crash as before it.
import type { MigrationKind, StepName } from '../../shared/api/migrations.ts'
import type { JournalPhase } from './ports.ts'

// The order is the protocol: a step may rely on every step above it.
export const stepOrder = [
  'lock',
  'plan',
  'image',
  'hold',
  'precopy',
  'fence',
  'stop',
  'isolate',
  'finalcopy',
  'commit',
  'start',
  'retain',
] as const satisfies readonly StepName[]

export const finalizeOrder = ['lock', 'remove'] as const satisfies readonly StepName[]

// The pivot: before it a failure undoes, after it there is only forward.
export type Protocol = { readonly order: readonly StepName[]; readonly pivot: StepName }

const handOver: Protocol = { order: stepOrder, pivot: 'commit' }

export const protocols: Readonly<Record<MigrationKind, Protocol>> = {
  move: handOver,
  return: handOver,
  finalize: { order: finalizeOrder, pivot: 'remove' },
}

export type Decision =
  | { readonly kind: 'do'; readonly step: StepName }
  | { readonly kind: 'undo'; readonly step: StepName }
  // Until somebody resumes it.
  | { readonly kind: 'pause' }
  // not-up: the workload is the target's, and did not come up there.
  | { readonly kind: 'end'; readonly outcome: 'done' | 'not-up' | 'put-back' }

export type Entry = { readonly step: StepName; readonly phase: JournalPhase }

// The last thing known of each step. `started` and `failed` both mean that its effect may or may not have happened.
export const lastPhases = (entries: readonly Entry[]): ReadonlyMap<StepName, JournalPhase> =>
  new Map(entries.map(({ step, phase }) => [step, phase]))

export const isCommitted = (entries: readonly Entry[], kind: MigrationKind = 'move'): boolean =>
  entries.some(({ step, phase }) => step === protocols[kind].pivot && phase === 'done')

// Past the commit, a start that failed has been answered: what becomes of the workload is for the steps that follow.
export const startHasFailed = (entries: readonly Entry[]): boolean =>
  isCommitted(entries) && lastPhases(entries).get('start') === 'failed'

// From the fence on the source is about to be stopped, and its restart policy is not its own.
export const isHandingOver = (entries: readonly Entry[]): boolean => entries.some(({ step }) => step === 'fence')

export const isTurnedBack = (entries: readonly Entry[]): boolean =>
  entries.some(({ phase }) => phase === 'failed' || phase === 'undo-started' || phase === 'undone')

type Wishes = { readonly cancelRequested: boolean; readonly pauseRequested?: boolean; readonly kind?: MigrationKind }

export const decide = (
  entries: readonly Entry[],
  { cancelRequested, pauseRequested = false, kind = 'move' }: Wishes,
): Decision => {
  const { order } = protocols[kind]
  const last = lastPhases(entries)
  const notUp = kind !== 'finalize' && startHasFailed(entries)
  const firstToDo = order.find((step) => last.get(step) !== 'done' && !(step === 'start' && notUp))

  if (isCommitted(entries, kind)) {
    if (firstToDo !== undefined) return { kind: 'do', step: firstToDo }
    return { kind: 'end', outcome: notUp ? 'not-up' : 'done' }
  }
  const turningBack = cancelRequested || isTurnedBack(entries)
  if (!turningBack && firstToDo !== undefined) {
    if (pauseRequested && kind !== 'finalize' && !isHandingOver(entries)) return { kind: 'pause' }
    return { kind: 'do', step: firstToDo }
  }

  const lastToUndo = order.findLast((step) => last.has(step) && last.get(step) !== 'undone')
  return lastToUndo === undefined ? { kind: 'end', outcome: 'put-back' } : { kind: 'undo', step: lastToUndo }
}
