// The note of the migration that a call speaks for.
import { AppError } from '../../shared/errors.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { Note, SourceNote, TargetNote } from '../state/migrations.ts'
import type { State } from '../state/state.ts'
import { type AgentContext, type Done, done } from './context.ts'

// null: nothing was granted, or all was forgotten. For what only undoes: then there is nothing to undo.
export const findNote = <R extends Note['role']>(
  { migrations }: Pick<State, 'migrations'>,
  role: R,
  lease: Lease,
): Extract<Note, { role: R }> | null => {
  const note = migrations.find(lease.migrationId)
  if (note === null) return null
  if (note.role !== role || note.workloadId !== lease.workloadId) {
    throw new AppError(
      'DRAYAGE_INVALID_REQUEST',
      `This host is the ${note.role} of migration ${lease.migrationId} (workload ${note.workloadId}), and was asked for ` +
        `a step of the ${role} (workload ${lease.workloadId}). Nothing was done.`,
    )
  }
  return note as Extract<Note, { role: R }>
}

// What an undo of the source goes by. null: nothing to undo is known of; said aloud where there is no note at all, since
// that is either an undo asked for again after the end, or a note that was lost.
export const noteToUndo = (
  { state, log }: Pick<AgentContext, 'state' | 'log'>,
  what: string,
  containerId: string,
  lease: Lease,
): SourceNote | null => {
  const note = findNote(state, 'source', lease)
  if (note !== null) {
    requireContainer(note, containerId)
    return note
  }
  log.warn({ migration: lease.migrationId, container: containerId }, `No note of this migration is here: ${what}`)
  return null
}

// Puts something of the container back, and takes it out of the note. Where somebody has removed the container there is
// nothing left to put back: the note goes as well, and whoever asked is told DRAYAGE_CONTAINER_NOT_FOUND that once.
export const puttingBack = async (putBack: () => Promise<void>, clear: () => Promise<void>): Promise<Done> => {
  try {
    await putBack()
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'DRAYAGE_CONTAINER_NOT_FOUND') await clear()
    throw thrown
  }
  await clear()
  return done
}

const needed = <N extends Note>(note: N | null, lease: Lease): N => {
  if (note !== null) return note
  throw new AppError(
    'DRAYAGE_EPOCH_STALE',
    `This host holds no grant for migration ${lease.migrationId} of the workload ${lease.workloadId}: it was never ` +
      'given, or the migration has ended here. Nothing was done.',
  )
}

export const sourceNote = (state: Pick<State, 'migrations'>, lease: Lease): SourceNote =>
  needed(findNote(state, 'source', lease), lease)
export const targetNote = (state: Pick<State, 'migrations'>, lease: Lease): TargetNote =>
  needed(findNote(state, 'target', lease), lease)

// The lease names the workload; the container must be the one that it was granted for.
export const requireContainer = (
  note: Pick<SourceNote, 'migrationId' | 'containerId' | 'containerName'>,
  containerId: string,
): void => {
  if (note.containerId === containerId) return
  throw new AppError(
    'DRAYAGE_CONTAINER_CHANGED',
    `Migration ${note.migrationId} moves the container ${note.containerName} (${note.containerId.slice(0, 12)}), and ` +
      `this call was for ${containerId.slice(0, 12)}. Nothing was done.`,
  )
}
