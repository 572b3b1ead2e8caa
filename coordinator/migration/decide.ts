// What to do next, from the journal alone. Pure: the same answer after a crash as before it.
import type { StepName } from '../../shared/api/migrations.ts'
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

// The pivot: before it a failure undoes, after it there is only forward.
export const pivot: StepName = 'commit'

export type Decision =
  | { readonly kind: 'do'; readonly step: StepName }
  | { readonly kind: 'undo'; readonly step: StepName }
  | { readonly kind: 'end'; readonly outcome: 'moved' | 'put-back' }

export type Entry = { readonly step: StepName; readonly phase: JournalPhase }

// The last thing known of each step. `started` and `failed` both mean that its effect may or may not have happened.
export const lastPhases = (entries: readonly Entry[]): ReadonlyMap<StepName, JournalPhase> =>
  new Map(entries.map(({ step, phase }) => [step, phase]))

export const isCommitted = (entries: readonly Entry[]): boolean =>
  entries.some(({ step, phase }) => step === pivot && phase === 'done')

export const decide = (entries: readonly Entry[], { cancelRequested }: { cancelRequested: boolean }): Decision => {
  const last = lastPhases(entries)
  const firstToDo = stepOrder.find((step) => last.get(step) !== 'done')

  if (isCommitted(entries)) {
    return firstToDo === undefined ? { kind: 'end', outcome: 'moved' } : { kind: 'do', step: firstToDo }
  }
  const turningBack =
    cancelRequested || entries.some(({ phase }) => phase === 'failed' || phase === 'undo-started' || phase === 'undone')
  if (!turningBack && firstToDo !== undefined) return { kind: 'do', step: firstToDo }

  const lastToUndo = stepOrder.findLast((step) => last.has(step) && last.get(step) !== 'undone')
  return lastToUndo === undefined ? { kind: 'end', outcome: 'put-back' } : { kind: 'undo', step: lastToUndo }
}
