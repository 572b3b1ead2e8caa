import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judge, type Seen } from './start-verdict.ts'

const begun = { startedAt: '2026-01-01T00:00:01Z', restartCount: 0 }
const up: Seen = {
  ...begun,
  status: 'running',
  running: true,
  restarting: false,
  exitCode: 0,
  health: 'none',
  healthLog: '',
  oomKilled: false,
}
const limits = { settleMs: 1_000, healthTimeoutMs: 5_000 }

const states = fc.record({
  status: fc.constantFrom('running', 'exited', 'restarting'),
  running: fc.boolean(),
  restarting: fc.boolean(),
  exitCode: fc.constantFrom(0, 1, 137),
  restartCount: fc.constantFrom(0, 1),
  startedAt: fc.constantFrom(begun.startedAt, '2026-01-01T00:00:09Z'),
  health: fc.constantFrom('none' as const, 'starting' as const, 'healthy' as const, 'unhealthy' as const),
  healthLog: fc.constantFrom('', 'no route'),
  oomKilled: fc.boolean(),
})
const times = fc.integer({ min: 0, max: 20_000 })

test('a container that was started again is never up, and one with a health check only when that passed', () => {
  fc.assert(
    fc.property(states, times, (seen, elapsedMs) => {
      const verdict = judge(seen, begun, elapsedMs, limits)
      const again = seen.restarting || seen.restartCount > 0 || seen.startedAt !== begun.startedAt
      if (again) expect(verdict.kind).toBe('down')
      if (verdict.kind === 'up' && seen.running) {
        expect(verdict.verdict).toBe(seen.health === 'none' ? 'settled' : 'healthy')
        expect(['none', 'healthy']).toContain(seen.health)
      }
      if (verdict.kind === 'up' && !seen.running) expect([seen.exitCode, seen.oomKilled]).toEqual([0, false])
    }),
  )
})

test('every wait ends: past both limits there is a verdict', () => {
  fc.assert(
    fc.property(states, fc.integer({ min: 5_000, max: 1_000_000 }), (seen, elapsedMs) => {
      expect(judge(seen, begun, elapsedMs, limits).kind).not.toBe('wait')
    }),
  )
})

test('a container that runs without a health check waits for exactly the settle time', () => {
  expect(judge(up, begun, 999, limits)).toEqual({ kind: 'wait' })
  expect(judge(up, begun, 1_000, limits)).toEqual({ kind: 'up', verdict: 'settled' })
})

test('why it is down is said: the exit code, the memory limit, the words of the check', () => {
  const reason = (seen: Partial<Seen>, elapsedMs = 0) => {
    const verdict = judge({ ...up, ...seen }, begun, elapsedMs, limits)
    return verdict.kind === 'down' ? verdict.reason : verdict.kind
  }
  expect(reason({ running: false, exitCode: 3 })).toBe('it ended with exit code 3')
  expect(reason({ running: false, exitCode: 137, oomKilled: true })).toMatch(/137, killed for using more memory/)
  expect(reason({ health: 'unhealthy', healthLog: 'no route\n' })).toBe(
    'its health check failed; it last said: no route',
  )
  expect(reason({ health: 'starting' }, 5_000)).toMatch(/had not passed after 5 s/)
})
