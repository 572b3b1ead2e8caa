// What the REST routes ask of migrations.
import { ulid } from 'ulid'
import {
  hasEnded,
  type Migration,
  type MigrationError,
  type MigrationEvent,
  type MigrationRequest,
  type MigrationState,
  type Plan,
} from '../../shared/api/migrations.ts'
import { AppError, asAppError, type Finding } from '../../shared/errors.ts'
import { withFailpoints } from '../../shared/failpoints/failpoints.ts'
import { isCommitted } from './decide.ts'
import { assess, refusalOf } from './plan.ts'
import type { Clock, Holds, Hosts, Journal } from './ports.ts'
import { type AcceptedRequest, accepted, type MigrationRecord } from './record.ts'
import { createRunner, describeError } from './runner.ts'
import { viewMigration } from './view.ts'
import { createWatchers } from './watchers.ts'

export type MigrationService = {
  // What would happen; refusals stand in it. Throws only where there is nothing to plan: an unknown or offline host, a
  // container that is not there.
  plan(request: MigrationRequest, signal?: AbortSignal): Promise<Plan>
  // Throws every reason why it cannot be, before anything has changed. created: false when the key was used before for
  // the same request.
  start(
    request: MigrationRequest,
    idempotencyKey: string | null,
  ): Promise<{ readonly migration: Migration; readonly created: boolean }>
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

  const runner = createRunner({
    journal,
    hosts,
    clock,
    patienceMs,
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
    if (record === null) return null
    const { containerId, lease, request } = record
    return holds.of({ workloadId: lease?.workloadId ?? null, host: request.from, containerId })
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
          if ((await driveUnlessHeld(id)) === 'driven') return
          await untilItMayGoOn(id)
          waiting.delete(id)
        }
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
    return viewMigration(record, entries, rounds, waiting.get(record.id) ?? null)
  }

  const plan = async (request: AcceptedRequest, signal: AbortSignal | undefined): Promise<Plan> => {
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
    const check = await target.agent.checkTarget({ workload, migrationId: '' }, options)
    return assess(request, workload, check)
  }

  // Accepting is one at a time: two requests for the same container must not both find it free.
  let accepting: Promise<unknown> = Promise.resolve()
  const oneAtATime = <T>(work: () => Promise<T>): Promise<T> => {
    const result = accepting.then(work)
    accepting = result.catch(() => {})
    return result
  }

  const known = async (request: AcceptedRequest, key: string | null): Promise<MigrationRecord | null> => {
    const record = key === null ? null : await withFailpoints('idempotency', () => journal.findByKey(key))
    if (record === null) return null
    if (JSON.stringify(record.request) !== JSON.stringify(request)) {
      throw new AppError(
        'DRAYAGE_IDEMPOTENCY_KEY_REUSED',
        `The Idempotency-Key was used before for another request, migration ${record.id}. Use a new key for a new request.`,
      )
    }
    return record
  }

  const accept = async (request: AcceptedRequest, key: string | null, planned: Plan) =>
    oneAtATime(async () => {
      const earlier = await known(request, key)
      if (earlier !== null) return { record: earlier, created: false }
      const running = (await journal.unfinished()).find(
        ({ containerId, request: { from } }) => containerId === planned.container.id && from === request.from,
      )
      if (running !== undefined) {
        throw new AppError(
          'DRAYAGE_MIGRATION_IN_PROGRESS',
          `${planned.container.name} on ${request.from} is being moved already, by migration ${running.id}. Wait for it, or cancel it.`,
          { details: { migration: running.id } },
        )
      }
      const record = await journal.create({
        id: ulid(clock.now().getTime()),
        request,
        containerId: planned.container.id,
        containerName: planned.container.name,
        plan: planned,
        idempotencyKey: key,
      })
      return { record, created: true }
    })

  return {
    plan: (request, signal) => plan(accepted(request), signal),

    start: async (asked, idempotencyKey) => {
      const request = accepted(asked)
      const earlier = await known(request, idempotencyKey)
      if (earlier !== null) return { migration: await view(earlier), created: false }
      const notNow = holds.of({ workloadId: null, host: request.from, containerId: '' })
      if (notNow !== null) throw notNow
      const planned = await plan(request, undefined)
      const held = holds.of({ workloadId: null, host: request.from, containerId: planned.container.id })
      if (held !== null) throw held
      const refusal = refusalOf(planned.container.name, planned.refusals)
      if (refusal) throw refusal
      const { record, created } = await accept(request, idempotencyKey, planned)
      if (created) {
        log.info({ migration: record.id, ...request }, 'Migration accepted')
        drive(record.id)
      }
      return { migration: await view(record), created }
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
      if (isCommitted(await journal.entries(id))) {
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

const standsStill = (thrown: unknown): MigrationError => {
  const { code, message, details } = asAppError(
    thrown,
    "The coordinator's journal cannot be written, so nothing goes on",
  )
  return describeError(new AppError(code, message, { cause: thrown, details }), null)
}
