// A user-defined network: what of it another engine needs, whether one of that name there is the same, and where it
// would stand in the way of others. One that is laid between hosts (overlay, macvlan, a plugin's) is not made by a move: only who
// runs these hosts knows which interface it hangs on, or which cluster it is of. It must be there. Pure.
import { AppError } from '../../../shared/errors.ts'
import type { EngineInfo, InspectedNetwork, IpamPool, Json, StringMap } from '../api/answers.ts'
import { labelsOf, withoutOurs } from '../api/labels.ts'

const version = 1

export type NetworkSpec = {
  readonly version: typeof version
  readonly name: string
  readonly driver: string
  readonly internal: boolean
  readonly attachable: boolean
  readonly ipv4: boolean
  readonly ipv6: boolean
  readonly options: StringMap
  readonly labels: StringMap
  readonly ipamDriver: string
  readonly ipamOptions: StringMap
  // Empty where the engine chose the addresses by itself: the other engine then chooses too.
  readonly pools: readonly IpamPool[]
  // It is laid between hosts. swarmId: its id in the whole of a swarm; '': it is no swarm's.
  readonly laid?: { readonly swarmId: string }
}

// Docker's own choice where no other is configured (libnetwork's ipamutils, "local scope").
const builtInPools = [
  { Base: '172.17.0.0/16', Size: 16 },
  { Base: '172.18.0.0/16', Size: 16 },
  { Base: '172.19.0.0/16', Size: 16 },
  { Base: '172.20.0.0/14', Size: 16 },
  { Base: '172.24.0.0/14', Size: 16 },
  { Base: '172.28.0.0/14', Size: 16 },
  { Base: '192.168.0.0/16', Size: 20 },
] as const

type Range = { readonly first: bigint; readonly last: bigint; readonly bits: number; readonly family: 4 | 6 }

const addressValue = (address: string): bigint | null => {
  if (!address.includes(':')) {
    const parts = address.split('.').map(Number)
    if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return null
    return parts.reduce((value, part) => value * 256n + BigInt(part), 0n)
  }
  // The URL parser writes an IPv6 address out in full hexadecimal groups, but for the one run of zeros.
  if (!URL.canParse(`http://[${address}]/`)) return null
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const after = tail === undefined ? [] : groups(tail)
  const zeros = Array.from({ length: 8 - groups(head).length - after.length }, () => '0')
  return [...groups(head), ...zeros, ...after].reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n)
}

export const rangeOf = (subnet: string): Range | null => {
  const [address = '', length = ''] = subnet.split('/')
  const value = addressValue(address)
  const bits = Number(length)
  const family = address.includes(':') ? 6 : 4
  const width = family === 6 ? 128 : 32
  if (value === null || length === '' || !Number.isInteger(bits) || bits < 0 || bits > width) return null
  const size = 1n << BigInt(width - bits)
  const first = (value / size) * size
  return { first, last: first + size - 1n, bits, family }
}

export const overlap = (a: string, b: string): boolean => {
  const [one, other] = [rangeOf(a), rangeOf(b)]
  return (
    one !== null && other !== null && one.family === other.family && one.first <= other.last && other.first <= one.last
  )
}

const isFirstAddress = (gateway: string | undefined, subnet: string): boolean => {
  const range = rangeOf(subnet)
  return gateway !== undefined && range !== null && addressValue(gateway.split('/')[0] ?? '') === range.first + 1n
}

// Inspect shows a subnet that somebody asked for and one that the engine chose alike, but for the gateway: it shows the
// engine's own, always the first address, for a chosen one (seen on 20.10 and 28.5).
const isEnginesChoice = (pool: IpamPool, info: Pick<EngineInfo, 'DefaultAddressPools'>): boolean => {
  const subnet = pool.Subnet ?? ''
  const range = rangeOf(subnet)
  if (range === null || pool.IPRange || Object.keys(pool.AuxiliaryAddresses ?? {}).length > 0) return false
  if (!isFirstAddress(pool.Gateway, subnet)) return false
  // Engine 27 and later choose IPv6 subnets by themselves, as /64 of a unique local prefix made from the engine's id.
  if (range.family === 6) return range.bits === 64 && range.first >> 120n === 0xfdn
  const pools = info.DefaultAddressPools ?? []
  return (pools.length === 0 ? builtInPools : pools).some((from) => {
    const base = rangeOf(from.Base)
    return base !== null && range.bits === from.Size && base.first <= range.first && range.last <= base.last
  })
}

const trimmed = (pool: IpamPool): IpamPool => ({
  ...(pool.Subnet ? { Subnet: pool.Subnet } : {}),
  ...(pool.IPRange ? { IPRange: pool.IPRange } : {}),
  ...(pool.Gateway ? { Gateway: pool.Gateway } : {}),
  ...(Object.keys(pool.AuxiliaryAddresses ?? {}).length > 0
    ? { AuxiliaryAddresses: pool.AuxiliaryAddresses ?? {} }
    : {}),
})

const isLaid = ({ Driver, Scope, ConfigFrom }: InspectedNetwork): boolean =>
  Driver !== 'bridge' || Scope !== 'local' || Boolean(ConfigFrom?.Network)

