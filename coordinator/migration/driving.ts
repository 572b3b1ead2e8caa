// Drives one migration as far as it may go: through a journal that cannot be written for a while, and no further than an
// operator has settled what was lost.
import type { MigrationError } from '../../shared/api/migrations.ts'
import { AppError, asAppError } from '../../shared/errors.ts'
import { describeError } from './end.ts'
import type { Clock, Holds, Journal } from './ports.ts'
import type { MigrationRecord } from './record.ts'
import type { Runner } from './runner.ts'

// Why a migration is held back: one of its members is.
export const heldBack = (holds: Pick<Holds, 'of'>, { members, request }: MigrationRecord): AppError | null => {
  for (const { lease, containerId } of members) {
    const held = holds.of({ workloadId: lease?.workloadId ?? null, host: request.from, containerId })
    if (held !== null) return held
  }
  return null
}

export type DrivingOptions = {
  readonly journal: Pick<Journal, 'find'>
  readonly drive: Runner['drive']
  readonly holds: Holds
  readonly clock: Clock
  readonly log: { error(facts: object, message: string): void }
  // What each migration waits for just now.
  readonly waiting: Map<string, MigrationError>
  readonly stopping: AbortSignal
  readonly changed: (id: string) => void
  // Of what its end has begun.
  readonly enter: (follower: MigrationRecord) => Promise<void>
}

const longestPauseMs = 60_000

// Resolves when it has ended, or is paused, or the process stops.
export const createDriving = ({
  journal,
  drive,
  holds,
  clock,
  log,
  waiting,
  stopping,
  changed,
  enter,
}: DrivingOptions): ((id: string) => Promise<void>) => {
  const holdOn = async (id: string): Promise<AppError | null> => {
    const record = await journal.find(id)
    return record === null ? null : heldBack(holds, record)
  }

  // Until it has ended, we are told to stop, or it must not go on: then it is left as the journal has it.
  const driveUnlessHeld = async (id: string): Promise<'driven' | 'held'> => {
    const held = new AbortController()
    const look = async (): Promise<void> => {
      const why = await holdOn(id)
      if (why === null) return
      waiting.set(id, standsStill(why))
      changed(id)
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
      if (!held.signal.aborted) await drive(id, AbortSignal.any([stopping, held.signal]))
      return held.signal.aborted ? 'held' : 'driven'
    } finally {
      end()
    }
  }

  const untilItMayGoOn = async (id: string): Promise<void> => {
    while (!stopping.aborted) {
      const bell = Promise.withResolvers<void>()
      const end = holds.onChange(bell.resolve)
      stopping.addEventListener('abort', () => bell.resolve(), { once: true })
      try {
        if ((await holdOn(id)) === null) return
        if (!stopping.aborted) await bell.promise
      } finally {
        end()
      }
    }
  }

  // A journal that cannot be written (a full disk) stops a migration where it is, and it goes on when it can be again.
  return async (id) => {
    for (let pauseMs = 1_000; !stopping.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        while (!stopping.aborted) {
          if ((await driveUnlessHeld(id)) === 'driven') break
          await untilItMayGoOn(id)
          waiting.delete(id)
        }
        // What its end has begun: a way back.
        const next = (await journal.find(id))?.followedBy
        const follower = next ? await journal.find(next) : null
        if (follower !== null && follower.endedAt === null) await enter(follower)
        waiting.delete(id)
        return
      } catch (thrown) {
        log.error({ migration: id, err: thrown }, 'The migration stands still; it is tried again')
        waiting.set(id, standsStill(thrown))
        changed(id)
        await clock.sleep(pauseMs, stopping)
      }
    }
  }
}

const standsStill = (thrown: unknown): MigrationError => {
  const { code, message, details } = asAppError(
    thrown,
    "The coordinator's journal cannot be written, so nothing goes on",
  )
  return describeError(new AppError(code, message, { cause: thrown, details }), null)
}
