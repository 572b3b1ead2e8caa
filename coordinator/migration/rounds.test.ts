import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultOptions } from '../../shared/api/migration-options.ts'
import { assessRounds, type Bounds, type MeasuredRound, predictMs } from './rounds.ts'

type World = {
  readonly volumeBytes: number
  // Bytes that change in a millisecond, and that cross in one.
  readonly changing: number
  readonly crossing: number
  readonly walkMs: number
}

// What rounds would take if the world were as simple as the prediction: the time of the last one, and of those before.
const simulate = ({ volumeBytes, changing, crossing, walkMs }: World, bounds: Bounds = defaultOptions) => {
  const rounds: MeasuredRound[] = []
  let startedAtMs = 0
  let bytes = volumeBytes
  for (;;) {
    const durationMs = walkMs + bytes / crossing
    rounds.push({ startedAtMs, durationMs, rereadMs: 0, bytes, entries: 0 })
    bytes = Math.min(volumeBytes, changing * durationMs)
    startedAtMs += durationMs
    const verdict = assessRounds(rounds, bounds)
    if (verdict.kind === 'stop') return { verdict, rounds, finalMs: walkMs + bytes / crossing }
    if (rounds.length > 100) throw new Error('it does not end')
  }
}

const worlds: fc.Arbitrary<World> = fc.record({
  volumeBytes: fc.integer({ min: 0, max: 1e12 }),
  changing: fc.double({ min: 0, max: 1e6, noNaN: true }),
  crossing: fc.double({ min: 1, max: 1e6, noNaN: true }),
  walkMs: fc.integer({ min: 0, max: 10_000 }),
})

const bounds = fc.record({
  maxDowntimeMs: fc.integer({ min: 0, max: 60_000 }),
  maxRounds: fc.integer({ min: 1, max: 20 }),
})

test('copying ends, after the most rounds that there may be at the latest', () => {
  fc.assert(
    fc.property(worlds, bounds, (world, within) => {
      expect(simulate(world, within).rounds.length).toBeLessThanOrEqual(within.maxRounds)
    }),
  )
})

test('it stops for the budget only where the last round then keeps to it', () => {
  fc.assert(
    fc.property(worlds, bounds, (world, within) => {
      const { verdict, finalMs } = simulate(world, within)
      // The throughput is taken from rounds that walked as well: a prediction errs by no more than their walk.
      if (verdict.reason === 'fits') expect(finalMs).toBeLessThanOrEqual(within.maxDowntimeMs + world.walkMs)
    }),
  )
})

test('a volume that changes more slowly than it crosses comes within the budget, however large it is', () => {
  fc.assert(
    fc.property(
      fc.record({
        volumeBytes: fc.integer({ min: 1e9, max: 1e12 }),
        changing: fc.double({ min: 0, max: 1e4, noNaN: true }),
        crossing: fc.double({ min: 1e5, max: 1e6, noNaN: true }),
        walkMs: fc.integer({ min: 0, max: 300 }),
      }),
      (world) => {
        const { verdict, finalMs } = simulate(world)
        expect(verdict.reason).toBe('fits')
        expect(finalMs).toBeLessThan(defaultOptions.maxDowntimeMs + world.walkMs)
      },
    ),
  )
})

test('one that changes as fast as it crosses is stopped after the second round', () => {
  const { verdict, rounds } = simulate({ volumeBytes: 1e9, changing: 1e5, crossing: 1e5, walkMs: 10 })
  expect(verdict.reason).toBe('no-longer-shrinking')
  expect(rounds).toHaveLength(2)
})

test('one round predicts nothing; with the second the rate of change is known', () => {
  const first: MeasuredRound = { startedAtMs: 0, durationMs: 10_000, rereadMs: 0, bytes: 1e9, entries: 10 }
  expect(assessRounds([], defaultOptions)).toEqual({ kind: 'continue', predictedMs: null })
  expect(assessRounds([first], defaultOptions)).toEqual({ kind: 'continue', predictedMs: null })
  expect(
    predictMs([first, { startedAtMs: 10_000, durationMs: 1_000, rereadMs: 0, bytes: 1e8, entries: 1 }]),
  ).toBeCloseTo(100, -1)
})

test('where nothing changes the last round is predicted to take what finding that out took', () => {
  const idle = { rereadMs: 0, bytes: 0, entries: 0 }
  expect(
    assessRounds(
      [
        { startedAtMs: 0, durationMs: 50, ...idle },
        { startedAtMs: 50, durationMs: 40, ...idle },
      ],
      defaultOptions,
    ),
  ).toEqual({ kind: 'stop', reason: 'fits', predictedMs: 40 })
})
