import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from './migration/ports.ts'

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch((thrown: unknown) => {
      // Who aborts looks at the signal; waking early is all that sleep owes them.
      if (!signal?.aborted) throw thrown
    })
  },
}
