// What a migration has made on its target, as the engine tells it now, and what others have done with it since.
import { arePartsOfOne } from '../../../shared/move-set/part.ts'
import { isPlainVolume } from '../../../shared/volumes/plain.ts'
import type { InspectedNetwork, InspectedVolume, ListedContainer } from '../api/answers.ts'
import type { Client } from '../api/client.ts'
import { findContainer, listContainers, listedName } from '../api/containers.ts'
import { containerIsOurs, isOurs, migrationLabel, migrationOf, roleLabel } from '../api/labels.ts'
import { findVolume, ourVolumes } from '../volumes/volumes.ts'
import { isRemade } from './attach.ts'
import type { OwnCopy } from './own-copy.ts'

export type Made = {
  // hasRun: it was started at least once, by whomever.
  readonly containers: readonly { readonly id: string; readonly name: string; readonly hasRun: boolean }[]
  readonly volumes: readonly string[]
  readonly networks: readonly string[]
}

export type ContainerName = { readonly id: string; readonly name: string }
// `mountpoint` as the engine sees it.
export type VolumePlace = { readonly name: string; readonly mountpoint: string }

export const ourNetworks = async (client: Client, migrationId: string): Promise<InspectedNetwork[]> => {
  const filters = JSON.stringify({ label: [`${migrationLabel}=${migrationId}`] })
  const networks = await client.get<InspectedNetwork[]>('/networks', { query: { filters } })
  return networks.filter((network) => isOurs(network.Labels, migrationId))
}

// Docker says `created` exactly of a container that has no start behind it (container/state.go, StateString).
const hasRun = ({ State }: ListedContainer): boolean => State !== 'created'

const workloadsOf = (listed: readonly ListedContainer[], migrationId: string): readonly ListedContainer[] =>
  listed.filter(({ Labels }) => isOurs(Labels, migrationId) && Labels?.[roleLabel] === 'workload')

export const madeBy = async (client: Client, migrationId: string): Promise<Made> => {
  const [listed, volumes, networks] = await Promise.all([
    listContainers(client),
    ourVolumes(client, migrationId),
    ourNetworks(client, migrationId),
  ])
  return {
    containers: workloadsOf(listed, migrationId).map((container) => ({
      id: container.Id,
      name: listedName(container),
      hasRun: hasRun(container),
    })),
    volumes: volumes.map(({ Name }) => Name),
    networks: networks.map(({ Name }) => Name),
  }
}

const runs = ({ State }: ListedContainer): boolean =>
  State === 'running' || State === 'paused' || State === 'restarting'

// By the volume's name; by a bind mount of its directory, of what is below it, or of the folder that Docker keeps it in.
// Not by a bind mount further up: backups, monitors and this very agent have the whole data root.
const mounts = ({ Mounts }: ListedContainer, { name, mountpoint }: VolumePlace): boolean =>
  (Mounts ?? []).some(({ Type, Name, Source = '' }) =>
    Type === 'volume'
      ? Name === name
      : Source === mountpoint ||
        Source.startsWith(`${mountpoint}/`) ||
        Source === mountpoint.slice(0, mountpoint.lastIndexOf('/')),
  )

const usersAmong = (listed: readonly ListedContainer[], volumes: readonly VolumePlace[]): ContainerName[] =>
  listed
    .filter((container) => runs(container) && volumes.some((volume) => mounts(container, volume)))
    .map((container) => ({ id: container.Id, name: listedName(container) }))

// Containers that run with one of these volumes mounted.
export const runningUsers = async (client: Client, volumes: readonly VolumePlace[]): Promise<ContainerName[]> =>
  volumes.length === 0 ? [] : usersAmong(await listContainers(client), volumes)

// Containers that refer to the volume, running or not.
export const allUsers = async (client: Client, volume: VolumePlace): Promise<ContainerName[]> =>
  (await listContainers(client))
    .filter((container) => mounts(container, volume))
    .map((container) => ({ id: container.Id, name: listedName(container) }))

