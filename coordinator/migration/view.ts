// A migration as people and scripts see it, from its record and its journal.
import type { LiveCopy, Migration, MigrationError, MigrationKind, Round, Step } from '../../shared/api/migrations.ts'
import { lastPhases, protocols } from './decide.ts'
import { pathsIn } from './error-paths.ts'
import { nextFor } from './next.ts'
import type { JournalEntry, JournalPhase } from './ports.ts'
import type { Facts, MigrationRecord } from './record.ts'
import { situationOf, turnedBackBy } from './situation.ts'

export const factsOf = (entries: readonly JournalEntry[]): Facts =>
  Object.assign({}, ...entries.filter(({ phase }) => phase === 'done').map(({ facts }) => facts ?? {}))

const stepStates: Readonly<Record<JournalPhase, Step['state']>> = {
  started: 'running',
  done: 'done',
  failed: 'failed',
  'undo-started': 'undoing',
  undone: 'undone',
}

const viewSteps = (kind: MigrationKind, entries: readonly JournalEntry[]): Step[] => {
  const last = lastPhases(entries)
  return protocols[kind].order.map((name) => {
    const own = entries.filter(({ step }) => step === name)
    const phase = last.get(name)
    const latest = own.at(-1)
    const ended = latest !== undefined && latest.phase !== 'started' && latest.phase !== 'undo-started'
    return {
      name,
      state: phase === undefined ? 'pending' : stepStates[phase],
      startedAt: own[0]?.at.toISOString() ?? null,
      endedAt: ended ? latest.at.toISOString() : null,
    }
  })
}

// From asking the source to stop until the target was up (healthy, or started where it has no health check), or until
// the source ran again. followed: the journal of the way back, where the target did not come up.
export const downtimeMs = (entries: readonly JournalEntry[], followed: readonly JournalEntry[] = []): number | null => {
  const facts = factsOf(entries)
  const asked = entries.find(({ step, phase }) => step === 'stop' && phase === 'started')
  if (asked === undefined || facts.stop?.wasRunning === false) return null
  const restarted = entries.find(({ step, phase }) => step === 'stop' && phase === 'undone')
  const startedAt = facts.start?.upAt ?? factsOf(followed).start?.upAt
  const upAt = startedAt ? new Date(startedAt) : restarted?.at
  return upAt === undefined ? null : upAt.getTime() - asked.at.getTime()
}

const viewLiveCopy = ({ precopy, finalcopy }: Facts): LiveCopy | null =>
  precopy === undefined
    ? null
    : {
        rounds: precopy.rounds,
        stopped: precopy.reason,
        predictedMs: precopy.predictedMs,
        finalMs: finalcopy?.durationMs ?? null,
      }

const whyPutBack = (entries: readonly JournalEntry[]): MigrationError | null => {
  const failure = turnedBackBy(entries)
  if (failure?.error == null) return null
  const { code, message, details } = failure.error
  const reasons = Array.isArray(details['reasons']) ? (details['reasons'] as MigrationError['reasons']) : []
  return { code, message, step: failure.step, reasons, ...pathsIn(details) }
}

export const viewMigration = (
  record: MigrationRecord,
  entries: readonly JournalEntry[],
  rounds: readonly Round[],
  waiting: MigrationError | null = null,
  // The one in `followedBy`.
  follower: MigrationRecord | null = null,
): Migration => {
  const facts = factsOf(entries)
  return {
    id: record.id,
    kind: record.kind,
    of: record.of,
    followedBy: record.followedBy,
    container: { id: record.containerId, name: record.containerName },
    from: record.request.from,
    to: record.request.to,
    options: record.request.options,
    state: record.state,
    steps: viewSteps(record.kind, entries),
    rounds: [...rounds],
    liveCopy: viewLiveCopy(facts),
    bytesSent: rounds.reduce((sum, { bytesSent }) => sum + bytesSent, 0),
    bytesTotal: record.plan.totalBytes,
    downtimeMs: downtimeMs(entries),
    targetContainerId: facts.hold?.targetContainerId ?? null,
    receipt: facts.finalcopy?.receipt ?? null,
    warnings: record.warnings.map(({ code, message }) => ({ code, message })),
    error: record.error ?? whyPutBack(entries),
    waiting,
    situation: situationOf(record, entries, facts),
    next: nextFor(record, entries, facts, waiting, follower),
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
    endedAt: record.endedAt?.toISOString() ?? null,
  }
}
