// On a clock of the test's own: a second passes when everybody waits for it.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bandwidth, type BandwidthClock, createBandwidth } from './bandwidth.ts'

const never = new AbortController().signal

// Time moves to the next sleeper's end as soon as nothing else is to be done.
const simulatedClock = () => {
  let nowMs = 0
  const sleepers: { readonly atMs: number; readonly wake: () => void }[] = []
  const clock: BandwidthClock = {
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        sleepers.push({ atMs: nowMs + ms, wake: resolve })
      }),
  }
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let over = false
    const end = () => {
      over = true
    }
    work.then(end, end)
    while (!over) {
      await new Promise(setImmediate)
      sleepers.sort((a, b) => a.atMs - b.atMs)
      const next = sleepers.shift()
      if (next === undefined) continue
      nowMs = Math.max(nowMs, next.atMs)
      next.wake()
    }
    return work
  }
  return { clock, run }
}

type Left = { readonly atMs: number; readonly bytes: number }

const send = async (
  bandwidth: Bandwidth,
  clock: BandwidthClock,
  left: Left[],
  { id, rate, sizes }: { id: string; rate: number; sizes: readonly number[] },
): Promise<void> => {
  const pieces = (async function* () {
    for (const size of sizes) yield size
  })()
  for await (const bytes of bandwidth.limited(id, rate, pieces, (size) => size, never)) {
    left.push({ atMs: clock.nowMs(), bytes })
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 1024 * 1024 }), { minLength: 1, maxLength: 12 })

test('within any time no more leaves than the rate gives and one piece, over all streams of a migration', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sizes, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1024, max: 10 ** 9 }),
      async (streams, rate) => {
        const { clock, run } = simulatedClock()
        const bandwidth = createBandwidth(clock)
        const left: Left[] = []
        const all = streams.map((stream) => send(bandwidth, clock, left, { id: 'm', rate, sizes: stream }))
        await run(Promise.all(all))
        const largest = Math.max(...streams.flat())
        for (const [first, { atMs: from }] of left.entries()) {
          let bytes = 0
          for (const { atMs, bytes: more } of left.slice(first)) {
            bytes += more
            expect(bytes).toBeLessThanOrEqual(((atMs - from) / 1000) * rate + largest + 1)
          }
        }
        // And no less: it is a limit, not a brake.
        const total = streams.flat().reduce((sum, size) => sum + size, 0)
        expect(clock.nowMs()).toBeLessThanOrEqual((total / rate) * 1000 + 1)
      },
    ),
    { numRuns: 100 },
  )
})

test('migrations do not hold one another back', async () => {
  const { clock, run } = simulatedClock()
  const bandwidth = createBandwidth(clock)
  const both = ['a', 'b'].map((id) => send(bandwidth, clock, [], { id, rate: 1000, sizes: [5000, 5000] }))
  await run(Promise.all(both))
  expect(clock.nowMs()).toBe(10_000)
})

test('without a limit nothing waits', async () => {
  const { clock, run } = simulatedClock()
  await run(send(createBandwidth(clock), clock, [], { id: 'm', rate: 0, sizes: [10 ** 9, 10 ** 9] }))
  expect(clock.nowMs()).toBe(0)
})

test('who waits for his turn is let go when the call is cancelled', async () => {
  const { clock } = simulatedClock()
  const abort = new AbortController()
  const pieces = (async function* () {
    yield 1
    yield 1
  })()
  const stream = createBandwidth(clock)
    .limited('m', 1, pieces, (size) => size, abort.signal)
    [Symbol.asyncIterator]()
  await stream.next()
  const second = stream.next()
  abort.abort(new Error('cancelled'))
  await expect(second).rejects.toThrow('cancelled')
})
