// What `docker run --publish` takes, for ports that are to be published otherwise where a container goes. Pure.
import { isIP } from 'node:net'

export type Protocol = 'tcp' | 'udp' | 'sctp'

export type Published = {
  readonly protocol: string
  // '': every address of the host.
  readonly hostIp: string
  // 0: the engine's choice, at each start.
  readonly hostPort: number
  readonly containerPort: number
}

const protocols: readonly string[] = ['tcp', 'udp', 'sctp'] satisfies Protocol[]

// Why it cannot be read ends a sentence.
export class NotAPort extends Error {}

const portNumber = (text: string, what: string): number => {
  const number = Number(text)
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= 65_535) return number
  throw new NotAPort(`${JSON.stringify(text)} is no ${what}, from 1 to 65535`)
}

const rangeOf = (text: string, what: string): readonly number[] => {
  const [first = '', last = first, ...more] = text.split('-')
  const [from, to] = [portNumber(first, what), portNumber(last, what)]
  if (more.length > 0 || to < from) throw new NotAPort(`${JSON.stringify(text)} is no range of ports`)
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

const addressOf = (text: string): string => {
  const bare = /^\[.*\]$/.test(text) ? text.slice(1, -1) : text
  if (text === '' || isIP(bare) === (bare === text ? 4 : 6)) return bare
  throw new NotAPort(`${JSON.stringify(text)} is no address (IPv6 in brackets)`)
}

// [[ADDRESS:][HOST]:]CONTAINER[/PROTOCOL], each side a port or a range of as many as the other (docs.docker.com/reference/cli/docker/
// container/run, --publish). Throws NotAPort.
export const parsePublish = (raw: string): readonly Published[] => {
  const [ports = '', protocol = 'tcp', ...more] = raw.split('/')
  if (more.length > 0 || !protocols.includes(protocol)) {
    throw new NotAPort(`${JSON.stringify(raw)} names no protocol of ${protocols.join(', ')} after its "/"`)
  }
  const {
    address = '',
    host = '',
    container = '',
  } = /^(?:(?:(?<address>\[[^\]]*\]|[^:[\]]*):)?(?<host>[^:[\]]*):)?(?<container>[^:[\]]+)$/.exec(ports)?.groups ?? {}
  if (container === '') throw new NotAPort(`${JSON.stringify(raw)} is not [[ADDRESS:][HOST]:]CONTAINER[/PROTOCOL]`)
  const inside = rangeOf(container, 'port of a container')
  const outside = host === '' ? inside.map(() => 0) : rangeOf(host, 'port of a host')
  if (inside.length !== outside.length) {
    throw new NotAPort(
      `${JSON.stringify(raw)} has ${outside.length} ports of the host for ${inside.length} of the container`,
    )
  }
  const hostIp = addressOf(address)
  return inside.map((containerPort, index) => ({ protocol, hostIp, hostPort: outside[index] ?? 0, containerPort }))
}

export const formatPublish = ({ protocol, hostIp, hostPort, containerPort }: Published): string => {
  const address = hostIp === '' ? '' : `${hostIp.includes(':') ? `[${hostIp}]` : hostIp}:`
  const host = hostPort === 0 ? (address === '' ? '' : ':') : `${hostPort}:`
  return `${address}${host}${containerPort}/${protocol}`
}

// What is wanted of one of several that move together has its name before it.
export type Wanted = {
  // null: whichever of them publishes that port.
  readonly container: string | null
  readonly port: Published
}

// NAME=PORTS, or PORTS. "=" is in no name of a container (daemon/names, RestrictedNamePattern), and in nothing that docker takes
// as ports. Throws NotAPort.
export const parseWanted = (raw: string): readonly Wanted[] => {
  const at = raw.indexOf('=')
  const container = at < 0 ? null : raw.slice(0, at)
  if (container !== null && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(container)) {
    throw new NotAPort(`${JSON.stringify(raw)} names no container before its "="`)
  }
  return parsePublish(raw.slice(at + 1)).map((port) => ({ container, port }))
}

export const formatWanted = ({ container, port }: Wanted): string =>
  `${container === null ? '' : `${container}=`}${formatPublish(port)}`

export const sameContainerPort = (
  a: Pick<Published, 'protocol' | 'containerPort'>,
  b: Pick<Published, 'protocol' | 'containerPort'>,
): boolean => a.protocol === b.protocol && a.containerPort === b.containerPort

const isEveryAddress = (ip: string): boolean => ip === '' || ip === '0.0.0.0' || ip === '::'

// Docker publishes on both families where no address is given.
export const samePort = (
  a: Pick<Published, 'protocol' | 'hostIp' | 'hostPort'>,
  b: Pick<Published, 'protocol' | 'hostIp' | 'hostPort'>,
): boolean =>
  a.hostPort !== 0 &&
  a.hostPort === b.hostPort &&
  a.protocol === b.protocol &&
  (isEveryAddress(a.hostIp) || isEveryAddress(b.hostIp) || a.hostIp === b.hostIp)

// All that a container publishes of a port gives way to what is wanted for it; what is wanted for one that it does not
// publish is left out.
export const republished = <T extends Published>(
  ports: readonly T[],
  wanted: readonly Published[],
): readonly (T | Published)[] => [
  ...ports.filter((port) => !wanted.some((other) => sameContainerPort(port, other))),
  ...wanted.filter((port) => ports.some((other) => sameContainerPort(port, other))),
]
