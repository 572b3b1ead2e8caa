import { expect, test } from 'vitest'
import { forecast, type Past, withKept } from './forecast.ts'

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

test('nothing is foreseen from nothing, nor from what was too short to measure', () => {
  const unknown = { copyMs: null, downtimeMs: null }
  expect(forecast(plan(volume(mebibyte)), [], null)).toEqual({ ...unknown, basedOn: 0 })
  const short = past('other', 900, round(4096, 1, 3))
  expect(forecast(plan(volume(mebibyte)), [short], null)).toEqual({ ...unknown, basedOn: 1 })
})

test('a copy takes as long as its bytes or its files did before, whichever is longer, and no less than a limit has it', () => {
  const before = [
    past('other', 900, round(100 * mebibyte, 1000, 1000)),
    past('more', null, round(100 * mebibyte, 1000, 1000)),
  ]
  expect(forecast(plan(volume(400 * mebibyte)), before, null).copyMs).toBe(4000)
  expect(forecast(plan(volume(mebibyte, 50_000)), before, null).copyMs).toBe(50_000)
  expect(forecast(plan(volume(400 * mebibyte)), before, 10 * mebibyte).copyMs).toBe(40_000)
})

test('later rounds carry what has changed, and say nothing of it', () => {
  const before = [past('other', 1, round(100 * mebibyte, 1, 1000), round(1, 1, 9000, 2), round(1, 1, 9000, 3, true))]
  expect(forecast(plan(volume(100 * mebibyte)), before, null).copyMs).toBe(1000)
})

test('an empty volume takes nothing, one of 2 TiB of holes what is in it, and what is not copied nothing', () => {
  const before = [past('other', 1, round(100 * mebibyte, 100, 1000))]
  expect(forecast(plan(volume(0, 0)), before, null).copyMs).toBe(0)
  expect(forecast(plan(volume(2 ** 41, 1, mebibyte)), before, null).copyMs).toBe(10)
  expect(forecast(plan(volume(2 ** 41, 1, 2 ** 41, false)), before, null).copyMs).toBe(0)
})

test('how long it is down is what this container was down before, and nobody else’s', () => {
  const before = [past('web', 900), past('web', 5000), past('web', 1000), past('web', null), past('other', 1)]
  expect(forecast(plan(), before, null)).toMatchObject({ downtimeMs: 1000, basedOn: 5 })
})

test('what the target keeps of a volume is said', () => {
  const entry = { name: 'data', entries: 1, contentBytes: 7, sourceDigest: 'd', targetDigest: 'd', skipped: [] }
  const kept = { volumes: [entry], verified: 'written' as const, issuedAt: '2026-01-01T00:00:00Z' }
  expect(withKept([volume(9)], kept)).toMatchObject([{ keptBytes: 7 }])
  expect(withKept([volume(9)], null)[0]).not.toHaveProperty('keptBytes')
})
