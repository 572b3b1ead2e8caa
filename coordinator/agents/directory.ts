// The hosts as the REST interface shows them, and how one is added.
import type { AddedHost, Host, HostFence } from '../../shared/api/hosts.ts'
import type { AsOf } from '../../shared/api/inventory.ts'
import { AppError } from '../../shared/errors.ts'
import { formatJoinToken } from '../../shared/identity/join-token.ts'
import type { FenceStore } from '../fencing/ports.ts'
import type { Authority } from '../identity/authority.ts'
import { hashSecret, newSecret } from '../identity/tokens.ts'
import type { Clock } from '../migration/ports.ts'
import type { HostRow, HostStore } from '../store/hosts.ts'
import type { JoinTokenStore } from '../store/join-tokens.ts'
import { hostNotFound } from './host-not-found.ts'
import { mayBeOnline, type Presence } from './presence.ts'
import type { HostRemoval } from './removal.ts'

export type HostDirectory = {
  list(): Promise<Host[]>
  // Throws DRAYAGE_HOST_NOT_FOUND.
  get(name: string): Promise<Host>
  // Gives a join token, and takes back any that was given before and not used. Throws DRAYAGE_HOST_EXISTS while an agent
  // that has enrolled under the name is online. Where it is not, the host may have been installed anew: whoever enrols
  // with the token takes its place (registration.ts), and until then nothing changes.
  add(name: string): Promise<AddedHost>
  readonly remove: HostRemoval['remove']
  // How far what is known of one host, or of all, can be trusted. Throws DRAYAGE_HOST_NOT_FOUND.
  asOf(name: string | undefined): Promise<AsOf[]>
}

export type DirectoryOptions = {
  readonly hosts: HostStore
  readonly joinTokens: JoinTokenStore
  readonly presence: Presence
  readonly fences: Pick<FenceStore, 'all' | 'owed'>
  readonly clock: Pick<Clock, 'now'>
  readonly authority: Pick<Authority, 'fingerprint'>
  readonly removal: HostRemoval
}

export const joinTokenLifeMs = 60 * 60 * 1000

const utc = (date: Date | null): string | null => date?.toISOString() ?? null

export const createHostDirectory = ({
  hosts,
  joinTokens,
  presence,
  fences,
  clock,
  authority,
  removal,
}: DirectoryOptions): HostDirectory => {
  const fencesByHost = async (): Promise<ReadonlyMap<string, HostFence>> => {
    const inForce = await fences.all()
    if (inForce.length === 0) return new Map()
    const owed = await fences.owed()
    return new Map(
      inForce.map(({ host, at, by }) => {
        const own = owed.filter((call) => call.host === host)
        const error = own.find((call) => call.error !== null)?.error ?? null
        return [host, { at: at.toISOString(), by, owed: own.length, error }]
      }),
    )
  }

  const view = (row: HostRow, fenced: ReadonlyMap<string, HostFence>): Host => {
    const { state, lastSeen, engineReachable } = presence.of(row)
    return {
      name: row.name,
      state,
      address: row.address,
      agentVersion: row.agentVersion,
      engine: row.engine,
      engineReachable: state === 'online' && engineReachable,
      fence: fenced.get(row.name) ?? null,
      addedAt: row.addedAt.toISOString(),
      lastSeen: utc(lastSeen),
      inventoryAt: utc(row.inventoryAt),
    }
  }

  const get = async (name: string): Promise<Host> => {
    const row = await hosts.find(name)
    if (row === null) throw hostNotFound(name)
    return view(row, await fencesByHost())
  }
  const list = async (): Promise<Host[]> => {
    const fenced = await fencesByHost()
    return (await hosts.list()).map((row) => view(row, fenced))
  }

  return {
    list,
    get,

    add: async (name) => {
      const now = clock.now()
      const row = await hosts.add(name, now)
      const seen = presence.of(row)
      if (row.enrolledAt !== null && mayBeOnline(seen)) {
        const standing = seen.state === 'online' ? 'is online' : 'may be online: the coordinator has only just started'
        throw new AppError(
          'DRAYAGE_HOST_EXISTS',
          `The host ${name} was added before, and its agent ${standing}. Nothing was changed. Choose another name for ` +
            `another host; if ${name} was installed anew, stop the agent that answered for it, and ask again when dray ` +
            'hosts shows it as lost.',
        )
      }
      const secret = newSecret()
      const expiresAt = new Date(now.getTime() + joinTokenLifeMs)
      await joinTokens.issue({ hash: hashSecret(secret), host: name, expiresAt }, now)
      return {
        name,
        joinToken: formatJoinToken({ host: name, fingerprint: authority.fingerprint, secret }),
        expiresAt: expiresAt.toISOString(),
      }
    },

    remove: removal.remove,

    asOf: async (name) => {
      const concerned = name === undefined ? await list() : [await get(name)]
      return concerned.map((host) => ({ host: host.name, state: host.state, inventoryAt: host.inventoryAt }))
    },
  }
}
