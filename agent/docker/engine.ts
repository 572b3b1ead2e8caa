// The engine of this host, as the rest of the agent knows it. Nobody else speaks to Docker.
//
// Holds for every call:
//   - Idempotent: created already, stopped already, removed already is success.
//   - It ends: every request has a time-out of its own (DRAYAGE_TIMEOUT), a stream one for silence.
//   - DRAYAGE_ENGINE_UNREACHABLE where no engine answers; DRAYAGE_ENGINE_REFUSED with Docker's own words where it says no.
//   - What is made carries the label dev.drayage.migration=<id>; nothing without that label is ever removed.

import type { Finding } from '../../shared/errors.ts'
import type { EngineFacts__Output } from '../../shared/rpc/generated/drayage/v1/EngineFacts.ts'
import type { Image__Output } from '../../shared/rpc/generated/drayage/v1/Image.ts'
import type { InventoryContainer__Output } from '../../shared/rpc/generated/drayage/v1/InventoryContainer.ts'
import type { InventoryVolume__Output } from '../../shared/rpc/generated/drayage/v1/InventoryVolume.ts'
import type { PreparedTarget__Output } from '../../shared/rpc/generated/drayage/v1/PreparedTarget.ts'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { ContainerState, RestartPolicy } from './container-state.ts'

export type { ContainerState, RestartPolicy } from './container-state.ts'

export type Inventory = {
  readonly containers: InventoryContainer__Output[]
  readonly volumes: InventoryVolume__Output[]
}

// Each thing is already looked up: what is in `containers` and `volumes` exists and looks like that.
export type InventoryChange = Inventory & {
  readonly removedContainerIds: string[]
  readonly removedVolumeNames: string[]
  // Ids of containers seen starting, in order.
  readonly started: string[]
}

// TargetCheck without what the volume engine knows: free bytes and inodes.
export type EngineCheck = {
  readonly engine: EngineFacts__Output
  // '' where the image must be sent.
  readonly imageId: string
  readonly obstacles: Finding[]
  readonly warnings: Finding[]
  readonly existingNetworks: string[]
}

export type VolumeState = {
  readonly name: string
  readonly driver: string
  // In the engine's view of the file system.
  readonly mountpoint: string
  // RFC 3339; '' where the driver does not say.
  readonly createdAt: string
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  // The migration that made it; null where none did.
  readonly migrationId: string | null
}

export type Engine = {
  facts(): Promise<EngineFacts__Output>
  ping(): Promise<boolean>
  inventory(): Promise<Inventory>

  // Changes as Docker's event stream tells them. Throws DRAYAGE_ENGINE_UNREACHABLE when the stream breaks (the consumer
  // then makes a fresh inventory) and returns when the signal aborts. A hint, never the truth.
  watch(signal: AbortSignal): AsyncIterable<InventoryChange>

  // By id, unique id prefix or name. Everything of Workload but volumes[].rootIdentity ('') and volumes[].usage (null).
  // Throws DRAYAGE_CONTAINER_NOT_FOUND, DRAYAGE_CONTAINER_AMBIGUOUS.
  describe(container: string): Promise<Workload__Output>

  // What stands in the way here: complete, not the first only. What this migration made is no obstacle ('': none yet).
  check(workload: Workload__Output, migrationId: string): Promise<EngineCheck>

  // Throws DRAYAGE_CONTAINER_NOT_FOUND.
  container(id: string): Promise<ContainerState>
  // Throws DRAYAGE_VOLUME_NOT_FOUND.
  volume(name: string): Promise<VolumeState>

  // As `docker save` writes it. Throws DRAYAGE_IMAGE_EXPORT_FAILED.
  exportImage(imageId: string, references: readonly string[], signal?: AbortSignal): AsyncIterable<Buffer>
  // Verified by layer digests (DRAYAGE_IMAGE_MISMATCH). Answers the id by which this engine knows it. A tag that points
  // to something else here stays as it is.
  loadImage(pieces: AsyncIterable<Buffer>, image: Image__Output): Promise<string>
  // The id here of an image with the same layers and configuration.
  findImage(image: Image__Output): Promise<string | null>
  // Only if no container uses it.
  removeImage(imageId: string): Promise<void>

  // On the source: a created, never started container that refers to the volumes of `containerId`.
  createHolder(containerId: string, migrationId: string): Promise<void>
  removeHolder(migrationId: string): Promise<void>

  // On the target: networks, volumes (read back), and the created, not started, container.
  // Throws DRAYAGE_VOLUME_EXISTS, DRAYAGE_CONTAINER_EXISTS, DRAYAGE_NETWORK_CONFLICT, DRAYAGE_ENGINE_REFUSED.
  prepare(workload: Workload__Output, imageId: string, migrationId: string): Promise<PreparedTarget__Output>
  // Removes what carries this migration's label: container, volumes, networks. A container that runs is not touched:
  // DRAYAGE_CONTAINER_STATE.
  discard(migrationId: string): Promise<void>

  setRestartPolicy(id: string, policy: RestartPolicy): Promise<void>
  // With its own signal and time-out; resolves when it has ended.
  stop(id: string): Promise<void>
  // Throws DRAYAGE_ENGINE_REFUSED with the engine's reason.
  start(id: string): Promise<void>
  rename(id: string, name: string): Promise<void>
}
