// Drives migrations by their journal: asks decide() what is next, does it, writes down how it went, asks again. It holds
// nothing in memory that it could not do without, so a new process goes on where the last one died.
import type { MigrationError, Progress } from '../../shared/api/migrations.ts'
import { AppError, asAppError, type ErrorCode } from '../../shared/errors.ts'
import { withFailpoints } from '../../shared/failpoints/failpoints.ts'
import { decide, isCommitted, startHasFailed } from './decide.ts'
import { describeError, endOf } from './end.ts'
import type { Clock, Hosts, Journal, JournalEntry } from './ports.ts'
import { type MigrationRecord, memberFacts } from './record.ts'
import { finalizeSteps } from './steps/finalize.ts'
import { steps } from './steps/hand-over.ts'
import { isInsistedOn, type Side, type Step, type StepContext } from './steps/step.ts'
import { factsOf } from './view/view.ts'

export type RunnerEvents = {
  changed(id: string): void
  progress(id: string, progress: Progress): void
  // What a migration waits for just now; null when it goes on.
  waiting(id: string, error: MigrationError | null): void
}

export type RunnerOptions = {
  readonly journal: Journal
  readonly hosts: Hosts
  readonly clock: Clock
  readonly events: RunnerEvents
  readonly newId: () => string
  // How long a step before the commit waits for a host that does not answer, before everything is put back.
  readonly patienceMs: number
  // How long a container without a health check must run on the target before it counts as up.
  readonly settleMs: number
}

export type Runner = {
  // Resolves when the migration has ended, or is paused, or when `stopping` is aborted: then the journal holds all there is to know.
  drive(id: string, stopping: AbortSignal): Promise<void>
  // Interrupts the step that runs now, if it can still be undone. The wish itself is in the journal already.
  interrupt(id: string): void
  // The same for a pause: what is copying now is cut off, and is done again when it is resumed. Other steps are short.
  hush(id: string): void
}

// Worth asking again: somebody did not answer, or a stream was cut. Everything else is an answer. A call that was
// cancelled, and not by us, is how an agent that was told to stop leaves its callers.
const passing: ReadonlySet<ErrorCode> = new Set([
  'DRAYAGE_CANCELLED',
  'DRAYAGE_HOST_OFFLINE',
  'DRAYAGE_AGENT_UNREACHABLE',
  'DRAYAGE_PEER_UNREACHABLE',
  'DRAYAGE_ENGINE_UNREACHABLE',
  'DRAYAGE_TIMEOUT',
  'DRAYAGE_STREAM_DAMAGED',
])

// A host that is away is waited for without end where going on is all there is to do: what is retired there is not
// missed by anybody. And where going back would need the same host: whether the workload has stopped there is then not
// known, and it is not started elsewhere on a guess. And on a way back that nobody asked for: nobody is there to ask again,
// and until it arrives the workload runs nowhere.
const waitsWithoutEnd = ({ kind, terms }: MigrationRecord, { name }: Step): boolean =>
  kind === 'finalize' || (kind === 'return' && (name === 'stop' || terms.unasked === true))

const stepsOf = ({ kind }: MigrationRecord): Readonly<Partial<Record<Step['name'], Step>>> =>
  kind === 'finalize' ? finalizeSteps : steps

const stepOf = (record: MigrationRecord, name: Step['name']): Step => {
  const step = stepsOf(record)[name]
  if (step === undefined) throw new Error(`A ${record.kind} has no step ${name}`)
  return step
}

// Those that carry much, and lose little by being begun anew.
const mayBeHushed: ReadonlySet<Step['name']> = new Set(['image', 'precopy'])
const hushed = new Error('paused')

// A container may be down while its host is waited for, and asking costs next to nothing.
const firstPauseMs = 250
const longestPauseMs = 2_000

