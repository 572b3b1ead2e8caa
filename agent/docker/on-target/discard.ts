// Takes back what prepare() made for a migration: the container, the volumes, the networks, in this order. By its label,
// and by nothing else.
import { AppError } from '../../../shared/errors.ts'
import { failpoint } from '../../../shared/failpoints/failpoints.ts'
import type { InspectedContainer, InspectedNetwork, ListedContainer } from '../api/answers.ts'
import { type Client, path } from '../api/client.ts'
import { inspectAll, listContainers, nameOf } from '../api/containers.ts'
import { hasStatus } from '../api/errors.ts'
import { containerIsOurs, migrationLabel, type Role } from '../api/labels.ts'
import { ourVolumes, removeVolume } from '../volumes/volumes.ts'
import { ourNetworks } from './made.ts'
import type { OwnCopy } from './own-copy.ts'

export const ourContainers = async (client: Client, migrationId: string, role: Role): Promise<InspectedContainer[]> => {
  const listed = await listContainers(client, { label: [`${migrationLabel}=${migrationId}`] })
  const inspected = await inspectAll(
    client,
    listed.map((container) => container.Id),
  )
  return inspected.filter((container) => containerIsOurs(container, migrationId, role))
}

// Never with v=1, which would take anonymous volumes along, and never forced.
export const removeContainer = async (client: Client, id: string): Promise<void> => {
  try {
    await client.delete(path`/containers/${id}`, { query: { v: false, force: false } })
  } catch (error) {
    // 404: it is gone. 409 may mean that somebody else's removal is under way.
    if (hasStatus(error, 404)) return
    if (!hasStatus(error, 409)) throw error
    await goneOr(client, id, error)
  }
}

const removalTimeoutMs = 60_000

const goneOr = async (client: Client, id: string, refusal: unknown): Promise<void> => {
  try {
    const { State } = await client.get<InspectedContainer>(path`/containers/${id}/json`)
    if (State.Status !== 'removing') throw refusal
    await client.post(path`/containers/${id}/wait`, { query: { condition: 'removed' }, timeoutMs: removalTimeoutMs })
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
  }
}

// Docker refuses for containers that run on it, and for no others: one that was only created would never start again.
const isNamedBy = ({ Name, Id }: InspectedNetwork, { NetworkSettings }: ListedContainer): boolean =>
  Object.entries(NetworkSettings?.Networks ?? {}).some(([name, { NetworkID }]) => name === Name || NetworkID === Id)

// A network that somebody else's container has come to need stays for that one. Not for `own`: a copy that was here before
// this network was made for it.
export const removeUnusedNetwork = async (
  client: Client,
  network: InspectedNetwork,
  own: OwnCopy | null = null,
): Promise<boolean> => {
  const containers = await listContainers(client)
  if (containers.some((container) => container.Id !== own?.containerId && isNamedBy(network, container))) return false
  try {
    await client.delete(path`/networks/${network.Id}`)
    return true
  } catch (error) {
    // 403: one came to run on it meanwhile.
    if (!hasStatus(error, 403, 404)) throw error
    return false
  }
}

export const discard = async (client: Client, migrationId: string, own: OwnCopy | null): Promise<void> => {
  if (migrationId === '') return
  const containers = await ourContainers(client, migrationId, 'workload')
  const running = containers.find(({ State }) => State.Running || State.Restarting || State.Paused)
  if (running !== undefined) {
    throw new AppError(
      'DRAYAGE_CONTAINER_STATE',
      `The container ${nameOf(running)} that this migration made runs (${running.State.Status}), and what runs is never ` +
        'discarded. Stop it first, if it must go.',
    )
  }
  for (const container of containers) await removeContainer(client, container.Id)
  await failpoint('DiscardTarget.middle')
  for (const { Name, Driver } of await ourVolumes(client, migrationId)) {
    // A plugin removes the data with the volume, wherever it is.
    if (Driver === 'local') await removeVolume(client, Name, 'which this migration made')
  }
  for (const network of await ourNetworks(client, migrationId)) await removeUnusedNetwork(client, network, own)
}
