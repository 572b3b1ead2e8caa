import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { untilDrained, windowFor, withFewAhead } from './flow.ts'

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

test('a stream keeps few objects ahead where that was asked for, and no other stream does', () => {
  const kept = () => new Readable({ objectMode: true }).readableHighWaterMark
  const usual = kept()
  expect(withFewAhead(kept)).toBe(2)
  expect(kept()).toBe(usual)
  expect(() =>
    withFewAhead(() => {
      throw new Error('refused')
    }),
  ).toThrow('refused')
  expect(kept()).toBe(usual)
})
