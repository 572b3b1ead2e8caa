import type { Progress, Round, StepName } from '../../shared/api/migrations.ts'
import { AppError, type ErrorCode, type Finding } from '../../shared/errors.ts'
import type { AgentPort, Journal } from './ports.ts'
import type { Facts, Lease, MigrationRecord } from './record.ts'

export type Side = { readonly agent: AgentPort; readonly address: string; readonly host: string }

// What a step works with. `facts` is what the steps above it left in the journal; in an undo, a step's own part is
// missing when it never came to `done`.
export type StepContext = {
  readonly record: MigrationRecord
  readonly facts: Facts
  readonly source: Side
  readonly target: Side
  // Throws if the step `lock` never came so far.
  readonly lease: () => Lease
  // Aborted when the migration is cancelled or the coordinator stops. Undoing is aborted only by the latter.
  readonly signal: AbortSignal
  readonly journal: Pick<Journal, 'acquireLease' | 'commit' | 'beginHook' | 'endHook' | 'hookRuns'>
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
