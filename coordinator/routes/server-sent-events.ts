// The text/event-stream format: https://html.spec.whatwg.org/multipage/server-sent-events.html
import { setTimeout as sleep } from 'node:timers/promises'

export type ServerSentEvent = { readonly event: string; readonly data: unknown }

// Something crosses the wire at least this often, so that neither end nor a proxy in between takes silence for death.
const heartbeatMs = 15_000

const heartbeat = ': heartbeat\n\n'
// JSON has no bare newlines, so one data line holds it.
const written = ({ event, data }: ServerSentEvent): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

// Ends when the events do.
export const eventStream = async function* (
  events: AsyncIterable<ServerSentEvent>,
  { everyMs = heartbeatMs }: { readonly everyMs?: number } = {},
): AsyncGenerator<string> {
  const iterator = events[Symbol.asyncIterator]()
  // At once: until the first bytes, the caller does not know that it was let in.
  yield heartbeat
  let next = iterator.next()
  for (;;) {
    const quiet = new AbortController()
    const timer = sleep(everyMs, 'quiet' as const, { signal: quiet.signal }).catch(() => 'quiet' as const)
    const first = await Promise.race([next, timer]).finally(() => quiet.abort())
    if (first === 'quiet') {
      yield heartbeat
      continue
    }
    if (first.done === true) return
    next = iterator.next()
    // Read in the next turn, or never, when the caller has gone.
    next.catch(() => {})
    yield written(first.value)
  }
}
