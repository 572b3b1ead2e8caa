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
  type Plan,
  type ReturnRequest,
} from '../../shared/api/migrations.ts'
import { AppError, asAppError, type Finding } from '../../shared/errors.ts'
import { withFailpoints } from '../../shared/failpoints/failpoints.ts'
import { isCommitted } from './decide.ts'
import { describeError } from './end.ts'
import { finalizeOf, wayBack } from './follow-up.ts'
import { assess, nothingToDiscardTo, refusalOf } from './plan.ts'
import type { Clock, Holds, Hosts, Journal } from './ports.ts'
import {
  type AcceptedRequest,
  accepted,
  type Facts,
  type MigrationRecord,
  type NewMigration,
  type Terms,
} from './record.ts'
import { createRunner } from './runner.ts'
import { downtimeMs, factsOf, viewMigration } from './view.ts'
import { createWatchers } from './watchers.ts'

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
  readonly clock: Clock
  readonly log: {
    info(facts: object, message: string): void
    error(facts: object, message: string): void
  }
  readonly patienceMs?: number
  readonly settleMs?: number
  readonly holds?: Holds
}

const noHolds: Holds = { of: () => null, onChange: () => () => {} }

const longestPauseMs = 60_000

export const createMigrationService = ({
  journal,
  hosts,
  clock,
  log,
  patienceMs = 60_000,
  settleMs = 3_000,
  holds = noHolds,
}: MigrationServiceOptions): MigrationService => {
  const stopping = new AbortController()
  const driving = new Map<string, Promise<void>>()
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

  const holdOn = async (id: string): Promise<AppError | null> => {
    const record = await journal.find(id)
    return record === null ? null : holds.of(subjectOf(record))
  }

  // Until it has ended, we are told to stop, or it must not go on: then it is left as the journal has it.
  const driveUnlessHeld = async (id: string): Promise<'driven' | 'held'> => {
    const held = new AbortController()
    const look = async (): Promise<void> => {
      const why = await holdOn(id)
      if (why === null) return
      waiting.set(id, standsStill(why))
      watchers.changed(id)
      held.abort()
    }
    const end = holds.onChange(() => {
      look().catch((thrown) => {
        log.error({ migration: id, err: thrown }, 'It cannot be told whether the migration may go on')
        held.abort()
      })
    })
    try {
      await look()
      if (!held.signal.aborted) await runner.drive(id, AbortSignal.any([stopping.signal, held.signal]))
      return held.signal.aborted ? 'held' : 'driven'
    } finally {
      end()
    }
  }

  const untilItMayGoOn = async (id: string): Promise<void> => {
    while (!stopping.signal.aborted) {
      const changed = Promise.withResolvers<void>()
      const end = holds.onChange(changed.resolve)
      stopping.signal.addEventListener('abort', () => changed.resolve(), { once: true })
      try {
        if ((await holdOn(id)) === null) return
        if (!stopping.signal.aborted) await changed.promise
      } finally {
        end()
      }
    }
  }

  // A journal that cannot be written (a full disk) stops a migration where it is, and it goes on when it can be again.
  const driveOn = async (id: string): Promise<void> => {
    for (let pauseMs = 1_000; !stopping.signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        while (!stopping.signal.aborted) {
          if ((await driveUnlessHeld(id)) === 'driven') break
          await untilItMayGoOn(id)
          waiting.delete(id)
        }
        // What its end has begun: a way back.
        const next = (await journal.find(id))?.followedBy
        if (next) drive(next)
        return
      } catch (thrown) {
        log.error({ migration: id, err: thrown }, 'The migration stands still; it is tried again')
        waiting.set(id, standsStill(thrown))
        watchers.changed(id)
        await clock.sleep(pauseMs, stopping.signal)
      }
    }
  }

  const drive = (id: string): void => {
    if (driving.has(id) || stopping.signal.aborted) return
    const driven = driveOn(id).finally(() => {
      driving.delete(id)
      waiting.delete(id)
      watchers.changed(id)
    })
    driving.set(id, driven)
  }

  const find = async (id: string): Promise<MigrationRecord> => {
    const record = await journal.find(id)
    if (record === null) {
      throw new AppError('DRAYAGE_MIGRATION_NOT_FOUND', `There is no migration ${id}. dray migrations lists them.`)
    }
    return record
  }

  const view = async (record: MigrationRecord): Promise<Migration> => {
    const [entries, rounds] = [await journal.entries(record.id), await journal.rounds(record.id)]
    const follower = record.followedBy === null ? null : await journal.find(record.followedBy)
    const migration = viewMigration(record, entries, rounds, waiting.get(record.id) ?? null, follower)
    const wentBack = migration.downtimeMs === null && follower?.kind === 'return' && follower.of === record.id
    if (!wentBack) return migration
    return { ...migration, downtimeMs: downtimeMs(entries, await journal.entries(follower.id)) }
  }

  const plan = async (
    request: AcceptedRequest,
    { overwriteChanged = false }: Terms,
    signal: AbortSignal | undefined,
  ): Promise<Plan> => {
    if (request.from === request.to) {
      throw new AppError(
        'DRAYAGE_SAME_HOST',
        `${request.container} is to move from ${request.from} to ${request.to}, which is the same host. Name another target.`,
      )
    }
    const [source, target] = await bothHosts(hosts, request)
    const options = signal === undefined ? {} : { signal }
    const workload = await source.agent.describeWorkload(
      { container: request.container, measureVolumes: true },
      options,
    )
    const workloadId = (await journal.workloadOf(request.from, workload.containerId)) ?? ''
    const check = await target.agent.checkTarget({ workload, migrationId: '', workloadId, overwriteChanged }, options)
    return assess(request, workload, check)
  }

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
      const running = (await journal.unfinished()).find(
        ({ containerId, request: { from } }) => containerId === asked.containerId && from === asked.request.from,
      )
      if (running !== undefined && running.of !== null && asksTheSame(running, asked)) {
        return { record: running, created: false }
      }
      if (running !== undefined) throw inProgress(running)
      return { record: await journal.create(asked), created: true }
    })
    if (created) {
      log.info({ migration: record.id, kind: record.kind, ...record.request }, 'Migration accepted')
      drive(record.id)
    }
    return { migration: await view(record), created }
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
          : `${record.containerName} has gone back to ${record.request.from} since${follower ? ` (${follower.id})` : ''}.`
      throw nothing(why)
    }
    requireNotHeld(subjectOf(record))
    return { record, facts: factsOf(entries) }
  }

  const requireNotHeld = (subject: Parameters<Holds['of']>[0]): void => {
    const held = holds.of(subject)
    if (held !== null) throw held
  }

  const requireOwner = async ({ id, lease, request, containerName }: MigrationRecord, facts: Facts): Promise<void> => {
    const owner = lease === null ? null : await journal.ownerOf(lease.workloadId)
    if (owner?.host === request.to && owner.containerId === facts.hold?.targetContainerId) return
    throw new AppError(
      'DRAYAGE_NOTHING_TO_RETURN',
      `${containerName} is not where migration ${id} brought it any more: it is on ${owner?.host ?? 'no host known here'}. ` +
        `Nothing was changed. Move it from there: dray migrate ${containerName} --from ${owner?.host ?? 'HOST'} --to ${request.from}.`,
    )
  }

  return {
    plan: (request, signal) => plan(accepted(request), {}, signal),

    start: async (wanted, idempotencyKey) => {
      const asked = { kind: 'move', of: null, request: accepted(wanted), terms: {} } as const
      const earlier = await known(asked, idempotencyKey)
      if (earlier !== null) return { migration: await view(earlier), created: false }
      requireNotHeld({ workloadId: null, host: asked.request.from, containerId: '' })
      const planned = await plan(asked.request, {}, undefined)
      requireNotHeld({ workloadId: null, host: asked.request.from, containerId: planned.container.id })
      const refusal = refusalOf(planned.container.name, planned.refusals)
      if (refusal) throw refusal
      const { id: containerId, name: containerName } = planned.container
      return accept({ ...asked, id: newId(), containerId, containerName, plan: planned, idempotencyKey })
    },

    return: async (id, { discardWrites, overwriteChanged }, idempotencyKey) => {
      const terms = { ...(discardWrites ? { discardWrites } : {}), ...(overwriteChanged ? { overwriteChanged } : {}) }
      const earlier = idempotencyKey === null ? null : await journal.findByKey(idempotencyKey)
      if (earlier?.of === id && earlier.kind === 'return') return { migration: await view(earlier), created: false }
      const { record, facts } = await standing(id, 'DRAYAGE_NOTHING_TO_RETURN')
      await requireOwner(record, facts)
      const back = wayBack(record, facts, newId(), terms, idempotencyKey)
      if (back === null) throw new Error(`Migration ${id} was committed without a target`)
      const running = record.followedBy === null ? null : await journal.find(record.followedBy)
      if (running?.kind === 'return' && !hasEnded(running.state))
        return { migration: await view(running), created: false }
      const planned = await plan({ ...back.request, container: back.containerId }, terms, undefined)
      const refusal = refusalOf(back.containerName, planned.refusals)
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
          `Migration ${id} is past its commit: ${record.request.to} owns ${record.containerName} now, and it can only go forward.`,
        )
      }
      await journal.requestCancel(id)
      runner.interrupt(id)
      drive(id)
      return view(await find(id))
    },

    watch: (id, signal) => watchers.watch(id, async () => view(await find(id)), signal),

    resumeUnfinished: async () => {
      for (const { id } of await journal.unfinished()) {
        log.info({ migration: id }, 'Migration resumed from its journal')
        drive(id)
      }
    },

    stop: async () => {
      stopping.abort()
      await Promise.all(driving.values())
      watchers.close()
    },
  }
}

