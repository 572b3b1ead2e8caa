// The engine of this host, as the rest of the agent knows it. Nobody else speaks to Docker.
//
// Holds for every call:
//   - Idempotent: created already, stopped already, removed already is success.
//   - It ends: every request has a time-out of its own (DRAYAGE_TIMEOUT), a stream one for silence.
//   - DRAYAGE_ENGINE_UNREACHABLE where no engine answers; DRAYAGE_ENGINE_REFUSED with Docker's own words where it says no.
//   - What is made carries the label dev.drayage.migration=<id>; nothing without that label is ever removed,
//     but for what removeVolume and removeRetired are told to.

import type { EngineFacts__Output } from '../../shared/rpc/generated/drayage/v1/EngineFacts.ts'
import type { Image__Output } from '../../shared/rpc/generated/drayage/v1/Image.ts'
import type { PreparedTarget__Output } from '../../shared/rpc/generated/drayage/v1/PreparedTarget.ts'
import type { PublishedPort__Output } from '../../shared/rpc/generated/drayage/v1/PublishedPort.ts'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { WritableLayer__Output } from '../../shared/rpc/generated/drayage/v1/WritableLayer.ts'
import { createClient } from './api/client.ts'
import type { ContainerState, RestartPolicy } from './api/container-state.ts'
import { containerMissing, findContainer, inspectContainer } from './api/containers.ts'
import { type Executed, execute } from './api/exec.ts'
import { engineFacts } from './api/facts.ts'
import { heldLayers } from './images/image-layers.ts'
import { type PulledImage, pullImage } from './images/image-pull.ts'
import { exportImage, findImage, loadImage, type MovedImage, removeImage } from './images/images.ts'
import { commitLayer, removeLayer } from './images/layer-image.ts'
import { type InventoryChange, watch } from './inventory/events.ts'
import { type Inventory, inventory } from './inventory/inventory.ts'
import { publishedPorts } from './networks/ports.ts'
import { type Described, type DescribeOptions, describeTogether, layer } from './on-source/describe.ts'
import { createHolder, removeHolder } from './on-source/holder.ts'
import { containerState, rename, setRestartPolicy, start, stop } from './on-source/lifecycle.ts'
import { type ProjectParts, projectParts } from './on-source/project.ts'
import { type Arrival, checkTogether, type EngineCheck } from './on-target/check.ts'
import { discard } from './on-target/discard.ts'
import {
  allUsers,
  type ContainerName,
  changesOfTarget,
  type Made,
  madeBy,
  runningUsers,
  useOfTarget,
  type VolumePlace,
} from './on-target/made.ts'
import type { OwnCopy } from './on-target/own-copy.ts'
import { type PrepareOptions, prepare } from './on-target/prepare.ts'
import { type GoesWith, goesWith, otherUsers, removeRetired } from './on-target/retired.ts'
import { lostCompanions } from './sets/lost-companions.ts'
import { type HostMount, hostMounts } from './volumes/host-mounts.ts'
import {
  inspectVolume,
  makeVolume,
  removeMadeVolume,
  removeUnusedVolume,
  type VolumeState,
  volumeState,
} from './volumes/volumes.ts'

export type { ContainerState, RestartPolicy } from './api/container-state.ts'
export type { Executed } from './api/exec.ts'
export type { PulledImage } from './images/image-pull.ts'
export type { MovedImage } from './images/images.ts'
export type { InventoryChange } from './inventory/events.ts'
export type { Inventory } from './inventory/inventory.ts'
export type { Arrival, EngineCheck } from './on-target/check.ts'
export type { ContainerName, Made, VolumePlace } from './on-target/made.ts'
export type { OwnCopy } from './on-target/own-copy.ts'
export type { GoesWith } from './on-target/retired.ts'
export type { HostMount } from './volumes/host-mounts.ts'
export type { VolumeState } from './volumes/volumes.ts'