const placeOf = ({ Name, Mountpoint }: InspectedVolume): VolumePlace => ({ name: Name, mountpoint: Mountpoint })

// own: a copy that was here before, and has run before; it is not used while it does not run.
const useOf = (
  listed: readonly ListedContainer[],
  volumes: readonly VolumePlace[],
  migrationId: string,
  own: OwnCopy | null,
): string[] => {
  const kept = own === null ? [] : listed.filter(({ Id }) => Id === own.containerId)
  const ours = [...workloadsOf(listed, migrationId), ...kept]
  const others = listed.filter((container) => !ours.includes(container))
  return [
    ...ours
      .filter((container) => (kept.includes(container) ? runs(container) : hasRun(container)))
      .map((container) => `its container ${listedName(container)} was started by somebody (it is ${container.State})`),
    ...usersAmong(others, volumes).map(({ name }) => `the container ${name} runs with a volume of it mounted`),
  ]
}

// What has been written, or may have been, where nobody but this migration writes. Empty: nothing.
export const useOfTarget = async (client: Client, migrationId: string, own: OwnCopy | null): Promise<string[]> => {
  const [listed, volumes] = await Promise.all([listContainers(client), volumesOf(client, migrationId, own)])
  const isThere =
    own === null ? workloadsOf(listed, migrationId).length > 0 : listed.some(({ Id }) => Id === own.containerId)
  const gone = isThere ? [] : ['its container is not there any more']
  return [...gone, ...useOf(listed, volumes.map(placeOf), migrationId, own)]
}

const volumesOf = async (client: Client, migrationId: string, own: OwnCopy | null): Promise<InspectedVolume[]> => {
  const kept = await Promise.all((own?.volumes ?? []).map((name) => findVolume(client, name)))
  return [...(await ourVolumes(client, migrationId)), ...kept.filter((volume) => volume !== null)]
}

// Everything in which what prepare() made is not as it left it. Empty: nothing.
export const changesOfTarget = async (
  client: Client,
  migrationId: string,
  containerId: string,
  own: OwnCopy | null,
): Promise<string[]> => {
  const [listed, volumes, networks, container] = await Promise.all([
    listContainers(client),
    volumesOf(client, migrationId, own),
    client.get<InspectedNetwork[]>('/networks'),
    findContainer(client, containerId),
  ])
  const use = useOf(listed, volumes.map(placeOf), migrationId, own)
  if (container === null) return [`its container ${containerId.slice(0, 12)} is not there any more`, ...use]
  if (own?.containerId !== container.Id && !containerIsOurs(container, migrationId, 'workload')) {
    return [`the container ${containerId.slice(0, 12)} was not made by migration ${migrationId}`, ...use]
  }
  const wanted = container.Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name ? [Name] : []))
  const found = await Promise.all(
    [...new Set(wanted)].map(async (name) => ({ name, is: await findVolume(client, name) })),
  )
  return [
    ...use,
    ...found.flatMap(({ name, is }) => {
      if (is === null) return [`its volume ${name} is not there any more`]
      // What is elsewhere may have been here before.
      const isElsewhere = !isPlainVolume({ driver: is.Driver, options: is.Options ?? {} })
      const isOfThisMove = arePartsOfOne(migrationOf(is.Labels) ?? '', migrationId)
      return own?.volumes.includes(name) || isOfThisMove || isElsewhere
        ? []
        : [`the volume ${name} is not the one that was made for it`]
    }),
    ...Object.entries(container.NetworkSettings.Networks ?? {}).flatMap(([name, endpoint]) => {
      if (!networks.some((network) => network.Name === name || network.Id === name))
        return [`its network ${name} is not there any more`]
      return isRemade(name, endpoint, networks) ? [`its network ${name} was removed and made anew`] : []
    }),
  ]
}
