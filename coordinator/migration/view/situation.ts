// What runs where, where the data is, and what can be done about it, at any moment of a migration, for somebody who was
// called in the night. From the journal alone: what is not known is said to be unknown.
import { type HookRun, hasEnded, type MigrationError, type MigrationKind } from '../../../shared/api/migrations.ts'
import type { ErrorCode } from '../../../shared/errors.ts'
import { isCommitted, lastPhases, startHasFailed } from '../decide.ts'
import type { JournalEntry } from '../ports.ts'
import type { Facts, MigrationRecord } from '../record.ts'
import { stopAskedAt } from '../steps/hooks.ts'

type Names = { readonly name: string; readonly from: string; readonly to: string }

const namesOf = ({ subject, request: { from, to } }: MigrationRecord): Names => ({
  name: subject,
  from,
  to,
})

// What undoes a migration: the first failure, or the wish to cancel it.
export const turnedBackBy = (entries: readonly JournalEntry[]): JournalEntry | null =>
  isCommitted(entries) ? null : (entries.find(({ phase }) => phase === 'failed') ?? null)

const isTurningBack = (record: MigrationRecord, entries: readonly JournalEntry[]): boolean =>
  !isCommitted(entries) &&
  (record.cancelRequested || entries.some(({ phase }) => phase !== 'started' && phase !== 'done'))

// Of the container on the source, before the commit.
const onSource = (
  { name, from }: Names,
  record: MigrationRecord,
  entries: readonly JournalEntry[],
  hooks: readonly HookRun[],
): string => {
  const last = lastPhases(entries)
  const ran = record.plan.members.some(({ state }) => state === 'running' || state === 'restarting')
  const aside = last.has('isolate') && last.get('isolate') !== 'undone'
  switch (last.get('stop')) {
    case undefined:
      return ran ? `${name} runs on ${from}, untouched` : `${name} is on ${from}, not running, as it was found`
    case 'undone':
      return ran ? `${name} runs on ${from} again` : `${name} is on ${from}, not running, as it was found`
    case 'done':
      return `${name} is stopped on ${from} and runs nowhere; all of its data is there${aside ? ', set aside so that nothing starts on it' : ''}`
    default:
      if (stopAskedAt(hooks) === null)
        return `${name} was not told to stop on ${from} yet; its pre-stop hook was run, or is`
      return `${name} was told to stop on ${from}, and whether it has is not known; all of its data is there${aside ? ', set aside' : ''}`
  }
}

const onTarget = ({ to }: Names, kind: MigrationKind, entries: readonly JournalEntry[]): string => {
  const last = lastPhases(entries)
  const hold = last.get('hold')
  if (hold === undefined || hold === 'undone')
    return kind === 'return' ? `${to} keeps its old copy, set aside` : `${to} has nothing of it`
  return last.get('finalcopy') === 'done'
    ? `${to} has a whole copy, which is not in use`
    : `${to} has an unfinished copy, which is not in use`
}

const afterCommit = ({ name, from, to }: Names, entries: readonly JournalEntry[], { stop, start }: Facts): string => {
  const here = stop?.every(({ wasRunning }) => !wasRunning) ? 'is there, not running, as it was found' : 'runs there'
  const kept = `The old copy on ${from} is stopped, and nothing starts it by mistake`
  if (startHasFailed(entries)) return `${to} owns ${name} and has all of its data; it did not come up there. ${kept}.`
  if (start !== undefined || lastPhases(entries).get('start') === 'done')
    return `${to} owns ${name}, and it ${here}. ${kept}.`
  return `${to} owns ${name} and has all of its data; it is being started there, and whether it runs yet is not known. ${kept}.`
}

