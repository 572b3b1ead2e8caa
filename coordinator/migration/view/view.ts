// A migration as people and scripts see it, from its record and its journal.
import type {
  HookRun,
  LiveCopy,
  Migration,
  MigrationError,
  MigrationKind,
  Round,
  Step,
  WebhookDelivery,
} from '../../../shared/api/migrations.ts'
import { isCommitted, isTurnedBack, lastPhases, protocols } from '../decide.ts'
import type { JournalEntry, JournalPhase } from '../ports.ts'
import type { Facts, MigrationRecord } from '../record.ts'
import { stopAskedAt } from '../steps/hooks.ts'
import type { Place } from '../turns/queue.ts'
import { pathsIn } from './error-paths.ts'
import { nextFor } from './next.ts'
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

// When the last of the members was up; null: none was started.
const lastUpAt = ({ start = [] }: Facts): string | null =>
  start
    .flatMap(({ upAt }) => (upAt === null ? [] : [upAt]))
    .toSorted()
    .at(-1) ?? null

// From asking the source to stop until the target was up (healthy, or started where it has no health check), or until
// the source ran again. followed: the journal of the way back, where the target did not come up.
export const downtimeMs = (
  entries: readonly JournalEntry[],
  { hooks = [], followed = [] }: { hooks?: readonly HookRun[]; followed?: readonly JournalEntry[] } = {},
): number | null => {
  const facts = factsOf(entries)
  const begun = entries.find(({ step, phase }) => step === 'stop' && phase === 'started')
  const hooked = stopAskedAt(hooks)
  const askedAt = hooked === undefined ? begun?.at : hooked
  if (!askedAt || facts.stop?.every(({ wasRunning }) => !wasRunning)) return null
  const restarted = entries.find(({ step, phase }) => step === 'stop' && phase === 'undone')
  const startedAt = lastUpAt(facts) ?? lastUpAt(factsOf(followed))
  const upAt = startedAt ? new Date(startedAt) : restarted?.at
  return upAt === undefined ? null : upAt.getTime() - askedAt.getTime()
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

// What the target's engine has said of what was made there.
const ofTheTarget: ReadonlySet<string> = new Set(['engine-warning'])

// Of what is put back, or was, only what has happened to it: what would have become of it on the target is not to be.
const warningsOf = (record: MigrationRecord, entries: readonly JournalEntry[]): Migration['warnings'] => {
  const isPutBack = isTurnedBack(entries) && !isCommitted(entries, record.kind)
  const foreseen = new Set(record.plan.warnings.map(({ code }) => code))
  return record.warnings
    .filter(({ code }) => !isPutBack || !(foreseen.has(code) || ofTheTarget.has(code)))
    .map(({ code, message }) => ({ code, message }))
}

export type Seen = {
  readonly record: MigrationRecord
  readonly entries: readonly JournalEntry[]
  readonly rounds: readonly Round[]
  readonly hooks: readonly HookRun[]
  // null: it does not wait for its turn.
  readonly place: Place | null
  readonly deliveries: readonly WebhookDelivery[]
  // What stands in its way just now.
  readonly waiting: MigrationError | null
  // The one in `followedBy`.
  readonly follower: MigrationRecord | null
}

export const viewMigration = (seen: Seen): Migration => {
  const { record, entries, rounds, hooks, place, deliveries, waiting, follower } = seen
  const facts = factsOf(entries)
  const members = record.members.map(({ containerId, containerName }, index) => ({
    ...{ id: containerId, name: containerName },
    targetContainerId: facts.hold?.[index]?.targetContainerId ?? null,
  }))
  return {
    id: record.id,
    kind: record.kind,
    of: record.of,
    followedBy: record.followedBy,
    container: { id: record.plan.container.id, name: record.plan.container.name },
    members,
    from: record.request.from,
    to: record.request.to,
    options: record.request.options,
    state: record.state,
    steps: viewSteps(record.kind, entries),
    rounds: [...rounds],
    liveCopy: viewLiveCopy(facts),
    bytesSent: rounds.reduce((sum, { bytesSent }) => sum + bytesSent, 0),
    bytesTotal: record.plan.totalBytes,
    downtimeMs: downtimeMs(entries, { hooks }),
    targetContainerId: members.find(({ id }) => id === record.plan.container.id)?.targetContainerId ?? null,
    receipt: facts.finalcopy?.receipt ?? null,
    warnings: warningsOf(record, entries),
    error: record.error ?? whyPutBack(entries),
    waiting,
    queue: place,
    pauseRequested: record.pauseRequested,
    hooks: [...hooks],
    webhooks: [...deliveries],
    situation: situationOf(record, entries, facts, hooks, follower),
    next: nextFor({ record, entries, facts, waiting, follower, place }),
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
    endedAt: record.endedAt?.toISOString() ?? null,
  }
}
