// Whether a workload can come here: asked of the target's engine.
import type { Finding } from '../../shared/errors.ts'
import type { EngineFacts__Output } from '../../shared/rpc/generated/drayage/v1/EngineFacts.ts'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { EngineVersion, InspectedNetwork } from './api.ts'
import type { Client } from './client.ts'
import { parseSpec } from './container-spec.ts'
import { inspectAll, listContainers } from './containers.ts'
import { engineInfo, factsFrom } from './facts.ts'
import { findImage, namesTaken } from './images.ts'
import { hostListeners } from './listeners.ts'
import { parseNetworkSpec } from './networks.ts'
import type { OwnCopy } from './own-copy.ts'
import { fittingNetworks, type TargetFacts, targetFindings } from './target-obstacles.ts'
import { findVolume } from './volumes.ts'

// TargetCheck without what the volume engine knows: free bytes and inodes.
export type EngineCheck = {
  readonly engine: EngineFacts__Output
  // '' where the image must be sent.
  readonly imageId: string
  readonly obstacles: Finding[]
  readonly warnings: Finding[]
  readonly existingNetworks: string[]
}

export const check = async (
  client: Client,
  workload: Workload__Output,
  migrationId: string,
  own: OwnCopy | null,
): Promise<EngineCheck> => {
  const spec = parseSpec(workload.specJson)
  const networkSpecs = workload.networks.flatMap(({ specJson }) =>
    specJson === '' ? [] : [parseNetworkSpec(specJson)],
  )
  // First: an engine names a plugin among what it has once somebody has asked for a volume that might be the plugin's.
  const volumes = await Promise.all(workload.volumes.map(({ name }) => findVolume(client, name)))
  const image = workload.image === null ? null : { ...workload.image, configuration: spec.imageConfiguration }
  const [info, version, listed, networks, imageId, takenNames] = await Promise.all([
    engineInfo(client),
    client.get<EngineVersion>('/version'),
    listContainers(client),
    client.get<InspectedNetwork[]>('/networks'),
    image === null ? null : findImage(client, image),
    image === null ? [] : namesTaken(client, image),
  ])
  const facts: TargetFacts = {
    workload,
    spec,
    networkSpecs,
    migrationId,
    own,
    engine: factsFrom(info, version),
    info,
    containers: await inspectAll(
      client,
      listed.map((container) => container.Id),
    ),
    volumes: volumes.filter((volume) => volume !== null),
    networks,
    takenNames,
    listeners: await hostListeners(networks),
  }
  return {
    engine: facts.engine,
    imageId: imageId ?? '',
    ...targetFindings(facts),
    existingNetworks: fittingNetworks(facts),
  }
}