// What has become of it since, where something has; null: all is as it was left.
const sinceThen = ({ name, from, to }: Names, follower: MigrationRecord | null): string | null => {
  if (follower === null || follower.state === 'rolled-back' || follower.state === 'cancelled') return null
  const { id, kind, state, members } = follower
  if (kind === 'finalize') return state === 'completed' ? `${to} owns ${name}. Nothing of it is left on ${from}.` : null
  if (!hasEnded(state))
    return `${name} is on its way from ${to} to ${from}: migration ${id} says what runs where just now.`
  if (state === 'awaiting-finalize')
    return `${name} is back on ${from}${members.some(({ start }) => start) ? ', and runs there' : ''}: migration ${id} brought it. The copy on ${to} is stopped and kept; nothing starts it by mistake.`
  return `${name} is not as this migration left it: ${id} says what became of it.`
}

const whileFinalizing = ({ name, from }: Names, entries: readonly JournalEntry[], ended: boolean): string => {
  if (isCommitted(entries, 'finalize'))
    return `What ${from} had kept of ${name} is gone. Where it lives was not touched.`
  const begun = lastPhases(entries).has('remove')
  const rest = begun ? `Some of what ${from} keeps of ${name} may be gone` : `${from} keeps what it had of ${name}`
  return `${rest}${ended ? '' : ' for now'}. Where it lives is not touched.`
}

export const situationOf = (
  record: MigrationRecord,
  entries: readonly JournalEntry[],
  facts: Facts,
  hooks: readonly HookRun[] = [],
  // What came after it, and took or removed what it had kept.
  follower: MigrationRecord | null = null,
): string => {
  const names = namesOf(record)
  if (record.kind === 'finalize') return whileFinalizing(names, entries, record.endedAt !== null)
  if (isCommitted(entries)) return sinceThen(names, follower) ?? afterCommit(names, entries, facts)
  if (record.endedAt === null)
    return `${onSource(names, record, entries, hooks)}; ${onTarget(names, record.kind, entries)}.`
  const ran = record.plan.members.some(({ state }) => state === 'running')
  const { name, from, to } = names
  const rest = record.kind === 'return' ? `${to} keeps its old copy, set aside` : `${to} has nothing of it`
  const removed = record.warnings.filter(({ code }) => code === 'source-removed').map(({ message }) => message)
  if (removed.length > 0) {
    const others = record.members.length > removed.length ? ` All else of it is on ${from} as it was.` : ''
    return `${removed.join(' ')}${others} ${rest}.`
  }
  return `${name} is on ${from} as it was${ran ? ', and runs' : ''}; ${rest}.`
}

// A machine that is switched off is not always one that comes back.
const away: ReadonlySet<string> = new Set<ErrorCode>([
  'DRAYAGE_HOST_OFFLINE',
  'DRAYAGE_AGENT_UNREACHABLE',
  'DRAYAGE_PEER_UNREACHABLE',
])

const mendWhat = ({ code }: MigrationError): string =>
  away.has(code) ? 'Bring back the host that it waits for, and the agent there (dray hosts)' : 'Mend what it waits for'

// While it has not ended. waiting: what stands in its way just now.
export const nextOf = (
  record: MigrationRecord,
  entries: readonly JournalEntry[],
  waiting: MigrationError | null,
): string => {
  const { name, from, to } = namesOf(record)
  if (isCommitted(entries)) {
    return waiting
      ? `${mendWhat(waiting)}: then it goes on by itself. It can no longer be cancelled. Do not start ${name} on ${from}. If ${from} is lost for good, dray fence ${from} ends this without it; if ${to} is, docs/break-glass.md says how to bring ${name} back on ${from}.`
      : `Wait: ${to} owns it now, and it can no longer be cancelled.`
  }
  if (isTurningBack(record, entries)) {
    return waiting
      ? `${mendWhat(waiting)}: then the rest is put back by itself. Do not start or remove anything of it by hand meanwhile. If ${to} is lost for good, dray fence ${to} ends this without it; if ${from} cannot be reached and cannot wait, docs/break-glass.md says how to bring ${name} back there.`
      : 'Wait: it is being put back as it was. See the error, mend what it names, and migrate again.'
  }
  return waiting
    ? `${mendWhat(waiting)}, and it goes on by itself; after a while it gives up and puts everything back. Or cancel it: dray cancel ${record.id}.`
    : `Wait, or cancel it (dray cancel ${record.id}): before the commit everything is put back.`
}
