import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { untilDrained, windowFor } from './flow.ts'

test.for(['drain', 'close', 'error', 'cancelled'])(
  'a wait ends with %s, and leaves no listener behind',
  async (event) => {
    const stream = new EventEmitter()
    for (let round = 0; round < 100; round++) {
      const waiting = untilDrained(stream)
      stream.emit(event, new Error('unheard'))
      await waiting
    }
    expect(stream.eventNames()).toEqual([])
  },
)

test('the window of a line is as large as the line is long, within bounds', () => {
  const mebibytes = (roundTripMs: number | undefined) => windowFor(roundTripMs) / 1024 / 1024
  expect([0.1, 2, 10, 20, 100].map(mebibytes)).toEqual([12, 12, 16, 32, 32])
  expect(mebibytes(undefined)).toBe(32)
})
