// A migration as people and scripts see it, from its record and its journal.
import type { LiveCopy, Migration, MigrationError, Round, Step } from '../../shared/api/migrations.ts'
import { lastPhases, stepOrder } from './decide.ts'
import type { JournalEntry, JournalPhase } from './ports.ts'
import type { Facts, MigrationRecord } from './record.ts'
import { nextOf, situationOf, turnedBackBy } from './situation.ts'

export const factsOf = (entries: readonly JournalEntry[]): Facts =>
  Object.assign({}, ...entries.filter(({ phase }) => phase === 'done').map(({ facts }) => facts ?? {}))

const stepStates: Readonly<Record<JournalPhase, Step['state']>> = {
  started: 'running',
  done: 'done',
  failed: 'failed',
  'undo-started': 'undoing',
  undone: 'undone',
}

const viewSteps = (entries: readonly JournalEntry[]): Step[] => {
  const last = lastPhases(entries)
  return stepOrder.map((name) => {
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
// the source ran again.
export const downtimeMs = (entries: readonly JournalEntry[]): number | null => {
  const facts = factsOf(entries)
  const asked = entries.find(({ step, phase }) => step === 'stop' && phase === 'started')
  if (asked === undefined || facts.stop?.wasRunning === false) return null
  const restarted = entries.find(({ step, phase }) => step === 'stop' && phase === 'undone')
  const upAt = facts.start?.upAt ? new Date(facts.start.upAt) : restarted?.at
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

const nextFor = (
  record: MigrationRecord,
  entries: readonly JournalEntry[],
  facts: Facts,
  waiting: MigrationError | null,
): string => {
  const { request, containerName, state, error } = record
  // What an operator's word that a host is down has made of it.
  const fenced = record.warnings.findLast(({ code }) => code === 'host-fenced')
  if (fenced !== undefined) return fenced.message
  switch (state) {
    case 'planned':
    case 'running':
      return nextOf(record, entries, waiting !== null)
    case 'awaiting-finalize':
    case 'completed':
      return facts.isolate !== undefined && facts.isolate.volumes.length > 0
        ? `${containerName} lives on ${request.to} now. ${request.from} keeps the stopped container and its data, set aside; nothing starts it by mistake. Check ${request.to}, then remove the old copy by hand when you no longer want it (docs/break-glass.md says how, and how to go back).`
        : `${containerName} lives on ${request.to} now. ${request.from} keeps the stopped container${facts.isolate?.renamedTo ? ` as ${facts.isolate.renamedTo}` : ''}; remove it when you no longer want it (docs/break-glass.md).`
    case 'rolled-back':
      return `Everything is as it was on ${request.from}. See the error, mend what it names, and migrate again.`
    case 'cancelled':
      return `Everything is as it was on ${request.from}.`
    case 'failed':
      if (error?.step === 'retain') {
        return `${containerName} runs on ${request.to}. What is left of it on ${request.from} could not be tidied up: see the error, and docs/break-glass.md for what Drayage keeps there.`
      }
      return `${request.to} owns ${containerName} and has all of its data, and it did not come up there. Look at its log on ${request.to} (docker logs ${containerName}) and start it there, or go back by hand as docs/break-glass.md says.`
  }
}

const whyPutBack = (entries: readonly JournalEntry[]): MigrationError | null => {
  const failure = turnedBackBy(entries)
  if (failure?.error == null) return null
  const { code, message, details } = failure.error
  const reasons = Array.isArray(details['reasons']) ? (details['reasons'] as MigrationError['reasons']) : []
  return { code, message, step: failure.step, reasons }
}

export const viewMigration = (
  record: MigrationRecord,
  entries: readonly JournalEntry[],
  rounds: readonly Round[],
  waiting: MigrationError | null = null,
): Migration => {
  const facts = factsOf(entries)
  return {
    id: record.id,
    container: { id: record.containerId, name: record.containerName },
    from: record.request.from,
    to: record.request.to,
    options: record.request.options,
    state: record.state,
    steps: viewSteps(entries),
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
    next: nextFor(record, entries, facts, waiting),
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
    endedAt: record.endedAt?.toISOString() ?? null,
  }
}
