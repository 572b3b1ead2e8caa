import type { EventEmitter } from 'node:events'
import { getDefaultHighWaterMark, setDefaultHighWaterMark, type Writable } from 'node:stream'

const mebibyte = 1024 * 1024

// How much a caller lets a server send before it has used any of it, bytes (docs/adr/0012): all of it lies in the caller's
// memory where he is the slower one.
export const flowControlWindow = 32 * mebibyte
// More than the kernels at both ends of a slow line take in (Linux' tcp_wmem and tcp_rmem: 4 and 6 MiB at most): who waits for
// less would seem to wait for the caller (agent/volume/round/compression-choice.ts).
const leastWindow = 12 * mebibyte

// What a line needs on which an answer takes so long: 1.6 GB/s. Unknown: what the longest does.
export const windowFor = (roundTripMs: number | undefined): number =>
  roundTripMs === undefined
    ? flowControlWindow
    : Math.min(flowControlWindow, Math.max(leastWindow, Math.ceil(roundTripMs * 1.6) * mebibyte))

// How many messages of a call lie ready before the caller asks for them.
const messagesAhead = 2

// Makes a call whose messages are put together when they are asked for, or shortly before. A stream of objects keeps 16 ahead
// by itself (Node's stream.getDefaultHighWaterMark), which of pieces of 1 MiB is 16 MiB beside the window; grpc-js makes its
// streams with that, and takes no other.
export const withFewAhead = <Call>(make: () => Call): Call => {
  const usual = getDefaultHighWaterMark(true)
  setDefaultHighWaterMark(true, messagesAhead)
  try {
    return make()
  } finally {
    setDefaultHighWaterMark(true, usual)
  }
}

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