// A container with an address of its own on the network needs the subnet to be the same.
export const networkSpec = (
  network: InspectedNetwork,
  info: Pick<EngineInfo, 'DefaultAddressPools'>,
  hasStaticAddress: boolean,
): NetworkSpec => ({
  version,
  name: network.Name,
  driver: network.Driver,
  internal: network.Internal,
  attachable: network.Attachable,
  ipv4: network.EnableIPv4 ?? true,
  ipv6: network.EnableIPv6 ?? false,
  options: network.Options ?? {},
  labels: withoutOurs(network.Labels),
  ipamDriver: network.IPAM.Driver,
  ipamOptions: network.IPAM.Options ?? {},
  ...(isLaid(network) ? { laid: { swarmId: network.Scope === 'swarm' ? network.Id : '' } } : {}),
  pools: (network.IPAM.Config ?? []).filter((pool) => hasStaticAddress || !isEnginesChoice(pool, info)).map(trimmed),
})

export const formatNetworkSpec = (spec: NetworkSpec): string => JSON.stringify(spec)

export const parseNetworkSpec = (json: string): NetworkSpec => {
  try {
    const parsed = JSON.parse(json) as NetworkSpec
    if (parsed.version === version) return parsed
  } catch {
    // Said below.
  }
  throw new AppError(
    'DRAYAGE_INVALID_REQUEST',
    'The description of a network is not one that this agent reads. Run the same version of the agent on both hosts.',
  )
}

// POST /networks/create
export const networkBody = (spec: NetworkSpec, migrationId: string): Json => ({
  Name: spec.name,
  // Engines before API 1.44 make a second network of the same name unless asked not to.
  CheckDuplicate: true,
  Driver: spec.driver,
  Internal: spec.internal,
  Attachable: spec.attachable,
  ...(spec.ipv4 ? {} : { EnableIPv4: false }),
  EnableIPv6: spec.ipv6,
  Options: spec.options,
  Labels: { ...spec.labels, ...labelsOf(migrationId) },
  IPAM: {
    Driver: spec.ipamDriver,
    ...(Object.keys(spec.ipamOptions).length === 0 ? {} : { Options: spec.ipamOptions }),
    ...(spec.pools.length === 0 ? {} : { Config: spec.pools }),
  },
})

const sameMap = (a: StringMap, b: StringMap): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value)

// What of a network of that name here is not as the workload needs it: '' in order, in words. Labels are its owner's
// business, and so is the subnet where the source's was the engine's choice. Of one that is laid, so are the options: each host
// has interfaces of its own.
export const differences = (spec: NetworkSpec, here: InspectedNetwork): readonly string[] => {
  const poolHere = (subnet: string) => (here.IPAM.Config ?? []).find((pool) => pool.Subnet === subnet)
  const missing = spec.pools.filter((pool) => {
    const found = poolHere(pool.Subnet ?? '')
    return found === undefined || (pool.IPRange ?? '') !== (found.IPRange ?? '')
  })
  const subnets = (here.IPAM.Config ?? []).map((pool) => pool.Subnet).join(', ') || 'none'
  const check = (differs: boolean, words: string) => (differs ? [words] : [])
  return [
    ...check(here.Driver !== spec.driver, `its driver is ${here.Driver}, not ${spec.driver}`),
    ...check(here.Internal !== spec.internal, `it is ${here.Internal ? '' : 'not '}internal`),
    ...check((here.EnableIPv6 ?? false) !== spec.ipv6, `IPv6 is ${here.EnableIPv6 ? 'on' : 'off'} in it`),
    ...check((here.EnableIPv4 ?? true) !== spec.ipv4, `IPv4 is ${(here.EnableIPv4 ?? true) ? 'on' : 'off'} in it`),
    ...check(!spec.laid && !sameMap(here.Options ?? {}, spec.options), 'its options are others'),
    ...check(Boolean(spec.laid?.swarmId) && spec.laid?.swarmId !== here.Id, 'it is of another swarm, or of none'),
    ...check(missing.length > 0, `its subnet is ${subnets}, not ${missing.map((pool) => pool.Subnet).join(', ')}`),
  ]
}

// Of one that is laid, where there is none of its name.
export const notLaid = ({ name, driver, laid }: NetworkSpec): string =>
  `${name} is a network of the driver ${driver}, which is laid between hosts and not made by a move, and the target has none of that name. ` +
  (laid?.swarmId
    ? 'Have the target join that swarm, as a manager, or run something on that network there: a worker shows it only then.'
    : 'Lay it there first (docker network create), or disconnect the container from it.')

const bridgeName = 'com.docker.network.bridge.name'

// Networks here, of other names, that would keep this one from being made, in words.
export const collisions = (spec: NetworkSpec, here: readonly InspectedNetwork[]): readonly string[] =>
  here
    .filter((network) => network.Name !== spec.name)
    .flatMap((network) => {
      const taken = spec.pools.flatMap((pool) =>
        (network.IPAM.Config ?? [])
          .filter((other) => overlap(pool.Subnet ?? '', other.Subnet ?? ''))
          .map((other) => `its subnet ${pool.Subnet} overlaps ${other.Subnet} of network ${network.Name}`),
      )
      const bridge = spec.options[bridgeName]
      const sameBridge = bridge !== undefined && network.Options?.[bridgeName] === bridge
      return [...taken, ...(sameBridge ? [`network ${network.Name} has the bridge ${bridge} already`] : [])]
    })
