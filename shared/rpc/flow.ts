import type { EventEmitter } from 'node:events'
import type { Writable } from 'node:stream'

// How much a caller lets a server send before it has used any of it, bytes (docs/adr/0012).
export const flowControlWindow = 32 * 1024 * 1024

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

// Resolves when the message has been written, or will not be.
export const written = (stream: Writable, message: unknown): Promise<void> =>
  new Promise((resolve) => {
    const events = ['close', 'error', 'cancelled']
    const done = () => {
      for (const event of events) stream.off(event, done)
      resolve()
    }
    for (const event of events) stream.on(event, done)
    stream.write(message, done)
  })
