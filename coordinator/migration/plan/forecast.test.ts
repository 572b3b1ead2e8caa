import { expect, test } from 'vitest'
import { forecast, type Measured, type Past, withKept } from './forecast.ts'

const mebibyte = 1024 * 1024
const volume = (contentBytes: number, entries = 1, diskBytes = contentBytes, copied = true) => ({
  ...{ name: 'data', destination: '/data', anonymous: false, traits: [], copied },
  ...{ entries, contentBytes, diskBytes },
})
const plan = (...volumes: ReturnType<typeof volume>[]) => ({
  container: { id: 'c', name: 'web', state: 'running' },
  volumes,
})
const round = (contentBytes: number, entries: number, durationMs: number, number = 1, final = false) => ({
  ...{ round: number, final, entries, contentBytes, durationMs },
})
const past = (container: string, downtimeMs: number | null, ...rounds: Past['rounds']): Past => ({
  ...{ container, downtimeMs, rounds },
})

const limits = (maxBytesPerSecond: number | null = null) => ({ maxBytesPerSecond, maxDowntimeMs: 1_000 })
const rates = {
  ...{ lineBytesPerSecond: 50_000_000, readBytesPerSecond: 400_000_000, readFilesPerSecond: 20_000 },
  ...{ writeBytesPerSecond: 200_000_000, writeFilesPerSecond: 10_000 },
}
const measured = (changes: Partial<Measured['rates']> = {}, unknown: Measured['unknown'] = {}): Measured => ({
  rates: { ...rates, ...changes },
  unknown,
})

test('nothing is foreseen from nothing, nor from what was too short to measure', () => {
  const unknown = { copyMs: null, downtimeMs: null, unknown: [expect.stringContaining('The downtime is not known')] }
  expect(forecast(plan(volume(mebibyte)), [], limits(), null)).toEqual({ ...unknown, basedOn: 0 })
  const short = past('other', 900, round(4096, 1, 3))
  expect(forecast(plan(volume(mebibyte)), [short], limits(), null)).toEqual({ ...unknown, basedOn: 1 })
})

test('a copy takes as long as its bytes or its files did before, whichever is longer, and no less than a limit has it', () => {
  const before = [past('other', 900, round(100 * mebibyte, 10, 1000)), past('more', null, round(mebibyte, 1000, 1000))]
  expect(forecast(plan(volume(400 * mebibyte)), before, limits(), null).copyMs).toBe(4000)
  expect(forecast(plan(volume(mebibyte, 50_000)), before, limits(), null).copyMs).toBe(50_000)
  expect(forecast(plan(volume(400 * mebibyte)), before, limits(10 * mebibyte), null).copyMs).toBe(40_000)
})

test('large files say nothing of what small ones take, nor small ones of what bytes do: then it is not known by them', () => {
  const large = past('large', 900, round(1024 * mebibyte, 5, 2000))
  const small = past('small', 900, round(20 * mebibyte, 20_000, 2000))
  const manyFiles = plan(volume(76 * mebibyte, 20_200))
  expect(forecast(manyFiles, [large], limits(), null).copyMs).toBeNull()
  expect(forecast(plan(volume(1024 * mebibyte, 5)), [small], limits(), null).copyMs).toBeNull()
  expect(forecast(manyFiles, [large, small], limits(), null).copyMs).toBe(2020)
  expect(forecast(manyFiles, [large], limits(), measured()).copyMs).toBe(2020)
})

test('later rounds carry what has changed, and say nothing of it', () => {
  const before = [past('other', 1, round(100 * mebibyte, 1, 1000), round(1, 1, 9000, 2), round(1, 1, 9000, 3, true))]
  expect(forecast(plan(volume(100 * mebibyte)), before, limits(), null).copyMs).toBe(1000)
})

test('an empty volume takes nothing, one of 2 TiB of holes what is in it, and what is not copied nothing', () => {
  const before = [past('other', 1, round(100 * mebibyte, 100, 1000))]
  expect(forecast(plan(volume(0, 0)), [], limits(), null).copyMs).toBe(0)
  expect(forecast(plan(), [], limits(), null).copyMs).toBe(0)
  expect(forecast(plan(volume(2 ** 41, 1, mebibyte)), before, limits(), null).copyMs).toBe(10)
  expect(forecast(plan(volume(2 ** 41, 1, 2 ** 41, false)), before, limits(), null).copyMs).toBe(0)
})

