// What the engine has, as it changes: one look at everything, then Docker's events, and a fresh look whenever events
// may have been missed. Events are a hint; only a full look is the truth, so one is taken every few minutes all the same.
import type { EngineFacts__Output as EngineFacts } from '../../shared/rpc/generated/drayage/v1/EngineFacts.ts'
import type { Engine, Inventory, InventoryChange } from '../docker/engine.ts'
import type { Log } from '../log.ts'
import { persist } from '../outage/persist.ts'
import { createQueue, type Queue } from './queue.ts'

export type Observation =
  | { readonly full: true; readonly engine: EngineFacts; readonly inventory: Inventory }
  | { readonly full: false; readonly change: InventoryChange }

export type Observer = {
  // Until the signal aborts.
  run(signal: AbortSignal): Promise<void>
  // A full observation first (waiting for the engine where it is away), then changes and further full ones in order.
  // A full one replaces everything before it.
  follow(signal: AbortSignal): AsyncIterable<Observation>
  engineReachable(): boolean
  // As last seen; null: not yet.
  facts(): EngineFacts | null
}

type Options = {
  readonly engine: Pick<Engine, 'facts' | 'inventory' | 'watch'>
  readonly dockerHost: string
  readonly log: Log
  readonly fullEveryMs?: number
}

const fullEvery = 3 * 60_000
// A follower this far behind is better served by a fresh look.
const mostWaiting = 5_000

export const createObserver = ({ engine, dockerHost, log, fullEveryMs = fullEvery }: Options): Observer => {
  const followers = new Set<Queue<Observation>>()
  let reachable = true
  let facts: EngineFacts | null = null
  // null: no session, so nothing to look at; the next one begins with a look.
  let refresh: (() => void) | null = null

  const publish = (observation: Observation): void => {
    for (const queue of followers) {
      if (observation.full) queue.replace(observation)
      else if (queue.length < mostWaiting) queue.push(observation)
      else refresh?.()
    }
  }

  // From connecting to the event stream until it breaks.
  const session = async (signal: AbortSignal, up: () => void): Promise<void> => {
    const ended = new AbortController()
    let failure: unknown = null
    let looking: Promise<void> | null = null
    let lookAgain = false
    let listening = false
    // A change that comes while a look is taken is told after it.
    const held: InventoryChange[] = []

    const look = async (): Promise<void> => {
      do {
        lookAgain = false
        const [seen, inventory] = await Promise.all([engine.facts(), engine.inventory()])
        // The next session looks for itself, and this would be older.
        if (ended.signal.aborted) return
        facts = seen
        reachable = true
        publish({ full: true, engine: seen, inventory })
      } while (lookAgain)
      // In one go with what follows: a change that comes from here on is told at once, after those that were held.
      looking = null
      for (const change of held.splice(0)) publish({ full: false, change })
    }
    const startLook = (): Promise<void> => {
      if (looking !== null) {
        lookAgain = true
        return looking
      }
      looking = look().catch((thrown) => {
        failure = thrown
        ended.abort()
      })
      return looking
    }
    refresh = () => void startLook()
    const timer = setInterval(refresh, fullEveryMs)
    try {
      // The look is taken once the stream listens (its first change, which is empty, says so): what happens in between is
      // told by both rather than by neither.
      for await (const change of engine.watch(AbortSignal.any([signal, ended.signal]))) {
        if (!listening) {
          listening = true
          void startLook().then(() => {
            if (failure === null) up()
          })
        }
        if (looking === null) publish({ full: false, change })
        else held.push(change)
      }
    } catch (thrown) {
      failure ??= thrown
    } finally {
      refresh = null
      clearInterval(timer)
      ended.abort()
    }
    if (signal.aborted) return
    reachable = false
    throw failure ?? new Error('its event stream ended')
  }

  return {
    run: (signal) =>
      persist({ what: `The engine at ${dockerHost}`, log, signal, backoff: { baseMs: 250, capMs: 5_000 } }, (up) =>
        session(signal, up),
      ),
    follow: async function* (signal) {
      const queue = createQueue<Observation>()
      followers.add(queue)
      try {
        refresh?.()
        let begun = false
        for await (const observation of queue.drain(signal)) {
          begun ||= observation.full
          if (begun) yield observation
        }
      } finally {
        followers.delete(queue)
      }
    },
    engineReachable: () => reachable,
    facts: () => facts,
  }
}
