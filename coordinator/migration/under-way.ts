// What is asked for, beside what is under way already. Pure.
import { AppError } from '../../shared/errors.ts'
import type { MigrationRecord, NewMigration } from './record.ts'

export type Asked = Pick<NewMigration, 'kind' | 'of' | 'request' | 'terms'>

export const asksTheSame = (a: Asked, b: Asked): boolean => {
  const [left, right] = [a, b].map(({ kind, of, request, terms }) => JSON.stringify([kind, of, request, terms]))
  return left === right
}

// A host has one volume of a name.
const shareVolumes = (a: NewMigration, b: NewMigration): boolean => {
  if (a.kind === 'finalize' || b.kind === 'finalize' || a.request.from !== b.request.from) return false
  const names = new Set(a.plan.volumes.map(({ name }) => name))
  return b.plan.volumes.some(({ name }) => names.has(name))
}

export const inProgress = ({ id, kind, subject, request: { from } }: MigrationRecord): AppError => {
  const what = { move: 'moved', return: 'returned', finalize: 'removed' }[kind]
  return new AppError(
    'DRAYAGE_MIGRATION_IN_PROGRESS',
    `${subject} on ${from} is being ${what} already, by migration ${id}. Wait for it, or cancel it.`,
    { details: { migration: id } },
  )
}

const shared = ({ id, subject, request: { from } }: MigrationRecord): AppError =>
  new AppError(
    'DRAYAGE_MIGRATION_IN_PROGRESS',
    `It has a volume in common with ${subject} on ${from}, which is being moved by migration ${id}. Nothing was changed. Wait for it, or cancel it.`,
    { details: { migration: id } },
  )

// The one that asks for the very same; null: nothing is in the way. Throws DRAYAGE_MIGRATION_IN_PROGRESS where another
// moves one of the containers, or one of their volumes.
export const underWay = (asked: NewMigration, unfinished: readonly MigrationRecord[]): MigrationRecord | null => {
  const wanted = new Set(asked.members.map(({ containerId }) => containerId))
  const running = unfinished.find(
    ({ members, request: { from } }) =>
      from === asked.request.from && members.some(({ containerId }) => wanted.has(containerId)),
  )
  if (running !== undefined && running.of !== null && asksTheSame(running, asked)) return running
  if (running !== undefined) throw inProgress(running)
  const sharing = unfinished.find((other) => shareVolumes(other, asked))
  if (sharing !== undefined) throw shared(sharing)
  return null
}
