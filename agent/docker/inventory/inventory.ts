// Everything that the engine has, as the coordinator's inventory wants it.
import type { InventoryContainer__Output } from '../../../shared/rpc/generated/drayage/v1/InventoryContainer.ts'
import type { InventoryVolume__Output } from '../../../shared/rpc/generated/drayage/v1/InventoryVolume.ts'
import type { InspectedVolume, ListedContainer } from '../api/answers.ts'
import type { Client } from '../api/client.ts'
import { listContainers, listedName } from '../api/containers.ts'
import { isAnonymous } from '../volumes/volumes.ts'

export type Inventory = {
  readonly containers: InventoryContainer__Output[]
  readonly volumes: InventoryVolume__Output[]
}

const inventoryContainer = (container: ListedContainer): InventoryContainer__Output => ({
  id: container.Id,
  name: listedName(container),
  image: container.Image,
  imageId: container.ImageID,
  state: container.State,
  createdAt: new Date(container.Created * 1000).toISOString(),
  labels: { ...container.Labels },
  // By destination, which is unique: the engine keeps them in a map and lists them in any order (seen with 20.10).
  mounts: (container.Mounts ?? [])
    .map((mount) => ({
      type: mount.Type,
      volume: mount.Type === 'volume' ? (mount.Name ?? '') : '',
      source: mount.Source ?? '',
      destination: mount.Destination,
      readOnly: !mount.RW,
    }))
    .sort((a, b) => (a.destination < b.destination ? -1 : 1)),
})

export const inventoryVolume = (volume: InspectedVolume): InventoryVolume__Output => ({
  name: volume.Name,
  driver: volume.Driver,
  mountpoint: volume.Mountpoint,
  scope: volume.Scope,
  options: { ...volume.Options },
  labels: { ...volume.Labels },
  createdAt: volume.CreatedAt ?? '',
  anonymous: isAnonymous(volume.Name, volume.Labels),
})

export const inventory = async (client: Client): Promise<Inventory> => {
  const [containers, volumes] = await Promise.all([
    listContainers(client),
    client.get<{ Volumes: InspectedVolume[] | null }>('/volumes'),
  ])
  return {
    containers: containers.map(inventoryContainer),
    volumes: (volumes.Volumes ?? []).map(inventoryVolume),
  }
}

// By the list, not by inspect: a container then looks the same in a change as in the full inventory.
export const inventoryContainers = async (
  client: Client,
  ids: readonly string[],
): Promise<InventoryContainer__Output[]> =>
  ids.length === 0 ? [] : (await listContainers(client, { id: ids })).map(inventoryContainer)
