// A migration watched to its end, whatever happens to the connection: by its events, by asking where those do not come,
// and through a coordinator that restarts.
import { hasEnded, type Migration, type MigrationEvent } from '../../shared/api/migrations.ts'
import { AppError, asAppError } from '../../shared/errors.ts'
import type { Client } from './client.ts'

export type Followed =
  | MigrationEvent
  // Said once each time that contact is lost, and once when it is back.
  | { readonly event: 'away'; readonly data: AppError }
  | { readonly event: 'back' }

export type FollowOptions = {
  // How long a coordinator may be away before this gives up; the migration goes on without us.
  readonly giveUpAfterMs: number
  readonly now?: () => number
  readonly pause?: (ms: number) => Promise<void>
}

const firstPauseMs = 200
const longestPauseMs = 2_000

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

// Whether the coordinator may give another answer a moment later. Refusals of the token, or of the id, stay.
const mayPass = (error: AppError): boolean => error.meaning.retry || error.code === 'DRAYAGE_INTERNAL'

export async function* follow(
  client: Pick<Client, 'events' | 'migration'>,
  id: string,
  { giveUpAfterMs, now = () => performance.now(), pause = sleep }: FollowOptions,
): AsyncGenerator<Followed, Migration> {
  let heardAt = now()
  let away = false
  let pauseMs = firstPauseMs

  function* heard(event: MigrationEvent): Generator<Followed> {
    heardAt = now()
    if (away) yield { event: 'back' }
    away = false
    yield event
  }

  for (;;) {
    try {
      for await (const event of client.events(id)) {
        yield* heard(event)
        if (event.event === 'migration' && hasEnded(event.data.state)) return event.data
        pauseMs = firstPauseMs
      }
    } catch {
      // Why the events stopped is of no use to anybody: asking for the migration tells whether it matters.
    }
    try {
      const migration = await client.migration(id)
      yield* heard({ event: 'migration', data: migration })
      if (hasEnded(migration.state)) return migration
    } catch (thrown) {
      const error = asAppError(thrown)
      if (!mayPass(error)) throw error
      if (now() - heardAt > giveUpAfterMs) {
        throw new AppError(
          'DRAYAGE_COORDINATOR_UNREACHABLE',
          `The coordinator has been away for ${Math.round(giveUpAfterMs / 1000)} s, so how migration ${id} ended is not known here. It goes on, or is resumed when the coordinator is back: dray migrations ${id} tells. (${error.message})`,
          { cause: error },
        )
      }
      if (!away) yield { event: 'away', data: error }
      away = true
    }
    await pause(pauseMs)
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}