export type Engine = {
  facts(): Promise<EngineFacts__Output>
  ping(): Promise<boolean>
  inventory(): Promise<Inventory>

  // Changes as Docker's event stream tells them. The first is empty and says that it listens: a full inventory made after it
  // misses nothing. Throws DRAYAGE_ENGINE_UNREACHABLE when the stream breaks (the consumer
  // then makes a fresh inventory) and returns when the signal aborts. A hint, never the truth.
  watch(signal: AbortSignal): AsyncIterable<InventoryChange>

  // By id, unique id prefix or name. Everything of Workload but volumes[].rootIdentity ('') and volumes[].usage (null).
  // Throws DRAYAGE_CONTAINER_NOT_FOUND, DRAYAGE_CONTAINER_AMBIGUOUS.
  describe(container: string, options?: DescribeOptions): Promise<Workload__Output>
  // The same of all that are to move together, none of them left behind by the others; and whoever belongs to them.
  describeTogether(containers: readonly string[], options?: DescribeOptions): Promise<Described>

  // What the container has changed outside its volumes, without what that takes on the disk. Throws DRAYAGE_CONTAINER_NOT_FOUND.
  layer(containerId: string): Promise<WritableLayer__Output>

  // Containers, running or not, and volumes, used or not, by its labels; in the engine's order.
  project(name: string): Promise<ProjectParts>

  // What stands in the way here: complete, not the first only. What this migration made is no obstacle ('': none yet), nor
  // is a copy of the workload that is here and is to be taken for it (`own`, here and below).
  check(workload: Workload__Output, migrationId: string, own?: OwnCopy | null): Promise<EngineCheck>
  // Of each of those that are to move together, in their order.
  checkTogether(arrivals: readonly Arrival[]): Promise<EngineCheck[]>

  // Throws DRAYAGE_CONTAINER_NOT_FOUND.
  container(id: string): Promise<ContainerState>
  // As asked for when it was made; null: there is no such container.
  portsOf(id: string): Promise<PublishedPort__Output[] | null>
  // Of the containers whose network, process ids or IPC it has: those that are not there any more, as the engine refers to
  // them. It cannot be started without.
  lostCompanions(id: string): Promise<string[]>
  // Where each is in the engine's view of its host, and where in the container; null: there is no such container.
  mountsOf(id: string): Promise<{ readonly source: string; readonly destination: string }[] | null>
  // Throws DRAYAGE_VOLUME_NOT_FOUND.
  volume(name: string): Promise<VolumeState>
  // For an import, with its label beside these. Throws DRAYAGE_VOLUME_EXISTS.
  makeVolume(name: string, labels: Readonly<Record<string, string>>, transferId: string): Promise<VolumeState>
  // Only the one that this import made. False: it is there still, since a container refers to it, or it is another's.
  removeMadeVolume(name: string, transferId: string): Promise<boolean>
  // Containers that refer to it, running or not: by its name, or by its directory.
  usersOf(volume: VolumePlace): Promise<ContainerName[]>
  // Whoever made it: whether it is wanted is for whoever asks to know. Not idempotent. Throws DRAYAGE_VOLUME_NOT_FOUND, and
  // DRAYAGE_VOLUME_IN_USE where a container refers to it.
  removeVolume(name: string): Promise<void>

  // As `docker save` writes it. Throws DRAYAGE_IMAGE_EXPORT_FAILED.
  // held: so many layers, from the bottom, that the receiver has need not be in it.
  exportImage(
    imageId: string,
    references: readonly string[],
    signal?: AbortSignal,
    held?: number,
  ): AsyncIterable<Buffer>
  // How many of these layers, from the bottom, this engine has and need not be sent.
  heldLayers(layers: readonly string[]): Promise<number>
  // Verified by layer digests (DRAYAGE_IMAGE_MISMATCH). Answers the id by which this engine knows it. A tag that points
  // to something else here stays as it is.
  loadImage(pieces: AsyncIterable<Buffer>, image: MovedImage): Promise<string>
  // By its digests in registries, as anybody may. Says why none of them led to it; throws only when it is aborted. A tag that
  // points to something else here stays as it is.
  pullImage(image: MovedImage, digests: readonly string[], signal: AbortSignal): Promise<PulledImage>
  // The id here of an image with the same layers and configuration.
  findImage(image: MovedImage): Promise<string | null>
  // Only if no container uses it, and no name but `tags`: those that this migration gave it.
  removeImage(imageId: string, tags?: readonly string[]): Promise<void>

  // What the container, which does not run, has changed outside its volumes, as an image upon its own: the same for the same
  // migration. null: nothing.
  commitLayer(containerId: string, migrationId: string): Promise<Image__Output | null>
  removeLayer(migrationId: string): Promise<void>

  // On the source: a created, never started container that refers to the volumes of `containerId`.
  createHolder(containerId: string, migrationId: string): Promise<void>
  removeHolder(migrationId: string): Promise<void>

  // On the target: networks, volumes (read back), and the created, not started, container.
  // Throws DRAYAGE_VOLUME_EXISTS, DRAYAGE_CONTAINER_EXISTS, DRAYAGE_NETWORK_CONFLICT, DRAYAGE_ENGINE_REFUSED.
  prepare(
    workload: Workload__Output,
    imageId: string,
    migrationId: string,
    options?: PrepareOptions,
  ): Promise<Omit<PreparedTarget__Output, 'retained'>>
  // Removes what carries this migration's label: container, volumes, networks; these also where `own` is what was connected
  // to them. A container that runs is not touched:
  // DRAYAGE_CONTAINER_STATE.
  discard(migrationId: string, own?: OwnCopy | null): Promise<void>
  // What carries this migration's label here.
  madeBy(migrationId: string): Promise<Made>
  // Everything in which what prepare() made is not as it left it, in words; empty: nothing. useOfTarget asks only whether
  // somebody has used it, which is quicker.
  changesOfTarget(migrationId: string, containerId: string, own?: OwnCopy | null): Promise<string[]>
  useOfTarget(migrationId: string, own?: OwnCopy | null): Promise<string[]>
  // Containers that run with one of these volumes mounted, by its name or by its directory.
  runningUsers(volumes: readonly VolumePlace[]): Promise<ContainerName[]>
  // What all containers, running or not, mount of their host; a volume that is a view of a directory counts as that.
  hostMounts(): Promise<HostMount[]>

  // Of a retired container: what is to go with it; null: it is not there.
  goesWith(containerId: string): Promise<GoesWith | null>
  // Who else refers to its volumes, running or not; what this migration made is nobody else.
  otherUsers(own: OwnCopy, migrationId: string): Promise<{ readonly volume: string; readonly container: string }[]>
  // Removes it for good, and answers in words what was removed. It goes without a label of ours: whose it is, is for whoever
  // asks to know.
  removeRetired(own: OwnCopy, goes: GoesWith, withImage: boolean): Promise<string[]>

  setRestartPolicy(id: string, policy: RestartPolicy): Promise<void>
  // With its own signal and time-out; resolves when it has ended.
  stop(id: string): Promise<void>
  // Throws DRAYAGE_ENGINE_REFUSED with the engine's reason.
  start(id: string): Promise<void>
  rename(id: string, name: string): Promise<void>
  // The one call that is not idempotent: each runs the command.
  execute(
    id: string,
    command: readonly string[],
    bounds: { readonly timeoutMs: number; readonly keepBytes: number; readonly signal: AbortSignal },
  ): Promise<Executed>
}

