import { expect, test } from 'vitest'
import { silentLog } from '../log.ts'
import { expiryWarning, watchExpiry } from './expiry.ts'

const day = 24 * 60 * 60_000
const identity = { host: 'host-1', validUntil: new Date('2027-01-10T00:00:00Z') }
const before = (days: number) => identity.validUntil.getTime() - days * day

test('a certificate is nothing to speak of until its last seven days, and is told of ever after', () => {
  expect(expiryWarning(identity, before(7.01))).toBeNull()
  expect(expiryWarning(identity, before(6.99))).toMatch(/expires soon: stop this agent, run `dray host add host-1`/)
  expect(expiryWarning(identity, before(-0.01))).toContain('has expired')
})

test('while the agent runs it is said again each time a day has passed, and no more once it stops', async () => {
  const stop = new AbortController()
  const said: string[] = []
  // The days pass as they are asked for: three before the last week, then three in it.
  let left = 10
  const log = {
    ...silentLog,
    warn: (_: object, message: string) => {
      said.push(message)
      if (said.length === 3) stop.abort()
    },
  }
  await watchExpiry({ identity, log, everyMs: 1, now: () => before(left--) }, stop.signal)
  expect(said).toHaveLength(3)
  expect(left).toBe(4)
})
