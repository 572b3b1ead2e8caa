import { expect, test } from 'vitest'
import { expiryWarning } from './expiry.ts'

const day = 24 * 60 * 60_000
const identity = { host: 'host-1', validUntil: new Date('2027-01-10T00:00:00Z') }
const before = (days: number) => identity.validUntil.getTime() - days * day

test('a certificate is nothing to speak of until its last seven days, and is told of ever after', () => {
  expect(expiryWarning(identity, before(7.01))).toBeNull()
  expect(expiryWarning(identity, before(6.99))).toMatch(/expires soon: stop this agent, run `dray host add host-1`/)
  expect(expiryWarning(identity, before(-0.01))).toContain('has expired')
})
