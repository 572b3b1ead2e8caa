// How a migration ends, from its journal: pure but for the id of what follows it.
import type { MigrationError, StepName } from '../../shared/api/migrations.ts'
import type { AppError, Finding } from '../../shared/errors.ts'
import { partId } from '../../shared/move-set/part.ts'
import { followUpOf } from './follow-up.ts'
import type { JournalEntry } from './ports.ts'
import type { MigrationEnd, MigrationRecord } from './record.ts'
import { pathsIn } from './view/error-paths.ts'
import { factsOf } from './view/view.ts'

type Described = Pick<AppError, 'message' | 'details'> & { readonly code: string }

export const describeError = ({ code, message, details }: Described, step: StepName | null): MigrationError => ({
  code,
  message,
  step,
  reasons: Array.isArray(details['reasons']) ? (details['reasons'] as Finding[]) : [],
  ...pathsIn(details),
})

const whatFailed = (entries: readonly JournalEntry[]): MigrationError | null => {
  const failure = entries.find(({ phase }) => phase === 'failed')
  return failure?.error ? describeError(failure.error, failure.step) : null
}

// Whose retired copies have been used up, or removed.
const settledBy = (
  record: MigrationRecord,
  entries: readonly JournalEntry[],
  failedBecomes: 'completed' | 'rolled-back' | 'failed',
): Pick<MigrationEnd, 'settles'> => {
  const { hold } = factsOf(entries)
  const parts = record.members.flatMap(({ left }, index) => {
    const taken = hold?.[index]?.retained?.migrationId
    const part = left?.by ?? taken ?? (record.of === null ? null : partId(record.of, index + 1))
    return part === null ? [] : [part]
  })
  return parts.length === 0 ? {} : { settles: { parts, failedBecomes } }
}

export const endOf = (
  record: MigrationRecord,
  entries: readonly JournalEntry[],
  outcome: 'done' | 'not-up' | 'put-back',
  newId: () => string,
): MigrationEnd => {
  const error = whatFailed(entries)
  if (outcome === 'done') {
    return {
      state: record.kind === 'finalize' ? 'completed' : 'awaiting-finalize',
      error: null,
      ...settledBy(record, entries, record.kind === 'return' ? 'rolled-back' : 'completed'),
    }
  }
  if (outcome === 'not-up') {
    const follow = followUpOf(record, factsOf(entries), error?.code ?? '', newId())
    return { state: 'failed', error, ...settledBy(record, entries, 'failed'), ...(follow === null ? {} : { follow }) }
  }
  if (record.cancelRequested && (error === null || error.code === 'DRAYAGE_CANCELLED')) {
    return { state: 'cancelled', error: cancelled(record, error?.step ?? null) }
  }
  return { state: 'rolled-back', error }
}

const cancelled = ({ kind, subject }: MigrationRecord, step: StepName | null): MigrationError => {
  const message =
    kind === 'finalize'
      ? `Removing the old copy of ${subject} was cancelled. What had been removed by then stays so.`
      : `The ${kind === 'move' ? 'migration' : 'return'} of ${subject} was cancelled, and everything was put back.`
  return { code: 'DRAYAGE_CANCELLED', message, step, reasons: [] }
}
