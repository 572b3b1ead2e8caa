// Sends what was written down, apart from the migrations: nothing waits for it. Each message until the receiver has taken
// it, or for a day; those of one workload in their order, so that an older one never has the last word.
import type { Clock, Journal } from '../migration/ports.ts'
import { bodyOf, signatureOf } from './message.ts'
import type { Delivery, DeliveryStore } from './ports.ts'

export type WebhookSenderOptions = {
  readonly url: string
  readonly secret: string
  readonly deliveries: DeliveryStore
  readonly journal: Pick<Journal, 'find' | 'entries' | 'hookRuns'>
  readonly clock: Clock
  readonly log: { warn(facts: object, message: string): void }
  readonly fetch?: typeof fetch
}

const timeoutMs = 10_000
const firstPauseMs = 1_000
const longestPauseMs = 5 * 60_000
// With nothing to send; whatever is written down wakes it.
const idleMs = 60 * 60_000
const givenUpAfterMs = 24 * 60 * 60_000

const pauseAfter = (attempts: number): number => Math.min(firstPauseMs * 2 ** Math.min(attempts, 20), longestPauseMs)

// The first of each workload.
const firstOfEach = (open: readonly Delivery[]): readonly Delivery[] => {
  const firsts = new Map<string, Delivery>()
  for (const delivery of open) {
    const workload = delivery.workloadId ?? delivery.migrationId
    if (!firsts.has(workload)) firsts.set(workload, delivery)
  }
  return [...firsts.values()]
}

export const createWebhookSender = ({
  url,
  secret,
  deliveries,
  journal,
  clock,
  log,
  fetch: send = fetch,
}: WebhookSenderOptions) => {
  let bell = Promise.withResolvers<void>()

  // Null when the receiver has taken it, else why not.
  const post = async ({ id, event }: Delivery, body: string, stopping: AbortSignal): Promise<string | null> => {
    const unixSeconds = Math.floor(clock.now().getTime() / 1_000)
    try {
      const response = await send(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Drayage',
          'drayage-event': event,
          'drayage-delivery': id,
          'drayage-signature': signatureOf(secret, unixSeconds, body),
        },
        body,
        // Where a message is sent is the operator's word, not the receiver's.
        redirect: 'manual',
        signal: AbortSignal.any([stopping, AbortSignal.timeout(timeoutMs)]),
      })
      await response.body?.cancel()
      return response.ok ? null : `it answered ${response.status}`
    } catch (thrown) {
      const { name, message, cause } = thrown as Error
      if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1_000} s`
      return cause instanceof Error ? `${message}: ${cause.message}` : message
    }
  }

  const attempt = async (delivery: Delivery, stopping: AbortSignal): Promise<void> => {
    const { id, event, migrationId, at, attempts } = delivery
    const record = await journal.find(migrationId)
    if (record === null) return deliveries.failed(id, 'its migration is not known any more', null)
    const [entries, hooks] = [await journal.entries(migrationId), await journal.hookRuns(migrationId)]
    const why = await post(delivery, bodyOf(delivery, record, entries, hooks), stopping)
    if (why === null) await deliveries.sent(id)
    // One that was cut off by our own end is sent again at the next start, and does not count.
    else if (stopping.aborted) return
    else {
      const next = clock.now().getTime() + pauseAfter(attempts)
      const givenUp = next - at.getTime() > givenUpAfterMs
      log.warn({ migration: migrationId, event, delivery: id, reason: why, givenUp }, 'A webhook was not delivered')
      await deliveries.failed(id, why, givenUp ? null : new Date(next))
    }
  }

  // Null: all that is due was tried. Else how long nothing is due.
  const pass = async (stopping: AbortSignal): Promise<number | null> => {
    const firsts = firstOfEach(await deliveries.open())
    const now = clock.now().getTime()
    const due = firsts.filter(({ nextAt }) => nextAt.getTime() <= now)
    await Promise.all(due.map((delivery) => attempt(delivery, stopping)))
    return due.length > 0 ? null : Math.min(idleMs, ...firsts.map(({ nextAt }) => nextAt.getTime() - now))
  }

  return {
    // Something was written down.
    wake: (): void => bell.resolve(),

    run: async (stopping: AbortSignal): Promise<void> => {
      while (!stopping.aborted) {
        bell = Promise.withResolvers<void>()
        const pauseMs = await pass(stopping).catch((thrown: unknown) => {
          log.warn({ err: thrown }, 'What the webhook is to be told cannot be read or written; it is tried again')
          return longestPauseMs
        })
        if (pauseMs === null) continue
        const slept = new AbortController()
        await Promise.race([bell.promise, clock.sleep(pauseMs, AbortSignal.any([stopping, slept.signal]))])
        slept.abort()
      }
    },
  }
}
