// What the engine has, kept up from one observation to the next by who follows them.
import type { InventoryContainer__Output } from '../../shared/rpc/generated/drayage/v1/InventoryContainer.ts'
import type { InventoryVolume__Output } from '../../shared/rpc/generated/drayage/v1/InventoryVolume.ts'
import { isHolder } from '../docker/api/labels.ts'
import type { Observation } from './observer.ts'

export type Present = {
  apply(observation: Observation): void
  volume(name: string): InventoryVolume__Output | undefined
  volumeNames(): readonly string[]
  // Who uses the volume and in what state, as a text that is equal if and only if they are. Drayage's own holders are
  // no users.
  usersOf(volume: string): string
}

export const createPresent = (): Present => {
  const containers = new Map<string, InventoryContainer__Output>()
  const volumes = new Map<string, InventoryVolume__Output>()
  let users: ReadonlyMap<string, string> | null = null

  const gatherUsers = (): ReadonlyMap<string, string> => {
    const found = [...containers.values()]
      .filter(({ labels }) => !isHolder(labels))
      .flatMap(({ id, state, mounts }) => mounts.map(({ volume }) => ({ volume, user: `${id} ${state}` })))
    return new Map(
      [...Map.groupBy(found, ({ volume }) => volume)].map(([volume, its]) => [
        volume,
        [...new Set(its.map(({ user }) => user))].toSorted().join('\n'),
      ]),
    )
  }

  return {
    apply: (observation) => {
      users = null
      if (observation.full) {
        containers.clear()
        volumes.clear()
      } else {
        for (const id of observation.change.removedContainerIds) containers.delete(id)
        for (const name of observation.change.removedVolumeNames) volumes.delete(name)
      }
      const seen = observation.full ? observation.inventory : observation.change
      for (const container of seen.containers) containers.set(container.id, container)
      for (const volume of seen.volumes) volumes.set(volume.name, volume)
    },
    volume: (name) => volumes.get(name),
    volumeNames: () => [...volumes.keys()],
    usersOf: (volume) => {
      users ??= gatherUsers()
      return users.get(volume) ?? ''
    },
  }
}
