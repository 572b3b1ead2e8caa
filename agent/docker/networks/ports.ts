// Published ports: what a container asks for, and who has them already. Pure.
import type { PublishedPort__Output } from '../../../shared/rpc/generated/drayage/v1/PublishedPort.ts'
import type { ContainerConfig, HostConfig } from '../api/answers.ts'

const protocolAndPort = (key: string): { protocol: string; containerPort: number } => {
  const [port = '', protocol = 'tcp'] = key.split('/')
  return { protocol, containerPort: Number(port) }
}

// A range ("8000-8010") is the engine's choice too.
const fixedPort = (hostPort: string | undefined): number => (/^\d+$/.test(hostPort ?? '') ? Number(hostPort) : 0)

// As asked for, not as bound now: the same whether it runs or not.
export const publishedPorts = (config: ContainerConfig, hostConfig: HostConfig): PublishedPort__Output[] => {
  const bindings = hostConfig.PortBindings ?? {}
  const asked = Object.entries(bindings).flatMap(([key, hosts]) =>
    (hosts ?? []).map((host) => ({
      ...protocolAndPort(key),
      hostIp: host.HostIp ?? '',
      hostPort: fixedPort(host.HostPort),
    })),
  )
  const exposed = hostConfig.PublishAllPorts
    ? Object.keys(config.ExposedPorts ?? {}).filter((key) => bindings[key] === undefined)
    : []
  return [...asked, ...exposed.map((key) => ({ ...protocolAndPort(key), hostIp: '', hostPort: 0 }))]
}

export const portWords = ({ protocol, hostIp, hostPort }: PublishedPort__Output): string =>
  `${hostIp === '' ? '' : hostIp.includes(':') ? `[${hostIp}]:` : `${hostIp}:`}${hostPort}/${protocol}`

export type Listener = Pick<PublishedPort__Output, 'protocol' | 'hostIp' | 'hostPort'>

// Each 32-bit word of the address is in the machine's byte order: little-endian wherever Docker runs.
const addressFromHex = (hex: string): string => {
  const bytes = (hex.toLowerCase().match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse())
  if (bytes.every((byte) => byte === '00')) return bytes.length === 4 ? '0.0.0.0' : '::'
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.')
  const mapped = bytes.slice(0, 10).every((byte) => byte === '00') && bytes[10] === 'ff' && bytes[11] === 'ff'
  if (mapped)
    return bytes
      .slice(12)
      .map((byte) => Number.parseInt(byte, 16))
      .join('.')
  const groups = Array.from({ length: 8 }, (_, index) => `${bytes[2 * index]}${bytes[2 * index + 1]}`)
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}

// /proc/net/{tcp,tcp6,udp,udp6}, proc_net(5): state 0A is a listening TCP socket, 07 an unconnected UDP one.
export const listenersIn = (table: string, protocol: 'tcp' | 'udp'): Listener[] =>
  table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/)
      const [address = '', port = ''] = local.split(':')
      if (state !== (protocol === 'tcp' ? '0A' : '07') || port === '') return []
      return [{ protocol, hostIp: addressFromHex(address), hostPort: Number.parseInt(port, 16) }]
    })
