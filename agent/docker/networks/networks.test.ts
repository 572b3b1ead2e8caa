import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { InspectedNetwork, IpamPool } from '../api/answers.ts'
import {
  collisions,
  differences,
  networkBody,
  networkSpec,
  notLaid,
  overlap,
  parseNetworkSpec,
  rangeOf,
} from './networks.ts'

const network = (pools: readonly IpamPool[], more: Partial<InspectedNetwork> = {}): InspectedNetwork => ({
  Name: 'shop',
  Id: 'a'.repeat(64),
  Scope: 'local',
  Driver: 'bridge',
  Internal: false,
  Attachable: false,
  Ingress: false,
  IPAM: { Driver: 'default', Options: {}, Config: pools },
  Options: {},
  Labels: { of: 'shop' },
  ...more,
})
const builtIn = { DefaultAddressPools: null }
const specOf = (pools: readonly IpamPool[], more: Partial<InspectedNetwork> = {}) =>
  networkSpec(network(pools, more), builtIn, false)

const chosen = { Subnet: '172.18.0.0/16', Gateway: '172.18.0.1' }
const asked = { Subnet: '10.45.0.0/24' }

describe('the addresses of a network', () => {
  test('that the engine chose are left to the other engine to choose', () => {
    expect(specOf([chosen]).pools).toEqual([])
    expect(specOf([{ Subnet: '192.168.16.0/20', Gateway: '192.168.16.1' }]).pools).toEqual([])
  })

  test('that somebody asked for are kept', () => {
    expect(specOf([asked]).pools).toEqual([asked])
    expect(specOf([{ ...chosen, Gateway: '172.18.0.7' }]).pools).toHaveLength(1)
    expect(specOf([{ ...chosen, IPRange: '172.18.5.0/24' }]).pools).toHaveLength(1)
    expect(specOf([{ Subnet: '172.18.0.0/24', Gateway: '172.18.0.1' }]).pools).toHaveLength(1)
    expect(specOf([{ Subnet: 'fd00:1::/64' }, chosen]).pools).toEqual([{ Subnet: 'fd00:1::/64' }])
  })

  test('are kept where the container has a fixed one in them', () => {
    expect(networkSpec(network([chosen]), builtIn, true).pools).toEqual([chosen])
  })

  test('are told apart by the engine’s own pools where it has some', () => {
    const own = { DefaultAddressPools: [{ Base: '10.200.0.0/16', Size: 24 }] }
    const fromOwn = { Subnet: '10.200.3.0/24', Gateway: '10.200.3.1' }
    expect(networkSpec(network([fromOwn]), own, false).pools).toEqual([])
    expect(networkSpec(network([chosen]), own, false).pools).toEqual([chosen])
  })
})

test('a network of the same name fits when nothing that the container can feel differs', () => {
  const spec = specOf([asked], { Options: { mtu: '1400' } })
  const same = network([{ ...asked, Gateway: '10.45.0.1' }], { Options: { mtu: '1400' }, Labels: {} })
  expect(differences(spec, same)).toEqual([])
})

test.each([
  ['driver', { Driver: 'macvlan' }, /driver is macvlan/],
  ['isolation', { Internal: true }, /internal/],
  ['IPv6', { EnableIPv6: true }, /IPv6 is on/],
  ['options', { Options: {} }, /options/],
] as const)('a network of the same name and another %s does not fit', (_, more, words) => {
  const spec = specOf([asked], { Options: { mtu: '1400' } })
  expect(differences(spec, network([asked], { Options: { mtu: '1400' }, ...more })).join()).toMatch(words)
})

test('a network of the same name in another subnet fits only where the subnet was the engine’s choice', () => {
  const elsewhere = network([{ Subnet: '172.25.0.0/16', Gateway: '172.25.0.1' }])
  expect(differences(specOf([chosen]), elsewhere)).toEqual([])
  expect(differences(specOf([asked]), elsewhere).join()).toMatch(/172\.25\.0\.0\/16, not 10\.45\.0\.0\/24/)
})

