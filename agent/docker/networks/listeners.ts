// The sockets that listen on this host, where this agent can see them.
import { readFile } from 'node:fs/promises'
import type { InspectedNetwork } from '../api/answers.ts'
import { type Listener, listenersIn } from './ports.ts'

const fromLittleEndian = (hex: string): string =>
  (hex.match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.')

const prefixLength = (mask: string): number =>
  [...Number.parseInt(mask, 16).toString(2)].filter((bit) => bit === '1').length

// /proc/net/route: interface, destination and, as the eighth field, mask; addresses in the machine's byte order. A bridge
// that nothing is plugged into keeps its route, though the list of interfaces that are up leaves it out.
export const routesIn = (table: string): readonly { readonly device: string; readonly subnet: string }[] =>
  table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [device = '', destination = '', , , , , , mask = ''] = line.trim().split(/\s+/)
      return mask === '' ? [] : [{ device, subnet: `${fromLittleEndian(destination)}/${prefixLength(mask)}` }]
    })

// An agent in a container has a network of its own, and its sockets say nothing about the host's. It is the engine's
// network where the engine's bridges have their routes.
export const sharesNetwork = (networks: readonly InspectedNetwork[], routeTable: string): boolean => {
  const routes = routesIn(routeTable)
  return networks
    .filter((network) => network.Driver === 'bridge')
    .some((network) => {
      const device = network.Options?.['com.docker.network.bridge.name'] ?? `br-${network.Id.slice(0, 12)}`
      const subnets = (network.IPAM.Config ?? []).map((pool) => pool.Subnet)
      return routes.some((route) => route.device === device && subnets.includes(route.subnet))
    })
}

const table = (name: string): Promise<string> => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')

export const hostListeners = async (networks: readonly InspectedNetwork[]): Promise<readonly Listener[] | null> => {
  if (!sharesNetwork(networks, await table('route'))) return null
  const read = async (name: string, protocol: 'tcp' | 'udp') => listenersIn(await table(name), protocol)
  const found = [read('tcp', 'tcp'), read('tcp6', 'tcp'), read('udp', 'udp'), read('udp6', 'udp')]
  return (await Promise.all(found)).flat()
}
