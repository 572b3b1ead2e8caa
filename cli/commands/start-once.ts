import type { Migration } from '../../shared/api/migrations.ts'
import { AppError, asAppError } from '../../shared/errors.ts'

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

// A lost answer does not tell whether the migration was started; asking again under the same key does, and starts no
// second one. A coordinator that was never reached is an error at once.
export const startOnce = async (
  start: (key: string) => Promise<Migration>,
  key: string,
  giveUpAfterMs: number,
  say: (text: string) => void,
): Promise<Migration> => {
  const askedAt = performance.now()
  let maybeStarted = false
  for (;;) {
    try {
      return await start(key)
    } catch (thrown) {
      const error = asAppError(thrown)
      const lost = error.details['sent'] === true
      if (!(lost || (maybeStarted && error.code === 'DRAYAGE_COORDINATOR_UNREACHABLE'))) throw error
      if (performance.now() - askedAt > giveUpAfterMs) {
        throw new AppError(
          error.code,
          `${error.message} Whether the migration was started is not known: dray migrations tells; or run this again with --idempotency-key ${key}, which starts no second one.`,
          { cause: error },
        )
      }
      if (!maybeStarted) say('The answer was lost on the way; asking again, which starts no second migration.')
      maybeStarted = true
      await sleep(500)
    }
  }
}
