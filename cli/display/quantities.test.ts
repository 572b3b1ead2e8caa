import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAge, formatBytes, formatCount, formatDuration, formatEta, formatRate, plural } from './quantities.ts'

test('sizes have the unit that leaves three digits', () => {
  const sizes = [0, 1, 1023, 1024, 1536, 12_897_485, 1_048_575, 104_857_600, 1_610_612_736, 2 ** 40]
  expect(sizes.map(formatBytes)).toEqual([
    '0 B',
    '1 B',
    '1023 B',
    '1.00 KiB',
    '1.50 KiB',
    '12.3 MiB',
    '1.00 MiB',
    '100 MiB',
    '1.50 GiB',
    '1.00 TiB',
  ])
  expect(formatRate(734_003_200.4)).toBe('700 MiB/s')
})

test('a size as shown is within one per cent of the size, and never reads 1024 of a unit', () => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 52 }), (bytes) => {
      const [value = '', unit = ''] = formatBytes(bytes).split(' ')
      expect(Number(value)).toBeLessThan(1024)
      const shown = Number(value) * 1024 ** units.indexOf(unit)
      expect(Math.abs(shown - bytes)).toBeLessThanOrEqual(bytes * 0.01)
    }),
  )
})

test('a longer time never reads as an empty minute of 60 seconds', () => {
  const times = [0, 820, 999.6, 1_420, 9_996, 42_040, 59_949, 59_960, 61_000, 187_400, 3_599_700, 7_500_000, 90_000_000]
  expect(times.map(formatDuration)).toEqual([
    '0 ms',
    '820 ms',
    '1.00 s',
    '1.42 s',
    '10.0 s',
    '42.0 s',
    '59.9 s',
    '1 min 00 s',
    '1 min 01 s',
    '3 min 07 s',
    '1 h 00 min',
    '2 h 05 min',
    '1 d 01 h',
  ])
})

test('the time that is left is rounded up', () => {
  expect([0, 8_001, 725_000, 10_812_000].map(formatEta)).toEqual(['0:00', '0:09', '12:05', '3:00:12'])
})

test('ages are told in the largest whole unit, and a clock ahead of ours is just now', () => {
  const now = new Date('2026-01-05T12:00:00Z')
  const age = (at: string | null) => formatAge(at, now)
  expect(age('2026-01-05T12:00:03Z')).toBe('just now')
  expect(age('2026-01-05T11:59:59Z')).toBe('1 second ago')
  expect(age('2026-01-05T11:55:10Z')).toBe('4 minutes ago')
  expect(age('2026-01-05T09:00:00Z')).toBe('3 hours ago')
  expect(age('2026-01-03T11:00:00Z')).toBe('2 days ago')
  expect(age(null)).toBe('never')
})

test('counts are grouped and agree with their noun', () => {
  expect([1, 12, 1_234, 1_234_567].map(formatCount)).toEqual(['1', '12', '1,234', '1,234,567'])
  expect([plural(1, 'round'), plural(0, 'round'), plural(2, 'entry', 'entries')]).toEqual([
    '1 round',
    '0 rounds',
    '2 entries',
  ])
})
