import type { EventEmitter } from 'node:events'

// Resolves when a stream that was full takes more, or will never: then it is the next write that finds out. It leaves no
// listener behind, however often it is asked.
export const untilDrained = (stream: EventEmitter): Promise<void> =>
  new Promise((resolve) => {
    const events = ['drain', 'close', 'error', 'cancelled']
    const done = () => {
      for (const event of events) stream.off(event, done)
      resolve()
    }
    for (const event of events) stream.on(event, done)
  })
