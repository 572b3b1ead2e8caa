import type { Progress, Round, StepName } from '../../../shared/api/migrations.ts'
import { AppError, type ErrorCode, type Finding } from '../../../shared/errors.ts'
import type { AgentPort, Journal } from '../ports.ts'
import type { Facts, Member, MemberFacts, MigrationRecord } from '../record.ts'

export type Side = { readonly agent: AgentPort; readonly address: string; readonly host: string }

// One of those that move together, with what the steps above left of it in the journal; in an undo, a step's own part is
// missing when it never came to `done`.
export type MovingMember = Member & { readonly facts: MemberFacts }

// What a step works with. `facts` is of all members together, as each has its own.
export type StepContext = {
  readonly record: MigrationRecord
  // In the order in which they are made and started.
  readonly members: readonly MovingMember[]
  readonly facts: Facts
  readonly source: Side
  readonly target: Side
  // Aborted when the migration is cancelled or the coordinator stops. Undoing is aborted only by the latter.
  readonly signal: AbortSignal
  readonly journal: Pick<Journal, 'acquireLeases' | 'commit' | 'beginHook' | 'endHook' | 'hookRuns'>
  readonly now: () => Date
  // How long a container without a health check must run on the target before it counts as up.
  readonly settleMs: number
  readonly progress: (progress: Omit<Progress, 'step'>) => void
  readonly round: (round: Round) => Promise<void>
  // Those that are in the journal, in their order.
  readonly rounds: () => Promise<readonly Round[]>
  // Past the commit: the target did not come up.
  readonly startFailed: boolean
  readonly warn: (warnings: readonly Finding[]) => Promise<void>
}

// What a step above has left. Throws where it did not.
export const needed = <T>(fact: T | undefined, step: string): T => {
  if (fact === undefined) throw new Error(`The journal lacks what the step ${step} should have left in it`)
  return fact
}

// One after the other, since each may rely on those before it; the first that fails ends it.
export const inOrder = async <M, T>(members: readonly M[], work: (member: M) => Promise<T>): Promise<T[]> => {
  const results: T[] = []
  for (const member of members) results.push(await work(member))
  return results
}

// For what is undone, the last first: what stands in the way of one is told when the others have been seen to.
export const undoEach = async <M>(members: readonly M[], undo: (member: M) => Promise<void>): Promise<void> => {
  const failures: unknown[] = []
  for (const member of members.toReversed()) await undo(member).catch((thrown: unknown) => failures.push(thrown))
  if (failures.length > 0) throw failures[0]
}

// Past the commit, what has to be done in the end, and that nobody but an operator can clear the way for: a refusal is shown
// and asked again, as in an undo, and does not end the migration. Not so what has become pointless.
export const insisting = async <T>(effect: () => Promise<T>): Promise<T> => {
  try {
    return await effect()
  } catch (thrown) {
    if (!(thrown instanceof AppError) || final.has(thrown.code)) throw thrown
    throw new AppError(thrown.code, thrown.message, { cause: thrown, details: { ...thrown.details, [insists]: true } })
  }
}

// The order is outdated, or the host is declared down.
const final: ReadonlySet<string> = new Set<ErrorCode>(['DRAYAGE_EPOCH_STALE', 'DRAYAGE_HOST_FENCED'])

const insists = 'insists'
export const isInsistedOn = ({ details }: AppError): boolean => details[insists] === true

// Both `do` and `undo` are idempotent: the runner repeats them whenever their outcome is unknown.
export type Step = {
  readonly name: StepName
  readonly do: (context: StepContext) => Promise<Facts>
  readonly undo?: (context: StepContext) => Promise<void>
}
