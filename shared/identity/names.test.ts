import { expect, test } from 'vitest'
import { agentUri, anonymous, coordinatorUri, identityOf, isHostName } from './names.ts'

test('a certificate speaks for exactly the one name in its URI', () => {
  expect(identityOf(`URI:${agentUri('host-1')}, DNS:host-1.agent.drayage.internal`)).toEqual({
    role: 'agent',
    host: 'host-1',
  })
  expect(identityOf(`URI:${coordinatorUri}`)).toEqual({ role: 'coordinator', host: null })
})

test('a certificate without our URI, with two of them, or with a name that is no DNS label speaks for nobody', () => {
  for (const san of [
    undefined,
    '',
    'DNS:host-1.agent.drayage.internal',
    `URI:${agentUri('host-1')}, URI:${coordinatorUri}`,
    `URI:${agentUri('../host')}`,
    `URI:${agentUri('')}`,
    'URI:drayage://coordinator/',
  ]) {
    expect(identityOf(san)).toEqual(anonymous)
  }
})

test('a host name is a DNS label', () => {
  for (const name of ['a', 'host-1', 'x'.repeat(63)]) expect(isHostName(name)).toBe(true)
  for (const name of ['', '-a', 'a-', 'A', 'a.b', 'a/b', 'x'.repeat(64), 'a\n']) expect(isHostName(name)).toBe(false)
})
