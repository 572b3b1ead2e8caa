// The holder: a container on the source that is created and never started, and refers to the workload's volumes. While it
// is there neither a prune nor the removal of the workload takes them.
import { AppError } from '../../../shared/errors.ts'
import type { InspectedContainer, InspectedImage, Json } from '../api/answers.ts'
import { type Client, path } from '../api/client.ts'
import { findContainer, inspectContainer } from '../api/containers.ts'
import { hasStatus, orNull } from '../api/errors.ts'
import { containerIsOurs, holderName, roleLabels } from '../api/labels.ts'
import { ourContainers, removeContainer } from '../on-target/discard.ts'

const volumeMounts = (container: InspectedContainer): Json[] =>
  container.Mounts.flatMap((mount) =>
    mount.Type === 'volume' && mount.Name !== undefined
      ? // NoCopy: otherwise the engine copies the image's files into a volume that happens to be empty.
        [{ Type: 'volume', Source: mount.Name, Target: mount.Destination, VolumeOptions: { NoCopy: true } }]
      : [],
  )

// The image's VOLUMEs where the workload has none of its own there: without something else in the place the engine would
// make an anonymous volume for the holder.
const coveredPlaces = (container: InspectedContainer, image: InspectedImage | null): Record<string, string> => {
  const places = Object.keys((image?.Config?.['Volumes'] ?? {}) as object)
  const taken = new Set(container.Mounts.filter((mount) => mount.Type === 'volume').map((mount) => mount.Destination))
  return Object.fromEntries(places.filter((place) => !taken.has(place)).map((place) => [place, '']))
}

const holderTaken = (name: string): AppError =>
  new AppError(
    'DRAYAGE_CONTAINER_EXISTS',
    `A container named ${name} is on the source, without this migration's label. Remove it, then try again.`,
  )

export const createHolder = async (client: Client, containerId: string, migrationId: string): Promise<void> => {
  const name = holderName(migrationId)
  const existing = await findContainer(client, name)
  if (existing !== null) {
    if (containerIsOurs(existing, migrationId, 'holder')) return
    throw holderTaken(name)
  }
  const container = await inspectContainer(client, containerId)
  const image = await orNull(client.get<InspectedImage>(path`/images/${container.Image}/json`))
  const body = {
    Image: container.Image,
    // Never run; an image without a command of its own needs one to be created from.
    Entrypoint: ['/drayage-holds-volumes'],
    Cmd: [],
    Labels: roleLabels(migrationId, 'holder'),
    NetworkDisabled: true,
    HostConfig: {
      Mounts: volumeMounts(container),
      Tmpfs: coveredPlaces(container, image),
      NetworkMode: 'none',
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      AutoRemove: false,
    },
  }
  try {
    await client.post('/containers/create', { query: { name }, body })
  } catch (error) {
    if (!hasStatus(error, 409)) throw error
    // Made by a call of ours that crossed this one, or else somebody's.
    const made = await findContainer(client, name)
    if (made === null || !containerIsOurs(made, migrationId, 'holder')) throw holderTaken(name)
  }
}

export const removeHolder = async (client: Client, migrationId: string): Promise<void> => {
  if (migrationId === '') return
  for (const holder of await ourContainers(client, migrationId, 'holder')) await removeContainer(client, holder.Id)
}
