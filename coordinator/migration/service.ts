// What the REST routes ask of migrations.
import { ulid } from 'ulid'
import {
  type FinalizeRequest,
  hasEnded,
  type Migration,
  type MigrationError,
  type MigrationEvent,
  type MigrationRequest,
  type MigrationState,
  type ReturnRequest,
} from '../../shared/api/migrations.ts'
import type { Plan } from '../../shared/api/plan.ts'
import { AppError } from '../../shared/errors.ts'
import { withFailpoints } from '../../shared/failpoints/failpoints.ts'
import { isCommitted } from './decide.ts'
import { createDriving, heldBack } from './driving.ts'
import { finalizeOf, wayBack } from './follow-up.ts'
import { nothingToDiscardTo, refusalOf } from './plan/plan.ts'
import { createPlanning, requested } from './plan/planning.ts'
import { subjectOf } from './plan/subject.ts'
import type { Clock, Holds, Hosts, Inventories, Journal } from './ports.ts'
import type { Facts, MigrationRecord, NewMigration } from './record.ts'
import { createRunner } from './runner.ts'
import { mayPause, mayResume } from './turns/pause.ts'
import { defaultLimits, type Limits } from './turns/queue.ts'
import { createSchedule } from './turns/schedule.ts'
import { type Asked, asksTheSame, inProgress, underWay } from './under-way.ts'
import { downtimeMs, factsOf, viewMigration } from './view/view.ts'
import { createWatchers } from './view/watchers.ts'

export type Started = { readonly migration: Migration; readonly created: boolean }

export type MigrationService = {
  // What would happen; refusals stand in it. Throws only where there is nothing to plan: an unknown or offline host, a
  // container that is not there.
  plan(request: MigrationRequest, signal?: AbortSignal): Promise<Plan>
  // Throws every reason why it cannot be, before anything has changed. created: false when the key was used before for
  // the same request.
  start(request: MigrationRequest, idempotencyKey: string | null): Promise<Started>
  // Moves the workload of a migration that was committed back to where it came from, as a migration of its own. Throws
  // DRAYAGE_NOTHING_TO_RETURN, DRAYAGE_RETAINED_CHANGED, and every reason why it cannot be, before anything has changed.
  // One that runs already is the answer.
  return(id: string, request: ReturnRequest, idempotencyKey: string | null): Promise<Started>
  // Removes what a migration has kept where its workload came from, likewise. Throws DRAYAGE_NOTHING_TO_FINALIZE.
  finalize(id: string, request: FinalizeRequest, idempotencyKey: string | null): Promise<Started>
  get(id: string): Promise<Migration>
  list(filter: { readonly state?: MigrationState; readonly limit: number }): Promise<Migration[]>
  // Asks for it; the migration then puts everything back. Throws DRAYAGE_PAST_COMMIT, DRAYAGE_MIGRATION_ENDED.
  cancel(id: string): Promise<Migration>
  // Holds it back at the next point where that can be: between two steps, or in the middle of a copy, which is cut off and
  // later goes on where it was. Only before the source is about to be stopped. Throws DRAYAGE_NOT_PAUSABLE,
  // DRAYAGE_PAST_COMMIT, DRAYAGE_MIGRATION_ENDED.
  pause(id: string): Promise<Migration>
  // It goes on, as soon as it is its turn. One that is not paused goes on anyway. Throws DRAYAGE_MIGRATION_ENDED.
  resume(id: string): Promise<Migration>
  // Ends when the migration has ended, or the signal is aborted.
  watch(id: string, signal: AbortSignal): AsyncIterable<MigrationEvent>
  // Goes on with what the last process left unfinished.
  resumeUnfinished(): Promise<void>
  // Stops driving, at the next point where the journal is complete.
  stop(): Promise<void>
}

