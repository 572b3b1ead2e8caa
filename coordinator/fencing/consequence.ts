// What becomes of a migration that waits for a host which is declared down. Pure; what it says is what guarded-hosts.ts,
// the steps and return.ts do.
import { type Entry, isCommitted, lastPhases } from '../migration/decide.ts'
import type { MigrationRecord } from '../migration/record.ts'

export type Consequence =
  // Past the commit, the source is down: what it keeps is retired when it is back.
  | 'retired-later'
  // The source is down, and its last copy was verified: the target is started.
  | 'goes-on'
  // The source is down, and its last copy was not verified: never started; put back when the source is back.
  | 'put-back-later'
  // Past the commit, the target is down: it owns the workload.
  | 'owner-down'
  // Before the commit, the target is down: the source goes on.
  | 'put-back-now'

export const consequenceOf = (
  { kind, request, cancelRequested }: Pick<MigrationRecord, 'kind' | 'request' | 'cancelRequested'>,
  entries: readonly Entry[],
  host: string,
): Consequence | null => {
  // Nobody's workload waits for it: it ends, and may be asked for again when the host is back.
  if (kind === 'finalize') return null
  const committed = isCommitted(entries)
  if (request.from === host) {
    if (committed) return 'retired-later'
    const turnedBack =
      cancelRequested ||
      entries.some(({ phase }) => phase === 'failed' || phase === 'undo-started' || phase === 'undone')
    return !turnedBack && lastPhases(entries).get('finalcopy') === 'done' ? 'goes-on' : 'put-back-later'
  }
  if (request.to !== host) return null
  return committed ? 'owner-down' : 'put-back-now'
}

export const describeConsequence = (
  consequence: Consequence,
  { subject, members, request: { from, to } }: Pick<MigrationRecord, 'subject' | 'members' | 'request'>,
): string => {
  switch (consequence) {
    case 'retired-later':
      return `${subject} is owned by ${to}. ${from} is down: what it keeps is stopped and retired by its agent, should it be back, before anything else is done there.`
    case 'goes-on':
      return `The last copy of ${subject} was verified, and ${from} is down: it goes on, and is started on ${to}. Should ${from} be back, what it keeps is retired before anything else is done there.`
    case 'put-back-later':
      return `${subject} stays with ${from}, which is down: its copy on ${to} was not proven whole, and is never started. Nothing of what has crossed is thrown away: it stays in the volumes on ${to} until ${from} is back; then ${subject} is put back there, and what was made on ${to} removed (docs/recovery.md).`
    case 'owner-down':
      return `${subject} is owned by ${to}, which is down, and may have run there: it is not started on ${from} by itself. Bring ${to} back, and start it there (docker start ${members.map(({ containerName }) => containerName).join(' ')}); or, to do without what it wrote there, bring back what ${from} keeps (docs/break-glass.md), then: dray recover.`
    case 'put-back-now':
      return `${subject} stays with ${from}, where everything is put back as it was. What was made on ${to} is removed when it is back.`
  }
}
