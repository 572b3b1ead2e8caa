import { expect, test } from 'vitest'
import { lineRate } from './line-rate.ts'

test('a line is as fast as what came once it was full', () => {
  const slow = [0, 100, 200].map((atMs) => ({ atMs, bytes: 1_000 }))
  const full = [300, 310, 320, 330, 340].map((atMs) => ({ atMs, bytes: 1_000 }))
  expect(lineRate([...slow, ...full])).toBe(35_714)
  expect(lineRate(full.map(({ atMs, bytes }) => ({ atMs: atMs - 300, bytes })))).toBe(100_000)
})

test('of a slow line a few pieces tell, each from the one before it', () => {
  const grown = [
    { atMs: 0, bytes: 16_384 },
    { atMs: 328, bytes: 32_768 },
    { atMs: 983, bytes: 65_536 },
  ]
  expect(lineRate(grown)).toBe(100_004)
})

test('of less than that nothing is known, nor of what came all at once', () => {
  expect(lineRate([])).toBe(0)
  expect(lineRate([1, 2].map((atMs) => ({ atMs, bytes: 16_384 })))).toBe(0)
  expect(lineRate([1, 1, 1].map((atMs) => ({ atMs, bytes: 16_384 })))).toBe(0)
})
