// What this agent depends on may be away for days; it goes on trying, and says so once when it goes and once when it is
// back.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log.ts'
import { type Backoff, backoffMs } from './backoff.ts'

export type Persistence = {
  // The start of a sentence: "The engine at unix:///…".
  readonly what: string
  readonly log: Log
  readonly signal: AbortSignal
  readonly backoff?: Backoff
  // Errors that no waiting helps against: thrown on.
  readonly hopeless?: (thrown: unknown) => boolean
}

const usual: Backoff = { baseMs: 500, capMs: 15_000 }

// Runs `attempt` again and again until it returns or the signal aborts. It calls `up` when it has got through; what it
// throws after that is a new outage.
export const persist = async (
  { what, log, signal, backoff = usual, hopeless = () => false }: Persistence,
  attempt: (up: () => void) => Promise<void>,
): Promise<void> => {
  let failures = 0
  let awaySince: number | null = null
  const up = () => {
    if (awaySince !== null) log.info({ awayMs: Date.now() - awaySince }, `${what} is back`)
    awaySince = null
    failures = 0
  }
  while (!signal.aborted) {
    try {
      return await attempt(up)
    } catch (thrown) {
      if (signal.aborted) return
      if (hopeless(thrown)) throw thrown
      const { code, message } = thrown as { code?: unknown; message?: unknown }
      if (awaySince === null) {
        awaySince = Date.now()
        log.warn({ code, reason: message }, `${what} does not answer; trying again until it does`)
      } else {
        log.debug({ code, reason: message, failures }, `${what} still does not answer`)
      }
      await sleep(backoffMs(failures, backoff), undefined, { signal }).catch(() => {})
      failures += 1
    }
  }
}