describe('a network that is laid between hosts', () => {
  const lan = network([asked], { Driver: 'macvlan', Options: { parent: 'eth0' } })
  const overlay = network([asked], { Driver: 'overlay', Scope: 'swarm' })
  const specIn = (of: InspectedNetwork) => networkSpec(of, builtIn, false)

  test.each([
    ['macvlan', lan],
    ['ipvlan', { ...lan, Driver: 'ipvlan' }],
    ['a plugin’s', { ...lan, Driver: 'weave' }],
    ['made from another’s configuration', network([], { ConfigFrom: { Network: 'template' } })],
    ['overlay', overlay],
  ])('%s, is known as such', (_, laid) => {
    expect(specIn(laid).laid).toEqual({ swarmId: laid.Scope === 'swarm' ? laid.Id : '' })
    expect(notLaid(specIn(laid))).toMatch(/^shop is a network of the driver .*the target has none of that name/)
  })

  test('may hang on another interface, and must lead to the same addresses by the same driver', () => {
    expect(differences(specIn(lan), { ...lan, Options: { parent: 'enp3s0' } })).toEqual([])
    expect(differences(specIn(lan), network([asked])).join()).toBe('its driver is bridge, not macvlan')
    const elsewhere = { ...lan, IPAM: { ...lan.IPAM, Config: [{ Subnet: '10.46.0.0/24' }] } }
    expect(differences(specIn(lan), elsewhere).join()).toMatch(/10\.46\.0\.0\/24, not 10\.45\.0\.0\/24/)
  })

  test('of a swarm, must be of the same', () => {
    expect(differences(specIn(overlay), overlay)).toEqual([])
    expect(differences(specIn(overlay), { ...overlay, Id: 'b'.repeat(25) })).toEqual([
      'it is of another swarm, or of none',
    ])
  })
})

test('an overlap with another network, and a bridge that has its name, are found', () => {
  const other = network([{ Subnet: '10.45.0.128/25' }], { Name: 'other' })
  expect(collisions(specOf([asked]), [other]).join()).toMatch(
    /10\.45\.0\.0\/24 overlaps 10\.45\.0\.128\/25 of network other/,
  )
  const bridge = { Options: { 'com.docker.network.bridge.name': 'br-shop' } }
  expect(collisions(specOf([], bridge), [network([], { Name: 'other', ...bridge })]).join()).toMatch(/br-shop/)
  expect(collisions(specOf([asked]), [network([asked])])).toEqual([])
})

test('what is created carries this migration’s label and the source’s own, and no earlier migration’s', () => {
  const spec = specOf([asked], { Labels: { of: 'shop', 'dev.drayage.migration': 'm-0' } })
  expect(networkBody(parseNetworkSpec(JSON.stringify(spec)), 'm-1')).toMatchObject({
    Name: 'shop',
    Labels: { of: 'shop', 'dev.drayage.migration': 'm-1' },
    IPAM: { Config: [asked] },
  })
})

const ipv4 = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255), fc.integer({ min: 0, max: 32 }))
  .map(([a, b, c, d, bits]) => `${a}.${b}.${c}.${d}/${bits}`)
const ipv6 = fc
  .tuple(
    fc.ipV6().filter((text) => !text.includes('.')),
    fc.integer({ min: 0, max: 128 }),
  )
  .map(([a, bits]) => `${a}/${bits}`)

test('overlap is symmetric, holds of a subnet and itself, and never between families', () => {
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), fc.oneof(ipv4, ipv6), (a, b) => {
      expect(overlap(a, b)).toBe(overlap(b, a))
      expect(overlap(a, a)).toBe(true)
      if (a.includes(':') !== b.includes(':')) expect(overlap(a, b)).toBe(false)
    }),
  )
})

test('two subnets overlap exactly when one holds the other’s first address', () => {
  fc.assert(
    fc.property(ipv4, ipv4, (a, b) => {
      const [one, other] = [rangeOf(a), rangeOf(b)]
      if (one === null || other === null) throw new Error('not a subnet')
      const holds = (range: typeof one, address: bigint) => range.first <= address && address <= range.last
      expect(overlap(a, b)).toBe(holds(one, other.first) || holds(other, one.first))
    }),
  )
})

test.each(['', '10.0.0.0', '10.0.0/8', '10.0.0.256/8', '10.0.0.0/33', 'fd00::/129', 'x/8', '::g/64'])(
  '%j is no subnet, and overlaps nothing',
  (text) => {
    expect(rangeOf(text)).toBeNull()
    expect(overlap(text, '0.0.0.0/0')).toBe(false)
  },
)
