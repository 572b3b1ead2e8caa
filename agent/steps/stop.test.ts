import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wasKilled, wasRunning } from './stop.ts'

const fencedWith = (Name: 'no' | 'always' | 'on-failure' | 'unless-stopped', running = true) => ({
  policy: { Name, MaximumRetryCount: 0 },
  wasRunning: running,
})
const ended = (exitCode: number) => ({ running: false, restarting: false, exitCode })

test('what ended between the fence and the stop counts as running exactly if its own policy would have started it again', () => {
  expect(wasRunning(ended(1), fencedWith('always'))).toBe(true)
  expect(wasRunning(ended(0), fencedWith('unless-stopped'))).toBe(true)
  expect(wasRunning(ended(1), fencedWith('on-failure'))).toBe(true)
  expect(wasRunning(ended(0), fencedWith('on-failure'))).toBe(false)
  expect(wasRunning(ended(1), fencedWith('no'))).toBe(false)
  expect(wasRunning(ended(1), fencedWith('always', false))).toBe(false)
  expect(wasRunning(ended(1), null)).toBe(false)
})

test('what runs, or is between two runs, counts as running whatever its policy', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(null, fencedWith('no'), fencedWith('always', false)),
      fc.boolean(),
      fc.integer({ min: 0, max: 255 }),
      (fenced, running, exitCode) => {
        expect(wasRunning({ running, restarting: !running, exitCode }, fenced)).toBe(true)
      },
    ),
  )
})

test('killed is what ended by SIGKILL after its stop time-out and not for lack of memory', () => {
  const requestedAt = '2026-01-01T00:00:00.000Z'
  const found = { exitCode: 137, oomKilled: false, finishedAt: '2026-01-01T00:00:10.200Z' }
  expect(wasKilled(found, requestedAt, 10)).toBe(true)
  expect(wasKilled({ ...found, exitCode: 143 }, requestedAt, 10)).toBe(false)
  expect(wasKilled({ ...found, oomKilled: true }, requestedAt, 10)).toBe(false)
  expect(wasKilled({ ...found, finishedAt: '2026-01-01T00:00:02Z' }, requestedAt, 10)).toBe(false)
})
