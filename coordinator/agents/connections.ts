// The way to every host's agent: one connection each, kept, and replaced when the host's address changes.
import { AppError } from '../../shared/errors.ts'
import { agentDnsName } from '../../shared/identity/names.ts'
import type { Banned } from '../../shared/rpc/banned.ts'
import { connect } from '../../shared/rpc/client.ts'
import { defaultSilenceMs, stallMs } from '../../shared/rpc/silence.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import type { ArchiveHosts, ArchivePort } from '../archives/ports.ts'
import type { TicketOffice } from '../identity/ticket-office.ts'
import type { AgentPort, Hosts } from '../migration/ports.ts'
import type { HostRow, HostStore } from '../store/hosts.ts'
import { type AgentClient, createAgentPort, type TimeLimits, timeLimits } from './agent-port.ts'
import { type ArchiveClient, createArchivePort } from './archive-port.ts'
import { hostNotFound } from './host-not-found.ts'
import type { Presence } from './presence.ts'

export type Connections = Hosts &
  ArchiveHosts & {
    // A host that was removed.
    forget(host: string): void
    // Calls from now on are made as who we are now; those that are under way end as they were begun.
    renew(): void
    close(): void
  }

export type ConnectionsOptions = {
  readonly hosts: HostStore
  readonly presence: Presence
  readonly identity: TlsIdentity
  readonly tickets: Pick<TicketOffice, 'to'>
  // Keys of hosts that were removed: one that is added again may have the address of an agent that is not its own.
  readonly banned?: Pick<Banned, 'has' | 'onChange'>
  readonly silenceMs?: number
  readonly limits?: TimeLimits
}

type Connection = { address: string; clients: Clients; readonly agent: AgentPort; readonly archives: ArchivePort }
// Volumes have a connection of their own: a step of a hand-over does not wait behind one.
type Clients = { readonly agent: AgentClient; readonly archive: ArchiveClient }

export const createConnections = ({
  hosts,
  presence,
  identity,
  tickets,
  banned,
  silenceMs = defaultSilenceMs,
  limits = { ...timeLimits, stallMs: stallMs(silenceMs) },
}: ConnectionsOptions): Connections => {
  const connections = new Map<string, Connection>()

  const open = (host: string, address: string): Clients => {
    const endpoint = {
      address,
      dnsName: agentDnsName(host),
      describedAs: `The agent of ${host} (${address})`,
      whenUnreachable: 'DRAYAGE_AGENT_UNREACHABLE',
      silenceMs,
      ...(banned === undefined ? {} : { banned }),
    } as const
    return { agent: connect('Agent', endpoint, identity), archive: connect('Archive', endpoint, identity) }
  }
  const shut = ({ clients }: Connection): void => {
    clients.agent.close()
    clients.archive.close()
  }

  const connectionTo = (host: string, address: string): Connection => {
    const existing = connections.get(host)
    if (existing === undefined) {
      const made: Connection = {
        address,
        clients: open(host, address),
        agent: createAgentPort(() => made.clients.agent, tickets.to(host), limits),
        archives: createArchivePort(() => made.clients.archive, tickets.to(host), limits),
      }
      connections.set(host, made)
      return made
    }
    if (existing.address !== address) {
      shut(existing)
      existing.clients = open(host, address)
      existing.address = address
    }
    return existing
  }

  const required = async (host: string): Promise<HostRow> => {
    const row = await hosts.find(host)
    if (row === null) throw hostNotFound(host)
    return row
  }

  const known = (row: HostRow): Connection => {
    const { name, address } = row
    if (address === null) {
      throw new AppError(
        'DRAYAGE_HOST_OFFLINE',
        `Nothing was ever heard of the agent of ${name}: start it there with the join token that dray host add prints.`,
      )
    }
    return connectionTo(name, address)
  }
  const online = async (host: string): Promise<Connection> => {
    const row = await required(host)
    const { state, lastSeen } = presence.of(row)
    if (state === 'lost') {
      throw new AppError(
        'DRAYAGE_HOST_OFFLINE',
        `The agent of ${host} was last heard of at ${lastSeen?.toISOString()}, so what the host holds is not known now. ` +
          'Check that the agent runs there and reaches the coordinator.',
      )
    }
    return known(row)
  }

  return {
    online: async (host) => {
      const { agent, address } = await online(host)
      return { agent, address }
    },
    known: async (host) => {
      const { agent, address } = known(await required(host))
      return { agent, address }
    },
    archives: async (host) => {
      const { archives, address } = await online(host)
      return { agent: archives, address }
    },

    forget: (host) => {
      const connection = connections.get(host)
      if (connection !== undefined) shut(connection)
      connections.delete(host)
    },

    renew: () => {
      for (const [host, connection] of connections) {
        connection.clients.agent.retire()
        connection.clients.archive.retire()
        connection.clients = open(host, connection.address)
      }
    },

    close: () => {
      for (const connection of connections.values()) shut(connection)
      connections.clear()
    },
  }
}
