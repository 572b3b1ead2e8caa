import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Progress } from '../../shared/api/migrations.ts'
import { advance, etaMsOf, fractionOf, type ProgressState, progressText, rateOf } from './progress.ts'

const mebibyte = 1_048_576

const report = (bytes: number, changes: Partial<Progress> = {}): Progress => ({
  step: 'precopy',
  what: 'data',
  bytes,
  totalBytes: 1_000 * mebibyte,
  ...changes,
})

const after = (reports: readonly (readonly [number, Progress])[]): ProgressState => {
  const state = reports.reduce<ProgressState | null>((last, [atMs, progress]) => advance(last, progress, atMs), null)
  if (state === null) throw new Error('No report')
  return state
}

test('rate and remaining time come from what was reported', () => {
  const state = after([
    [0, report(0)],
    [1_000, report(100 * mebibyte)],
    [2_000, report(200 * mebibyte)],
  ])
  expect(rateOf(state)).toBe(100 * mebibyte)
  expect(etaMsOf(state)).toBe(8_000)
  expect(progressText(state)).toBe('200 MiB of 1000 MiB, 100 MiB/s, ETA 0:08')
})

test('one report tells no rate, and no total tells no remaining time', () => {
  expect(progressText(after([[0, report(mebibyte)]]))).toBe('1.00 MiB of 1000 MiB')
  const noTotal = after([
    [0, report(0, { totalBytes: null })],
    [1_000, report(mebibyte, { totalBytes: null })],
  ])
  expect(progressText(noTotal)).toBe('1.00 MiB, 1.00 MiB/s')
  expect(fractionOf(noTotal)).toBeNull()
})

test('a total that has been passed is no longer told', () => {
  const state = after([
    [0, report(0, { totalBytes: mebibyte })],
    [1_000, report(2 * mebibyte, { totalBytes: mebibyte })],
  ])
  expect(progressText(state)).toBe('2.00 MiB, 2.00 MiB/s')
  expect(fractionOf(state)).toBe(1)
})

test('the rate forgets what is older than ten seconds', () => {
  const reports: [number, Progress][] = [[0, report(0)]]
  for (let second = 1; second <= 20; second += 1) {
    reports.push([second * 1_000, report(Math.min(second, 8) * 100 * mebibyte)])
  }
  expect(rateOf(after(reports))).toBe(0)
  expect(etaMsOf(after(reports))).toBeNull()
})

test('another volume, another step, and a round that begins anew each start from their own first report', () => {
  const first: [number, Progress] = [0, report(500 * mebibyte)]
  for (const next of [
    report(mebibyte),
    report(600 * mebibyte, { what: 'logs' }),
    report(600 * mebibyte, { step: 'finalcopy' }),
  ]) {
    expect(rateOf(after([first, [1_000, next]]))).toBeNull()
  }
})

test('whatever is reported, the fraction stays between 0 and 1 and no rate is negative', () => {
  const reports = fc.array(
    fc.record({
      step: fc.constantFrom('precopy' as const, 'finalcopy' as const),
      what: fc.constantFrom('data', 'logs'),
      bytes: fc.integer({ min: 0, max: 2 ** 40 }),
      totalBytes: fc.option(fc.integer({ min: 0, max: 2 ** 40 })),
    }),
    { minLength: 1 },
  )
  fc.assert(
    fc.property(reports, (given) => {
      const state = after(given.map((progress, index) => [index * 700, progress]))
      const fraction = fractionOf(state) ?? 0
      expect(fraction).toBeGreaterThanOrEqual(0)
      expect(fraction).toBeLessThanOrEqual(1)
      expect(rateOf(state) ?? 0).toBeGreaterThanOrEqual(0)
      expect(etaMsOf(state) ?? 0).toBeGreaterThanOrEqual(0)
    }),
  )
})
