import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { untilDrained } from './flow.ts'

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