export const createRunner = ({ journal, hosts, clock, events, newId, patienceMs, settleMs }: RunnerOptions): Runner => {
  const interrupts = new Map<string, { readonly step: Step['name']; readonly controller: AbortController }>()

  const side = async (host: string): Promise<Side> => ({ ...(await hosts.known(host)), host })

  const contextFor = async (
    record: MigrationRecord,
    entries: readonly JournalEntry[],
    step: Step,
    signal: AbortSignal,
  ): Promise<StepContext> => ({
    record,
    members: record.members.map((member, index) => ({ ...member, facts: memberFacts(factsOf(entries), index) })),
    facts: factsOf(entries),
    source: await side(record.request.from),
    target: await side(record.request.to),
    signal,
    journal,
    now: () => clock.now(),
    settleMs,
    progress: (progress) => events.progress(record.id, { step: step.name, ...progress }),
    round: (round) => journal.addRound(record.id, round),
    rounds: () => journal.rounds(record.id),
    startFailed: startHasFailed(entries),
    warn: async (warnings) => {
      if (warnings.length > 0) await journal.addWarnings(record.id, warnings)
    },
  })

  const patienceWith = (error: AppError, record: MigrationRecord, step: Step, forwardOnly: boolean): number => {
    if (passing.has(error.code) || isInsistedOn(error)) {
      return waitsWithoutEnd(record, step) || forwardOnly ? Number.POSITIVE_INFINITY : patienceMs
    }
    // What was refused on a way back that nobody asked for may be allowed a moment later: a full disk, a busy engine.
    return record.terms.unasked === true && !forwardOnly ? patienceMs : 0
  }

  // Runs an attempt until it succeeds, patience ends, or the signal is aborted.
  const attempt = async <T>(
    id: string,
    step: Step,
    signal: AbortSignal,
    // For how long it is tried again; 0: this is an answer.
    patience: (error: AppError) => number,
    effect: () => Promise<T>,
  ): Promise<T> => {
    let firstFailureAt: number | null = null
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        const result = await effect()
        if (firstFailureAt !== null) events.waiting(id, null)
        return result
      } catch (thrown) {
        const error = asAppError(thrown, `The step ${step.name} failed`)
        const now = clock.now().getTime()
        firstFailureAt ??= now
        if (signal.aborted || now - firstFailureAt >= patience(error)) throw error
        events.waiting(id, describeError(error, step.name))
        events.changed(id)
        await clock.sleep(pauseMs, signal)
      }
    }
  }

  const doStep = async (
    record: MigrationRecord,
    entries: readonly JournalEntry[],
    step: Step,
    stopping: AbortSignal,
  ) => {
    const { id } = record
    const forwardOnly = isCommitted(entries, record.kind)
    const interrupt = new AbortController()
    if (!forwardOnly && step.name !== 'commit') interrupts.set(id, { step: step.name, controller: interrupt })
    const signal = AbortSignal.any([stopping, interrupt.signal])
    const started = { step: step.name, phase: 'started' } as const
    // Asked for meanwhile, a pause comes before the fence, or is refused: nothing between the two.
    if (step.name === 'fence' && !(await journal.appendUnlessPaused(id, started))) return
    if (step.name !== 'fence') await journal.append(id, started)
    events.changed(id)
    try {
      const facts = await attempt(
        id,
        step,
        signal,
        (error) => patienceWith(error, record, step, forwardOnly),
        async () => {
          const context = await contextFor(await reread(record), entries, step, signal)
          return withFailpoints(step.name, () => step.do(context))
        },
      )
      // The commit is written by its own transaction.
      if (step.name !== 'commit') await journal.append(id, { step: step.name, phase: 'done', facts })
    } catch (thrown) {
      if (stopping.aborted) return
      // What it had begun is done again.
      if (interrupt.signal.reason === hushed && !(await reread(record)).cancelRequested) return
      const error = interrupt.signal.aborted
        ? new AppError('DRAYAGE_CANCELLED', `The step ${step.name} was interrupted.`, { cause: thrown })
        : asAppError(thrown, `The step ${step.name} failed`)
      const { code, message, details } = error
      await journal.append(id, { step: step.name, phase: 'failed', error: { code, message, details } })
      if (forwardOnly && step.name !== 'start') {
        await journal.end(id, { state: 'failed', error: describeError(error, step.name) })
      }
    } finally {
      interrupts.delete(id)
    }
  }

  // Undoing has no end but success: what stands in the way is shown, and it is tried again until that is gone.
  const undoStep = async (
    record: MigrationRecord,
    entries: readonly JournalEntry[],
    step: Step,
    stopping: AbortSignal,
  ) => {
    const { id } = record
    await journal.append(id, { step: step.name, phase: 'undo-started' })
    events.changed(id)
    try {
      const { undo } = step
      if (undo !== undefined) {
        await attempt(
          id,
          step,
          stopping,
          () => Number.POSITIVE_INFINITY,
          async () => {
            const context = await contextFor(await reread(record), entries, step, stopping)
            await withFailpoints(`${step.name}.undo`, () => undo(context))
          },
        )
      }
      await journal.append(id, { step: step.name, phase: 'undone' })
    } catch (thrown) {
      if (!stopping.aborted) throw thrown
    }
  }

  const reread = async (record: MigrationRecord): Promise<MigrationRecord> => (await journal.find(record.id)) ?? record

  const end = async (record: MigrationRecord, outcome: 'done' | 'not-up' | 'put-back'): Promise<void> => {
    const entries = await journal.entries(record.id)
    await journal.end(record.id, endOf(record, entries, outcome, newId))
  }

  return {
    drive: async (id, stopping) => {
      while (!stopping.aborted) {
        const record = await journal.find(id)
        if (record === null || record.endedAt !== null) return
        const entries = await journal.entries(id)
        const decision = decide(entries, record)
        if (decision.kind === 'pause') {
          if (!(await journal.standStill(id, 'paused'))) continue
          return events.changed(id)
        }
        if (decision.kind === 'end') await end(record, decision.outcome)
        else if (decision.kind === 'do') await doStep(record, entries, stepOf(record, decision.step), stopping)
        else await undoStep(record, entries, stepOf(record, decision.step), stopping)
        events.changed(id)
      }
    },
    interrupt: (id) => interrupts.get(id)?.controller.abort(),
    hush: (id) => {
      const running = interrupts.get(id)
      if (running !== undefined && mayBeHushed.has(running.step)) running.controller.abort(hushed)
    },
  }
}