export type MigrationServiceOptions = {
  readonly journal: Journal
  readonly hosts: Hosts
  readonly inventories: Inventories
  readonly clock: Clock
  readonly log: {
    info(facts: object, message: string): void
    error(facts: object, message: string): void
  }
  readonly patienceMs?: number
  readonly settleMs?: number
  readonly limits?: Limits
  readonly holds?: Holds
}

const noHolds: Holds = { of: () => null, onChange: () => () => {} }

export const createMigrationService = ({
  journal,
  hosts,
  inventories,
  clock,
  log,
  patienceMs = 60_000,
  settleMs = 3_000,
  limits = defaultLimits,
  holds = noHolds,
}: MigrationServiceOptions): MigrationService => {
  const stopping = new AbortController()
  const waiting = new Map<string, MigrationError>()
  const watchers = createWatchers()

  const newId = () => ulid(clock.now().getTime())

  const runner = createRunner({
    journal,
    hosts,
    clock,
    patienceMs,
    newId: () => newId(),
    settleMs,
    events: {
      changed: (id) => watchers.changed(id),
      progress: (id, progress) => watchers.progress(id, progress),
      waiting: (id, error) => {
        if (error === null) waiting.delete(id)
        else waiting.set(id, error)
      },
    },
  })

  const driveOn = createDriving({
    ...{ journal, holds, clock, log, waiting, stopping: stopping.signal },
    drive: runner.drive,
    changed: watchers.changed,
    enter: (follower) => schedule.enter(follower),
  })
  const schedule = createSchedule({
    ...{ limits, journal, driveOn },
    changed: watchers.changed,
    failed: (id, thrown) => log.error({ migration: id, err: thrown }, 'The migration is not driven any more'),
  })

  const find = async (id: string): Promise<MigrationRecord> => {
    const record = await journal.find(id)
    if (record === null) {
      throw new AppError('DRAYAGE_MIGRATION_NOT_FOUND', `There is no migration ${id}. dray migrations lists them.`)
    }
    return record
  }

  const view = async (record: MigrationRecord): Promise<Migration> => {
    const { id } = record
    const [entries, rounds] = [await journal.entries(id), await journal.rounds(id)]
    const follower = record.followedBy === null ? null : await journal.find(record.followedBy)
    const migration = viewMigration({
      ...{ record, entries, rounds, follower, waiting: waiting.get(id) ?? null },
      place: schedule.placeOf(id),
      ...{ hooks: await journal.hookRuns(id), deliveries: await journal.deliveries(id) },
    })
    const wentBack = migration.downtimeMs === null && follower?.kind === 'return' && follower.of === record.id
    if (!wentBack) return migration
    const { hooks } = migration
    return { ...migration, downtimeMs: downtimeMs(entries, { hooks, followed: await journal.entries(follower.id) }) }
  }

  const plan = createPlanning({ journal, hosts, inventories, view, newId })

  // Accepting is one at a time: two requests for the same container must not both find it free.
  let accepting: Promise<unknown> = Promise.resolve()
  const oneAtATime = <T>(work: () => Promise<T>): Promise<T> => {
    const result = accepting.then(work)
    accepting = result.catch(() => {})
    return result
  }

  const known = async (asked: Asked, key: string | null): Promise<MigrationRecord | null> => {
    const record = key === null ? null : await withFailpoints('idempotency', () => journal.findByKey(key))
    if (record === null) return null
    if (!asksTheSame(record, asked)) {
      throw new AppError(
        'DRAYAGE_IDEMPOTENCY_KEY_REUSED',
        `The Idempotency-Key was used before for another request, migration ${record.id}. Use a new key for a new request.`,
      )
    }
    return record
  }

  const accept = async (asked: NewMigration): Promise<Started> => {
    const { record, created } = await oneAtATime(async () => {
      const earlier = await known(asked, asked.idempotencyKey)
      if (earlier !== null) return { record: earlier, created: false }
      const same = underWay(asked, await journal.unfinished())
      if (same !== null) return { record: same, created: false }
      return { record: await journal.create(asked), created: true }
    })
    if (created) {
      log.info({ migration: record.id, kind: record.kind, ...record.request }, 'Migration accepted')
      await schedule.enter(record)
    }
    return { migration: await view(await find(record.id)), created }
  }

  // A committed migration whose target has the workload still. Throws `code`, with why there is nothing to be done.
  const standing = async (
    id: string,
    code: 'DRAYAGE_NOTHING_TO_RETURN' | 'DRAYAGE_NOTHING_TO_FINALIZE',
  ): Promise<{ record: MigrationRecord; facts: Facts }> => {
    const record = await find(id)
    const nothing = (why: string) => new AppError(code, `Migration ${id}: ${why} Nothing was changed.`)
    if (record.kind === 'finalize')
      throw nothing(`it is a finalize itself; name the migration that it is of, ${record.of}.`)
    if (!hasEnded(record.state)) {
      throw new AppError(
        'DRAYAGE_MIGRATION_IN_PROGRESS',
        `Migration ${id} has not ended. Wait for it, or cancel it; nothing was changed.`,
        { details: { migration: id } },
      )
    }
    const entries = await journal.entries(id)
    if (!isCommitted(entries)) throw nothing(`it was put back, and has kept nothing on ${record.request.from}.`)
    const follower = record.followedBy === null ? null : await journal.find(record.followedBy)
    const wanted = code === 'DRAYAGE_NOTHING_TO_RETURN' ? 'return' : 'finalize'
    if (follower !== null && !hasEnded(follower.state) && follower.kind !== wanted) throw inProgress(follower)
    if (record.state === 'completed' || record.state === 'rolled-back') {
      const why =
        follower?.kind === 'finalize'
          ? `what it had kept on ${record.request.from} was removed by ${follower.id}.`
          : `${record.subject} has gone back to ${record.request.from} since${follower ? ` (${follower.id})` : ''}.`
      throw nothing(why)
    }
    requireNotHeld(heldBack(holds, record))
    return { record, facts: factsOf(entries) }
  }

  const requireNotHeld = (held: AppError | null): void => {
    if (held !== null) throw held
  }

  const requireOwners = async ({ id, members, request }: MigrationRecord, facts: Facts): Promise<void> => {
    for (const [index, { lease, containerName }] of members.entries()) {
      const owner = lease === null ? null : await journal.ownerOf(lease.workloadId)
      if (owner?.host === request.to && owner.containerId === facts.hold?.[index]?.targetContainerId) continue
      throw new AppError(
        'DRAYAGE_NOTHING_TO_RETURN',
        `${containerName} is not where migration ${id} brought it any more: it is on ${owner?.host ?? 'no host known here'}. ` +
          `Nothing was changed. Move it from there: dray migrate ${containerName} --from ${owner?.host ?? 'HOST'} --to ${request.from}.`,
      )
    }
  }

  return {
    plan: (request, signal) => plan(requested(request), {}, { measured: true, signal }),

    start: async (wanted, idempotencyKey) => {
      const move = { kind: 'move', of: null, request: requested(wanted), terms: {} } as const
      const earlier = await known(move, idempotencyKey)
      if (earlier !== null) return { migration: await view(earlier), created: false }
      const { from: host } = move.request
      requireNotHeld(holds.of({ workloadId: null, host, containerId: '' }))
      const planned = await plan(move.request, {}, {})
      const members = planned.members.map(({ id, name }) => ({ containerId: id, containerName: name }))
      for (const { containerId } of members) requireNotHeld(holds.of({ workloadId: null, host, containerId }))
      const subject = subjectOf(planned, move.request)
      const migration = { ...move, id: newId(), subject, members, plan: planned, idempotencyKey }
      // What it has made on the target would be reasons to refuse, and say nothing.
      underWay(migration, await journal.unfinished())
      const refusal = refusalOf(subject, planned.refusals)
      if (refusal) throw refusal
      return accept(migration)
    },

    return: async (id, { discardWrites, overwriteChanged, writableLayer }, idempotencyKey) => {
      const terms = {
        ...(discardWrites ? { discardWrites } : {}),
        ...(overwriteChanged ? { overwriteChanged } : {}),
        ...(writableLayer ? { writableLayer } : {}),
      }
      const earlier = idempotencyKey === null ? null : await journal.findByKey(idempotencyKey)
      if (earlier?.of === id && earlier.kind === 'return') return { migration: await view(earlier), created: false }
      const { record, facts } = await standing(id, 'DRAYAGE_NOTHING_TO_RETURN')
      await requireOwners(record, facts)
      const back = wayBack(record, facts, newId(), terms, idempotencyKey)
      if (back === null) throw new Error(`Migration ${id} was committed without a target`)
      const running = record.followedBy === null ? null : await journal.find(record.followedBy)
      if (running?.kind === 'return' && !hasEnded(running.state))
        return { migration: await view(running), created: false }
      const members = back.members.map(({ containerId }) => containerId)
      const planned = await plan({ ...back.request, container: back.plan.container.id }, terms, { members })
      const refusal = refusalOf(back.subject, planned.refusals)
      if (refusal) throw refusal
      if (discardWrites && planned.builtUpon === undefined) throw nothingToDiscardTo(back.request)
      return accept({ ...back, plan: planned })
    },

    finalize: async (id, { removeImage }, idempotencyKey) => {
      const earlier = idempotencyKey === null ? null : await journal.findByKey(idempotencyKey)
      if (earlier?.of === id && earlier.kind === 'finalize') return { migration: await view(earlier), created: false }
      const { record, facts } = await standing(id, 'DRAYAGE_NOTHING_TO_FINALIZE')
      return accept(finalizeOf(record, facts, newId(), removeImage ? { removeImage } : {}, idempotencyKey))
    },

    get: async (id) => view(await find(id)),

    list: async (filter) => Promise.all((await journal.list(filter)).map(view)),

    cancel: async (id) => {
      const record = await find(id)
      if (hasEnded(record.state)) {
        throw new AppError(
          'DRAYAGE_MIGRATION_ENDED',
          `Migration ${id} has ended (${record.state}); there is nothing to cancel.`,
        )
      }
      if (isCommitted(await journal.entries(id), record.kind)) {
        throw new AppError(
          'DRAYAGE_PAST_COMMIT',
          `Migration ${id} is past its commit: ${record.request.to} owns ${record.subject} now, and it can only go forward.`,
        )
      }
      await journal.requestCancel(id)
      runner.interrupt(id)
      schedule.now(await find(id))
      return view(await find(id))
    },

    pause: async (id) => {
      await journal.requestPause(id, mayPause)
      runner.hush(id)
      const { state } = await find(id)
      // It waits for its turn, and gives up its place until it is resumed.
      if (schedule.placeOf(id) !== null || state === 'queued') {
        await schedule.withdraw(id)
        await journal.standStill(id, 'paused')
      }
      watchers.changed(id)
      return view(await find(id))
    },

    resume: async (id) => {
      const record = await find(id)
      mayResume(record)
      if (record.pauseRequested) {
        await journal.requestResume(id)
        log.info({ migration: id }, 'Migration resumed')
        await schedule.enter(await find(id))
        watchers.changed(id)
      }
      return view(await find(id))
    },

    watch: (id, signal) => watchers.watch(id, async () => view(await find(id)), signal),

    resumeUnfinished: async () => {
      const unfinished = await journal.unfinished()
      // Those under way first, whatever the limits are now: their containers may be down.
      for (const record of unfinished.filter(({ state, cancelRequested }) => state === 'running' || cancelRequested)) {
        log.info({ migration: record.id }, 'Migration resumed from its journal')
        schedule.now(record)
      }
      for (const record of unfinished) {
        if (record.state !== 'paused' && !record.cancelRequested) await schedule.enter(record)
      }
    },

    stop: async () => {
      stopping.abort()
      await schedule.stop()
      watchers.close()
    },
  }
}
