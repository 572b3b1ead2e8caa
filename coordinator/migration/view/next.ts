// What an operator is told to do now: where things are, and by which command they go on. Pure.
import { hasEnded, hasMoved, type MigrationError } from '../../../shared/api/migrations.ts'
import type { JournalEntry } from '../ports.ts'
import type { Facts, MigrationRecord } from '../record.ts'
import type { Place } from '../turns/queue.ts'
import { nextOf } from './situation.ts'

export type Standing = {
  readonly record: MigrationRecord
  readonly entries: readonly JournalEntry[]
  readonly facts: Facts
  // What stands in its way just now.
  readonly waiting: MigrationError | null
  // The migration that `followedBy` names.
  readonly follower: MigrationRecord | null
  // Where it waits for its turn.
  readonly place: Place | null
}

export const nextFor = ({ record, entries, facts, waiting, follower, place }: Standing): string => {
  // What an operator's word that a host is down has made of it.
  const fenced = record.warnings.findLast(({ code }) => code === 'host-fenced')
  if (fenced !== undefined) return fenced.message
  if (record.kind === 'finalize') return hasEnded(record.state) ? afterFinalize(record) : whileRemoving(record)
  const { id } = record
  if (place !== null) return `Wait for its turn: ${place.waitsFor}. Or cancel it: dray cancel ${id}.`
  if (record.state === 'paused') {
    return `It goes on when you say so: dray resume ${id}. Or cancel it, and everything is put back: dray cancel ${id}.`
  }
  return hasEnded(record.state) ? afterHandOver(record, facts, follower) : nextOf(record, entries, waiting)
}

const whileRemoving = ({ id, request: { from } }: MigrationRecord): string =>
  `Wait. If ${from} is away, it goes on when ${from} is back; dray cancel ${id} gives it up.`

const afterFinalize = (record: MigrationRecord): string => {
  const { of, subject, state, request } = record
  const { from } = request
  return state === 'completed'
    ? `Nothing of ${subject} is left on ${from} that migration ${of ?? ''} had kept there.${stays(record)}`
    : `${from} keeps what it still has of ${subject}. See the error, mend what it names, and run dray finalize ${of ?? ''} again.`
}

const afterHandOver = (record: MigrationRecord, facts: Facts, follower: MigrationRecord | null): string => {
  const { id, kind, request, subject, state, error } = record
  const { from, to } = request
  switch (state) {
    case 'planned':
    case 'queued':
    case 'running':
    case 'paused':
      return ''
    case 'awaiting-finalize':
      return `${subject} lives on ${to} now. ${kept(record, facts)} Check ${to}. Then dray finalize ${id} removes what ${from} keeps, or dray return ${id} moves it back, sending only what has changed.`
    case 'completed':
      if (follower?.kind === 'finalize') return `${subject} moved to ${to}; nothing of it is left on ${from}.`
      return follower === null
        ? `${subject} moved to ${to}.`
        : `${subject} has moved on since: see migration ${follower.id}.`
    case 'rolled-back':
      if (follower !== null && hasMoved(follower.state)) return wentBack(record, follower)
      return kind === 'return'
        ? `${subject} is on ${from} as it was before. ${to} keeps its copy, set aside. See the error, mend what it names, and run dray return ${record.of ?? ''} again.`
        : `Everything is as it was on ${from}. See the error, mend what it names, and migrate again.`
    case 'cancelled':
      return kind === 'return'
        ? `${subject} is on ${from} as it was before. ${to} keeps its copy, set aside.`
        : `Everything is as it was on ${from}.`
    case 'failed':
      if (error?.step === 'retain') {
        return `${subject} runs on ${to}. What is left of it on ${from} could not be tidied up: see the error, and docs/break-glass.md for what Drayage keeps there.`
      }
      return notUp(record, follower)
  }
}

const kept = (record: MigrationRecord, { isolate }: Facts): string => {
  const { from } = record.request
  const container = isolate?.some(({ volumes }) => volumes.length > 0)
    ? `${from} keeps the stopped container and its data, set aside; nothing starts it by mistake.`
    : `${from} keeps ${stoppedContainers(isolate ?? [])}.`
  return `${container}${stays(record)}`
}

const stoppedContainers = (isolated: NonNullable<Facts['isolate']>): string => {
  const names = isolated.flatMap(({ renamedTo }) => (renamedTo ? [renamedTo] : []))
  const what = isolated.length > 1 ? 'the stopped containers' : 'the stopped container'
  return names.length === 0 ? what : `${what} as ${names.join(', ')}`
}

// What was copied of the host is the host's, and nobody's to remove.
const stays = ({ plan, request: { from } }: MigrationRecord): string => {
  const paths = plan.volumes.flatMap(({ name, ofHost }) => (ofHost ? [name] : []))
  if (paths.length === 0) return ''
  return ` ${paths.join(', ')} ${paths.length === 1 ? 'stays' : 'stay'} on ${from} in ${paths.length === 1 ? 'its' : 'their'} place, and no finalize removes ${paths.length === 1 ? 'it' : 'them'}.`
}

const wentBack = ({ subject, request: { from, to } }: MigrationRecord, follower: MigrationRecord): string =>
  `${subject} did not come up on ${to} and went back to ${from} (${follower.id}). See the error, mend what it names, and migrate again: ${to} keeps its copy as the base, until dray finalize ${follower.id} removes it.`

const notUp = (
  { id, kind, subject, members, plan, request, terms }: MigrationRecord,
  follower: MigrationRecord | null,
): string => {
  const { from, to } = request
  if (follower !== null && !hasEnded(follower.state))
    return `It goes back to ${from} by itself: see migration ${follower.id}.`
  // It was handed over once more: then this migration's target has it no longer.
  if (follower?.state === 'failed')
    return `The way back (${follower.id}) did not come up either: see there where ${subject} is, and what to do.`
  const tried = follower?.kind === 'return' ? ` The way back (${follower.id}) did not succeed: see its error.` : ''
  const project = request.project ?? terms.project
  const what = project === undefined ? plan.container.name : `--project ${project}`
  const all = project === undefined && members.length > 1 ? ' --with-dependents' : ''
  const again = `dray migrate ${what} --from ${to} --to ${from}${all}`
  const back = kind === 'return' ? again : `dray return ${id}`
  const logs = members.map(({ containerName }) => `docker logs ${containerName}`).join(', ')
  return `${to} owns ${subject} and has all of its data, and it did not come up there.${tried} Look at its log on ${to} (${logs}) and start it there, or move it back: ${back}.`
}
