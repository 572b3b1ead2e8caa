// A retired copy of a workload as the engine has it: taken again for a move back, or removed for good.
import type { InspectedNetwork } from '../api/answers.ts'
import { type Client, path } from '../api/client.ts'
import { findContainer, listContainers, listedName } from '../api/containers.ts'
import { orNull } from '../api/errors.ts'
import { migrationOf } from '../api/labels.ts'
import { removeImage } from '../images/images.ts'
import { findVolume, removeVolume, usersOf } from '../volumes/volumes.ts'
import { removeContainer, removeUnusedNetwork } from './discard.ts'
import type { OwnCopy } from './own-copy.ts'

// What goes with a retired container: networks that a migration made, by id, and its image, by id.
export type GoesWith = { readonly networks: readonly string[]; readonly image: string }

// null: there is no such container any more.
export const goesWith = async (client: Client, containerId: string): Promise<GoesWith | null> => {
  const container = await findContainer(client, containerId)
  if (container === null) return null
  const names = Object.keys(container.NetworkSettings.Networks ?? {})
  const networks = await Promise.all(names.map((name) => orNull(client.get<InspectedNetwork>(path`/networks/${name}`))))
  return {
    networks: networks.flatMap((network) => (network !== null && migrationOf(network.Labels) ? [network.Id] : [])),
    image: container.Image,
  }
}

// Containers, running or not, that refer to one of these volumes, other than these two kinds: the one with this id, and
// what this migration made.
export const otherUsers = async (
  client: Client,
  { containerId, volumes }: OwnCopy,
  migrationId: string,
): Promise<{ readonly volume: string; readonly container: string }[]> => {
  const listed = await listContainers(client)
  return volumes.flatMap((volume) =>
    usersOf(volume, listed)
      .filter(({ Id, Labels }) => Id !== containerId && migrationOf(Labels) !== migrationId)
      .map((container) => ({ volume, container: listedName(container) })),
  )
}

// Answers what was removed, in words; what is gone already is not named. Nothing is forced.
export const removeRetired = async (
  client: Client,
  { containerId, volumes }: OwnCopy,
  { networks, image }: GoesWith,
  withImage: boolean,
): Promise<string[]> => {
  const removed: string[] = []
  const container = await findContainer(client, containerId)
  if (container !== null) {
    await removeContainer(client, containerId)
    removed.push(`container ${container.Name.replace(/^\//, '')}`)
  }
  for (const name of volumes) {
    if ((await findVolume(client, name)) === null) continue
    await removeVolume(client, name, 'which the container had that has moved away')
    removed.push(`volume ${name}`)
  }
  for (const id of networks) {
    const network = await orNull(client.get<InspectedNetwork>(path`/networks/${id}`))
    if (network !== null && (await removeUnusedNetwork(client, network))) removed.push(`network ${network.Name}`)
  }
  if (withImage && image !== '' && (await removeImage(client, image, null))) removed.push(`image ${image}`)
  return removed
}
