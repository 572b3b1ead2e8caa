// A container's writable layer, kept as an image upon the one that the container was made from. It has a name, so that it is
// found again whatever died, and so that people can tell what it is.
import { AppError } from '../../../shared/errors.ts'
import type { Image__Output } from '../../../shared/rpc/generated/drayage/v1/Image.ts'
import { type Client, path } from '../api/client.ts'
import { inspectContainer } from '../api/containers.ts'
import { describeImage } from './image-identity.ts'
import { findByName, removeImage } from './images.ts'
import { type Change, ownChanges } from './writable-layer.ts'

const repository = 'drayage-layer'
export const layerName = (migrationId: string): string => `${repository}:${migrationId}`

// The engine reads the whole layer, and writes it.
const commitTimeoutMs = 9 * 60_000

// null: it has changed nothing that somebody may miss. Of a container that does not run: the caller sees to that.
export const commitLayer = async (
  client: Client,
  containerId: string,
  migrationId: string,
): Promise<Image__Output | null> => {
  const name = layerName(migrationId)
  const container = await inspectContainer(client, containerId)
  if ((await findByName(client, name)) === null) {
    const changes = await client.get<Change[] | null>(path`/containers/${containerId}/changes`, {
      timeoutMs: commitTimeoutMs,
    })
    if (ownChanges(container, changes ?? []).length === 0) return null
    await client.post('/commit', {
      query: { container: containerId, repo: repository, tag: migrationId, pause: false },
      timeoutMs: commitTimeoutMs,
    })
  }
  const image = await findByName(client, name)
  if (image === null) {
    throw new AppError(
      'DRAYAGE_ENGINE_REFUSED',
      `The engine has made an image of what ${container.Name.slice(1)} changed outside its volumes, and does not find it as ${name}.`,
    )
  }
  return describeImage(image.Id, name, image, { os: image.Os, architecture: image.Architecture })
}

// Unless something has come to use it.
export const removeLayer = async (client: Client, migrationId: string): Promise<void> => {
  const name = layerName(migrationId)
  const image = await findByName(client, name)
  if (image !== null) await removeImage(client, image.Id, [name])
}