test('how long it is down is what this container was down before, and nobody else’s', () => {
  const before = [past('web', 900), past('web', 5000), past('web', 1000), past('web', null), past('other', 1)]
  expect(forecast(plan(), before, limits(), null)).toEqual({ copyMs: 0, downtimeMs: 1000, basedOn: 5 })
})

test('why the downtime is not known says what it is made of; one that does not run has none', () => {
  const [why] = forecast(plan(), [], { ...limits(), maxDowntimeMs: 250 }, null).unknown ?? []
  expect(why).toContain('no more than 250 ms (--max-downtime)')
  const stopped = { ...plan(), container: { id: 'c', name: 'web', state: 'exited' } }
  expect(forecast(stopped, [], limits(), null).unknown).toEqual(['web does not run: there is no downtime to foresee.'])
})

test.each([
  ['the line', volume(1_000_000_000), {}, null, 20_000, 'line', 50_000_000, 'bytes/s'],
  ['the limit', volume(1_000_000_000), {}, 1_000_000, 1_000_000, 'limit', 1_000_000, 'bytes/s'],
  [
    'the source’s disk',
    volume(1_000_000_000),
    { readBytesPerSecond: 10_000_000 },
    null,
    100_000,
    'reading',
    10_000_000,
    'bytes/s',
  ],
  [
    'the target’s disk',
    volume(1_000_000_000),
    { writeBytesPerSecond: 20_000_000 },
    null,
    50_000,
    'writing',
    20_000_000,
    'bytes/s',
  ],
  [
    'small files on the source',
    volume(4_000_000, 1_000_000),
    { readFilesPerSecond: 5_000 },
    null,
    200_000,
    'reading',
    5_000,
    'files/s',
  ],
  ['small files on the target', volume(4_000_000, 1_000_000), {}, null, 100_000, 'writing', 10_000, 'files/s'],
] as const)(
  'where no move tells, a copy takes as long as the slowest that was measured: %s',
  (_, what, changes, limit, copyMs, part, rate, unit) => {
    expect(forecast(plan(what), [], limits(limit), measured(changes))).toMatchObject({
      ...{ copyMs, basedOn: 0, slowest: { part, rate, unit } },
      measured: { ...rates, ...changes },
    })
  },
)

test('earlier moves are believed before what was measured', () => {
  const before = [past('other', 900, round(100 * mebibyte, 1000, 1000))]
  const foreseen = forecast(plan(volume(100 * mebibyte)), before, limits(), measured())
  expect(foreseen).toMatchObject({ copyMs: 1000, basedOn: 1 })
  expect(foreseen).not.toHaveProperty('measured')
})

test('what could not be measured and matters leaves the time unknown, with its reason; what is too little to matter does not', () => {
  const slow = { lineBytesPerSecond: null, writeBytesPerSecond: null, readFilesPerSecond: null }
  const none = measured(slow, { writing: 'host-2 makes no such files.' })
  const foreseen = forecast(plan(volume(1_000_000_000, 5)), [], limits(), none)
  expect(foreseen).toMatchObject({ copyMs: null, measured: { readBytesPerSecond: 400_000_000 } })
  expect(foreseen.unknown).toEqual([
    expect.stringContaining('the line brought too little'),
    'host-2 makes no such files.',
    expect.stringContaining('The downtime is not known'),
  ])
  expect(forecast(plan(volume(4096, 5)), [], limits(), none).copyMs).toBe(1)
})

test('what the target keeps of a volume is said', () => {
  const entry = { name: 'data', entries: 1, contentBytes: 7, sourceDigest: 'd', targetDigest: 'd', skipped: [] }
  const kept = { volumes: [entry], verified: 'written' as const, issuedAt: '2026-01-01T00:00:00Z' }
  expect(withKept([volume(9)], kept)).toMatchObject([{ keptBytes: 7 }])
  expect(withKept([volume(9)], null)[0]).not.toHaveProperty('keptBytes')
})
