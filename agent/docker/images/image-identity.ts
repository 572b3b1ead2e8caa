// Whether two engines hold the same image. Ids do not say: the graph-driver stores name an image by its configuration,
// the containerd store by its manifest. What is inside does: the layers' digests, the platform, and the configuration.
import { createHash } from 'node:crypto'
import type { Image__Output } from '../../../shared/rpc/generated/drayage/v1/Image.ts'
import type { InspectedImage, Json } from '../api/answers.ts'

// What a container takes from its image. The rest of the configuration is history.
const configFields = [
  'Env',
  'Cmd',
  'Entrypoint',
  'WorkingDir',
  'User',
  'ExposedPorts',
  'Volumes',
  'Healthcheck',
  'Labels',
  'StopSignal',
  'Shell',
] as const

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

// Engines differ in whether they say null, '', 0, [], {} or nothing.
const isNothing = (value: unknown): boolean => !value || (typeof value === 'object' && Object.keys(value).length === 0)

const sorted = (value: unknown): unknown =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value

const withoutNothing = (record: Json): Json =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => !isNothing(value)))

// SHA-256, hex. Equal for the same image in every engine and store.
export const configurationOf = (image: Pick<InspectedImage, 'Config'>): string => {
  const healthcheck = image.Config?.['Healthcheck']
  const config: Json = {
    ...Object.fromEntries(configFields.map((field) => [field, sorted(image.Config?.[field])])),
    Healthcheck: isRecord(healthcheck) ? sorted(withoutNothing(healthcheck)) : null,
  }
  return createHash('sha256')
    .update(JSON.stringify(withoutNothing(config)))
    .digest('hex')
}

export type ImageIdentity = {
  readonly id: string
  readonly layers: readonly string[]
  readonly os: string
  readonly architecture: string
  // As configurationOf gives it; '' where the sender does not say.
  readonly configuration: string
}

export const sameLayers = (image: ImageIdentity, here: InspectedImage): boolean => {
  const layers = here.RootFS.Layers ?? []
  return (
    image.layers.length > 0 &&
    layers.length === image.layers.length &&
    layers.every((layer, index) => layer === image.layers[index])
  )
}

// One that does not say its configuration is taken as the same: prepare() compares it with the container's.
export const sameImage = (image: ImageIdentity, here: InspectedImage): boolean =>
  sameLayers(image, here) &&
  image.os === here.Os &&
  image.architecture === here.Architecture &&
  (!image.configuration || image.configuration === configurationOf(here))

// image: null where the engine's store has it no more.
export const describeImage = (
  id: string,
  reference: string,
  image: InspectedImage | null,
  engine: { readonly os: string; readonly architecture: string },
): Image__Output => ({
  id,
  reference,
  tags: [...(image?.RepoTags ?? [])],
  digests: [...(image?.RepoDigests ?? [])],
  layers: [...(image?.RootFS.Layers ?? [])],
  os: image?.Os ?? engine.os,
  architecture: image?.Architecture || engine.architecture,
  sizeBytes: image?.Size ?? 0,
  configuration: image === null ? '' : configurationOf(image),
})
