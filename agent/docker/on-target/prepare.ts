// The workload's networks, volumes and container on the target, in this order; the container is created and not started.
// Each piece carries the migration's label, is read back after it was made, and is found again when this is repeated.
import { AppError, type Finding } from '../../../shared/errors.ts'
import { failpoint } from '../../../shared/failpoints/failpoints.ts'
import type { Image__Output } from '../../../shared/rpc/generated/drayage/v1/Image.ts'
import type { PreparedTarget__Output } from '../../../shared/rpc/generated/drayage/v1/PreparedTarget.ts'
import type { Workload__Output } from '../../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { InspectedContainer, InspectedNetwork } from '../api/answers.ts'
import { type Client, compareApi, path } from '../api/client.ts'
import { findContainer, inspectContainer } from '../api/containers.ts'
import { engineWords, hasStatus, refusedAs } from '../api/errors.ts'
import { engineInfo } from '../api/facts.ts'
import { containerIsOurs, isOurs } from '../api/labels.ts'
import { configurationOf } from '../images/image-identity.ts'
import { findByName } from '../images/images.ts'
import {
  collisions,
  differences,
  type NetworkSpec,
  networkBody,
  notLaid,
  parseNetworkSpec,
} from '../networks/networks.ts'
import { createVolume, findVolume } from '../volumes/volumes.ts'
import { connectNetworks } from './attach.ts'
import { type ContainerSpec, createBody, parseSpec } from './container-spec.ts'
import { removeContainer } from './discard.ts'
import type { OwnCopy } from './own-copy.ts'

// Copies what the image has at the volumes' places into them, before the first round overwrites it.
const createTimeoutMs = 10 * 60_000

const networkConflict = (name: string, why: string, cause?: unknown): AppError =>
  refusedAs(
    'DRAYAGE_NETWORK_CONFLICT',
    `The network ${name} cannot be had on the target: ${why}. Rename or remove what is in the way there.`,
    cause,
  )

// True where this migration made it.
const ensureNetwork = async (client: Client, spec: NetworkSpec, migrationId: string): Promise<boolean> => {
  const networks = await client.get<InspectedNetwork[]>('/networks')
  const same = networks.filter((network) => network.Name === spec.name)
  const [here] = same
  if (same.length > 1) throw networkConflict(spec.name, `there are ${same.length} of that name`)
  if (here !== undefined) {
    if (isOurs(here.Labels, migrationId)) return true
    const reasons = differences(spec, here)
    if (reasons.length > 0) throw networkConflict(spec.name, reasons.join('; '))
    return false
  }
  if (spec.laid) throw networkConflict(spec.name, notLaid(spec))
  const reasons = collisions(spec, networks)
  if (reasons.length > 0) throw networkConflict(spec.name, reasons.join('; '))
  try {
    await client.post('/networks/create', { body: networkBody(spec, migrationId) })
    return true
  } catch (error) {
    // 400, 403, 409: its addresses or its bridge are taken, by the host if not by another network.
    if (hasStatus(error, 400, 403, 409)) throw networkConflict(spec.name, engineWords(error), error)
    throw error
  }
}

// The name that it was asked for by, where that stands for this very image here: `docker ps` then shows what it showed
// on the source. Its id otherwise.
const imageName = async (client: Client, wanted: string, imageId: string): Promise<string> => {
  const here = await findByName(client, wanted)
  return here?.Id === imageId ? wanted : imageId
}

const checkImage = async (client: Client, spec: ContainerSpec, imageId: string): Promise<void> => {
  const image = await findByName(client, imageId)
  if (image !== null && (spec.imageConfiguration === '' || configurationOf(image) === spec.imageConfiguration)) return
  throw new AppError(
    'DRAYAGE_IMAGE_MISMATCH',
    image === null
      ? `The image ${imageId} is not on the target any more. Start the migration again.`
      : `The image ${imageId} on the target has the container's layers and another configuration: the container would not be ` +
          'the same. Remove that image there, then try again.',
  )
}

const containerTaken = (name: string): AppError =>
  new AppError(
    'DRAYAGE_CONTAINER_EXISTS',
    `A container named ${name} is on the target already and was not made by this migration. Rename or remove it there.`,
  )

// of: an image; what was made from another, and never ran, goes. In the moment until there is a new one nothing refers to the
// volumes: one that a prune takes then comes back without our label, and is not taken for it (confirm.ts).
const findOurs = async (
  client: Client,
  name: string,
  migrationId: string,
  of: string | null,
): Promise<InspectedContainer | null> => {
  const container = await findContainer(client, name)
  // The engine takes the start of an id for a name, too.
  if (container === null || container.Name !== `/${name}`) return null
  if (!containerIsOurs(container, migrationId, 'workload')) throw containerTaken(name)
  if (of === null || container.Image === of || container.State.Status !== 'created') return container
  await removeContainer(client, container.Id)
  return null
}

type Creation = Required<Pick<PrepareOptions, 'prepared'>> & {
  readonly spec: ContainerSpec
  readonly imageId: string
  readonly migrationId: string
}

