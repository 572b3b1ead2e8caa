import { expect, test } from 'vitest'
import type { InspectedNetwork } from '../api/answers.ts'
import { routesIn, sharesNetwork } from './listeners.ts'

// Of a Linux 6.18 machine with an engine on it.
const table = [
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
  'eth0\t00000000\t01D5D50A\t0003\t0\t0\t0\t00000000\t0\t0\t0',
  'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
  'br-0123456789ab\t00804D0A\t00000000\t0001\t0\t0\t0\t0080FFFF\t0\t0\t0',
  '',
].join('\n')

const bridge = (subnet: string, more: Partial<InspectedNetwork> = {}): InspectedNetwork => ({
  Name: 'bridge',
  Id: '0123456789abcdef',
  Scope: 'local',
  Driver: 'bridge',
  Internal: false,
  Attachable: false,
  Ingress: false,
  IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
  Options: { 'com.docker.network.bridge.name': 'docker0' },
  Labels: {},
  ...more,
})

test('routes are read with their prefixes', () => {
  expect(routesIn(table)).toEqual([
    { device: 'eth0', subnet: '0.0.0.0/0' },
    { device: 'docker0', subnet: '172.17.0.0/16' },
    { device: 'br-0123456789ab', subnet: '10.77.128.0/17' },
  ])
})

test('the engine’s network is shared where its bridge has its route', () => {
  expect(sharesNetwork([bridge('172.17.0.0/16')], table)).toBe(true)
  expect(sharesNetwork([bridge('10.77.128.0/17', { Options: {} })], table)).toBe(true)
})

test('it is not where the bridge is missing, is another, or nothing can be read', () => {
  expect(sharesNetwork([bridge('172.18.0.0/16')], table)).toBe(false)
  expect(sharesNetwork([bridge('172.17.0.0/16', { Driver: 'host' })], table)).toBe(false)
  expect(sharesNetwork([bridge('172.17.0.0/16')], '')).toBe(false)
  expect(sharesNetwork([], table)).toBe(false)
})
