import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Log } from '../log.ts'
import { backoffMs } from './backoff.ts'
import { persist } from './persist.ts'

const setups = fc.record({ baseMs: fc.integer({ min: 1, max: 5_000 }), capMs: fc.integer({ min: 1, max: 120_000 }) })
const fractions = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('a wait is at least a millisecond and never above the cap, however many tries there were', () => {
  fc.assert(
    fc.property(setups, fc.nat({ max: 100_000 }), fractions, (setup, attempt, fraction) => {
      const wait = backoffMs(attempt, setup, () => fraction)
      expect(Number.isSafeInteger(wait)).toBe(true)
      expect(wait).toBeGreaterThanOrEqual(1)
      expect(wait).toBeLessThanOrEqual(setup.capMs)
    }),
  )
})

test('the longest wait doubles with each try until the cap, and every shorter one is as likely', () => {
  fc.assert(
    fc.property(setups, fc.nat({ max: 25 }), fractions, (setup, attempt, fraction) => {
      const ceiling = Math.min(setup.capMs, setup.baseMs * 2 ** attempt)
      expect(backoffMs(attempt, setup, () => fraction)).toBe(Math.max(1, Math.floor(fraction * ceiling)))
    }),
  )
})

const recorder = () => {
  const lines: string[] = []
  const at = (level: string) => (_: object, message: string) => void lines.push(`${level} ${message}`)
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } satisfies Log }
}
const backoff = { baseMs: 1, capMs: 2 }

test('an outage is told once when it begins and once when it is over', async () => {
  const { lines, log } = recorder()
  const { signal } = new AbortController()
  let tries = 0
  await persist({ what: 'The peer', log, signal, backoff }, async (up) => {
    tries += 1
    if (tries < 6) throw new Error('gone')
    up()
    if (tries === 6) throw new Error('gone again')
  })
  expect(lines.filter((line) => !line.startsWith('debug'))).toEqual([
    'warn The peer does not answer; trying again until it does',
    'info The peer is back',
    'warn The peer does not answer; trying again until it does',
    'info The peer is back',
  ])
})

test('what no waiting helps against is thrown on, and an abort ends the trying', async () => {
  const { log } = recorder()
  const stop = new AbortController()
  await expect(
    persist({ what: 'It', log, signal: stop.signal, backoff, hopeless: () => true }, () =>
      Promise.reject(new Error('never')),
    ),
  ).rejects.toThrow('never')
  await persist({ what: 'It', log, signal: stop.signal, backoff: { baseMs: 60_000, capMs: 60_000 } }, async () => {
    setImmediate(() => stop.abort())
    throw new Error('away')
  })
})