const createContainer = async (
  client: Client,
  workload: Workload__Output,
  { spec, imageId, migrationId, prepared }: Creation,
): Promise<{ container: InspectedContainer; warnings: Finding[] }> => {
  await checkImage(client, spec, imageId)
  const info = await engineInfo(client)
  const target = {
    macAddressPerEndpoint: compareApi(await client.apiVersion(), '1.44') >= 0,
    runtimes: Object.keys(info.Runtimes ?? {}),
    prepared,
  }
  const create = async (image: string) => {
    const body = createBody(spec, image, migrationId, target)
    return client.post<{ Id: string; Warnings?: string[] | null }>('/containers/create', {
      query: { name: workload.name },
      body,
      timeoutMs: createTimeoutMs,
    })
  }
  const createAndRead = async (image: string) => {
    const made = await create(image)
    return { container: await inspectContainer(client, made.Id), engineWarnings: made.Warnings ?? [] }
  }
  try {
    let { container, engineWarnings } = await createAndRead(await imageName(client, spec.config.Image, imageId))
    if (container.Image !== imageId) {
      // The name was given to another image between the question and the create.
      await client.delete(path`/containers/${container.Id}`)
      ;({ container, engineWarnings } = await createAndRead(imageId))
    }
    return {
      container,
      warnings: engineWarnings.map((message) => ({
        code: 'engine-warning',
        message: `The target's engine says: ${message}`,
      })),
    }
  } catch (error) {
    if (hasStatus(error, 409)) throw containerTaken(workload.name)
    throw error
  }
}

// Every volume is where it must be, and nothing else is a volume: an extra one would be an anonymous one that the engine
// made by itself, and data would go astray in it.
const confirmMounts = (workload: Workload__Output, container: InspectedContainer): void => {
  const expected = new Set(workload.volumes.map((volume) => volume.name))
  const mounted = new Set(
    container.Mounts.flatMap((mount) => (mount.Type === 'volume' && mount.Name ? [mount.Name] : [])),
  )
  const missing = [...expected].filter((name) => !mounted.has(name))
  const extra = [...mounted].filter((name) => !expected.has(name))
  if (missing.length === 0 && extra.length === 0) return
  throw new AppError(
    'DRAYAGE_ENGINE_REFUSED',
    `The target's engine made the container with other volumes than it was told${missing.length > 0 ? `; missing: ${missing.join(', ')}` : ''}` +
      `${extra.length > 0 ? `; not asked for: ${extra.join(', ')}` : ''}. It was not started; report this with the engine's version.`,
    { details: { missing, extra } },
  )
}

// With its writable layer kept, it is made from that; the rest of it is the same.
const specOn = (spec: ContainerSpec, layer: Image__Output | null): ContainerSpec =>
  layer === null
    ? spec
    : {
        ...spec,
        config: { ...spec.config, Image: layer.reference },
        imageConfiguration: layer.configuration,
      }

export type PrepareOptions = {
  readonly own?: OwnCopy | null
  // Of the kept writable layer, where imageId is it: what was made from another image is made anew.
  readonly layer?: Image__Output | null
  // Of those that move with it: what was made for them here, by their ids on the source.
  readonly prepared?: ReadonlyMap<string, string>
}

// The engine would make it by itself, and nothing would tell it from the one that is copied.
const requireCarried = async (client: Client, { name }: Workload__Output['volumes'][number]): Promise<void> => {
  if ((await findVolume(client, name)) !== null) return
  throw new AppError(
    'DRAYAGE_TARGET_CHANGED',
    `The volume ${name}, which was made for a container that moves together with this one, is not there any more.`,
  )
}

export const prepare = async (
  client: Client,
  workload: Workload__Output,
  imageId: string,
  migrationId: string,
  { own = null, layer = null, prepared = new Map() }: PrepareOptions,
): Promise<Omit<PreparedTarget__Output, 'retained'>> => {
  const spec = specOn(parseSpec(workload.specJson), layer)
  const createdNetworks: string[] = []
  for (const { specJson } of workload.networks) {
    if (specJson === '') continue
    const network = parseNetworkSpec(specJson)
    if (await ensureNetwork(client, network, migrationId)) createdNetworks.push(network.name)
  }
  const createdVolumes: string[] = []
  for (const volume of workload.volumes.filter(({ name }) => !own?.volumes.includes(name))) {
    if (volume.carriedByAnother) await requireCarried(client, volume)
    else if (await createVolume(client, volume, migrationId)) createdVolumes.push(volume.name)
  }
  await failpoint('PrepareTarget.middle')
  const found =
    own === null
      ? await findOurs(client, workload.name, migrationId, layer === null ? null : imageId)
      : await inspectContainer(client, own.containerId)
  const { container, warnings } =
    found === null
      ? await createContainer(client, workload, { spec, imageId, migrationId, prepared })
      : { container: found, warnings: [] }
  await connectNetworks(client, spec, container)
  confirmMounts(workload, container)
  return {
    containerId: container.Id,
    createdNetworks,
    createdVolumes,
    warnings,
  }
}
