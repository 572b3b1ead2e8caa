// When a migration can be paused, and why it cannot. Pure.
import { hasEnded } from '../../../shared/api/migrations.ts'
import { AppError } from '../../../shared/errors.ts'
import { isCommitted, isHandingOver, isTurnedBack } from '../decide.ts'
import type { JournalEntry } from '../ports.ts'
import type { MigrationRecord } from '../record.ts'

// Throws why it may not be.
export const mayPause = (record: MigrationRecord, entries: readonly JournalEntry[]): void => {
  const { id, kind, state, subject, request, cancelRequested } = record
  if (hasEnded(state)) {
    throw new AppError('DRAYAGE_MIGRATION_ENDED', `Migration ${id} has ended (${state}); there is nothing to pause.`)
  }
  if (isCommitted(entries, kind)) {
    throw new AppError(
      'DRAYAGE_PAST_COMMIT',
      `Migration ${id} is past its commit: ${request.to} owns ${subject} now, and it can only go forward.`,
    )
  }
  const refuse = (why: string) => new AppError('DRAYAGE_NOT_PAUSABLE', `Migration ${id} cannot be paused: ${why}`)
  if (kind === 'finalize') throw refuse('it only removes what a move has left, and is soon done. Cancel it instead.')
  if (cancelRequested || isTurnedBack(entries))
    throw refuse('it is being put back as it was, and nothing is gained by waiting.')
  if (isHandingOver(entries)) {
    throw refuse(
      `${subject} on ${request.from} is about to be stopped, or is stopped already, and a pause would leave it down. Wait for the end, or cancel it: dray cancel ${id}.`,
    )
  }
}

export const mayResume = ({ id, state }: MigrationRecord): void => {
  if (!hasEnded(state)) return
  throw new AppError('DRAYAGE_MIGRATION_ENDED', `Migration ${id} has ended (${state}); there is nothing to resume.`)
}