type Asked = Pick<NewMigration, 'kind' | 'of' | 'request' | 'terms'>

const asksTheSame = (a: Asked, b: Asked): boolean => {
  const [left, right] = [a, b].map(({ kind, of, request, terms }) => JSON.stringify([kind, of, request, terms]))
  return left === right
}

const inProgress = ({ id, kind, containerName, request: { from } }: MigrationRecord): AppError => {
  const what = { move: 'moved', return: 'returned', finalize: 'removed' }[kind]
  return new AppError(
    'DRAYAGE_MIGRATION_IN_PROGRESS',
    `${containerName} on ${from} is being ${what} already, by migration ${id}. Wait for it, or cancel it.`,
    { details: { migration: id } },
  )
}

// Both are asked before either is reported, so that two missing hosts are two reasons in one answer.
const bothHosts = async (hosts: Hosts, { from, to }: MigrationRequest) => {
  const [source, target] = await Promise.allSettled([hosts.online(from), hosts.online(to)])
  if (source.status === 'fulfilled' && target.status === 'fulfilled') return [source.value, target.value] as const
  const reasons: Finding[] = [source, target].flatMap((outcome) => {
    if (outcome.status === 'fulfilled') return []
    const { code, message } = asAppError(outcome.reason)
    return [{ code, message }]
  })
  throw refusalOf(`The container`, reasons) ?? new Error('Neither host failed')
}

const subjectOf = ({ lease, request, containerId }: MigrationRecord) => ({
  workloadId: lease?.workloadId ?? null,
  host: request.from,
  containerId,
})

const standsStill = (thrown: unknown): MigrationError => {
  const { code, message, details } = asAppError(
    thrown,
    "The coordinator's journal cannot be written, so nothing goes on",
  )
  return describeError(new AppError(code, message, { cause: thrown, details }), null)
}
