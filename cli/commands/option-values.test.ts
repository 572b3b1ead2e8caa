import { expect, test } from 'vitest'
import { parseCount, parseDuration } from './option-values.ts'

test('a duration has a unit', () => {
  expect(['250ms', '2s', '1.5m', '1h'].map((raw) => parseDuration('--f', raw))).toEqual([250, 2_000, 90_000, 3_600_000])
  for (const raw of ['', '5', '-1s', 's', '1 s', '1e3ms', '1d']) {
    expect(() => parseDuration('--max-downtime', raw)).toThrow(/--max-downtime ".*" is not a duration/)
  }
})

test('a count is a whole number above 0', () => {
  expect(parseCount('--f', '20')).toBe(20)
  for (const raw of ['0', '-1', '1.5', '', 'x', '1e3']) expect(() => parseCount('--f', raw)).toThrow(/whole number/)
})
