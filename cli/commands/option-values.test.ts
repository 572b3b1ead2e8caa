import { expect, test } from 'vitest'
import { parseCount, parseDuration, parseRate } from './option-values.ts'

test('a duration has a unit', () => {
  expect(['250ms', '2s', '1.5m', '1h', '30d'].map((raw) => parseDuration('--f', raw))).toEqual([
    250, 2_000, 90_000, 3_600_000, 2_592_000_000,
  ])
  for (const raw of ['', '5', '-1s', 's', '1 s', '1e3ms', '1w']) {
    expect(() => parseDuration('--max-downtime', raw)).toThrow(/--max-downtime ".*" is not a duration/)
  }
})

test('a count is a whole number above 0', () => {
  expect(parseCount('--f', '20')).toBe(20)
  for (const raw of ['0', '-1', '1.5', '', 'x', '1e3']) expect(() => parseCount('--f', raw)).toThrow(/whole number/)
})

test("a rate has one of rsync's suffixes, and is of bytes per second", () => {
  expect(['1K', '500k', '100M', '1.5m', '1G', '100KB', '2mb', '1GB'].map((raw) => parseRate('--f', raw))).toEqual([
    1024, 512_000, 104_857_600, 1_572_864, 1_073_741_824, 100_000, 2_000_000, 1_000_000_000,
  ])
  for (const raw of ['', '0', '100', '0M', '0.5K', '-1M', 'M', '1 M', '1e3M', '100M/s', '100Mbit']) {
    expect(() => parseRate('--bwlimit', raw)).toThrow(/--bwlimit ".*" is not a rate/)
  }
})