const nobodyRetired: DescribeOptions = { isRetired: () => false }

export const createEngine = (options: { readonly dockerHost: string }): Engine => {
  const client = createClient(options)
  return {
    facts: () => engineFacts(client),
    ping: () =>
      client.get('/_ping', { timeoutMs: 5_000 }).then(
        () => true,
        () => false,
      ),
    inventory: () => inventory(client),
    watch: (signal) => watch(client, signal),
    describe: async (container, options = nobodyRetired) => {
      const [only] = (await describeTogether(client, [container], options)).workloads
      if (only === undefined) throw containerMissing(container)
      return only
    },
    describeTogether: (containers, options = nobodyRetired) => describeTogether(client, containers, options),
    layer: (containerId) => layer(client, containerId),
    project: (name) => projectParts(client, name),
    check: async (workload, migrationId, own = null) => {
      const [only] = await checkTogether(client, [{ workload, migrationId, own }])
      if (only === undefined) throw new Error(`Nothing was found out of ${workload.name}`)
      return only
    },
    checkTogether: (arrivals) => checkTogether(client, arrivals),
    container: async (id) => containerState(await inspectContainer(client, id)),
    portsOf: async (id) => {
      const container = await findContainer(client, id)
      return container === null ? null : publishedPorts(container.Config, container.HostConfig)
    },
    lostCompanions: (id) => lostCompanions(client, id),
    mountsOf: async (id) => {
      const mounts = (await findContainer(client, id))?.Mounts ?? null
      return (
        mounts?.flatMap(({ Source = '', Destination }) =>
          Source === '' ? [] : [{ source: Source, destination: Destination }],
        ) ?? null
      )
    },
    volume: async (name) => volumeState(await inspectVolume(client, name)),
    makeVolume: (name, labels, transferId) => makeVolume(client, name, labels, transferId),
    removeMadeVolume: (name, transferId) => removeMadeVolume(client, name, transferId),
    usersOf: (volume) => allUsers(client, volume),
    removeVolume: (name) => removeUnusedVolume(client, name),
    exportImage: (imageId, references, signal, held) => exportImage(client, imageId, references, signal, held),
    heldLayers: (layers) => heldLayers(client, layers),
    pullImage: (image, digests, signal) => pullImage(client, image, digests, signal),
    loadImage: (pieces, image) => loadImage(client, pieces, image),
    findImage: (image) => findImage(client, image),
    removeImage: async (imageId, tags = []) => void (await removeImage(client, imageId, tags)),
    commitLayer: (containerId, migrationId) => commitLayer(client, containerId, migrationId),
    removeLayer: (migrationId) => removeLayer(client, migrationId),
    createHolder: (containerId, migrationId) => createHolder(client, containerId, migrationId),
    removeHolder: (migrationId) => removeHolder(client, migrationId),
    prepare: (workload, imageId, migrationId, options = {}) => prepare(client, workload, imageId, migrationId, options),
    discard: (migrationId, own = null) => discard(client, migrationId, own),
    madeBy: (migrationId) => madeBy(client, migrationId),
    changesOfTarget: (migrationId, containerId, own = null) => changesOfTarget(client, migrationId, containerId, own),
    useOfTarget: (migrationId, own = null) => useOfTarget(client, migrationId, own),
    goesWith: (containerId) => goesWith(client, containerId),
    otherUsers: (own, migrationId) => otherUsers(client, own, migrationId),
    removeRetired: (own, goes, withImage) => removeRetired(client, own, goes, withImage),
    runningUsers: (volumes) => runningUsers(client, volumes),
    hostMounts: () => hostMounts(client),
    setRestartPolicy: async (id, policy) => void (await setRestartPolicy(client, id, policy)),
    stop: (id) => stop(client, id),
    start: (id) => start(client, id),
    rename: (id, name) => rename(client, id, name),
    execute: (id, command, bounds) => execute(client, id, command, bounds),
  }
}
