// Whether workloads can come here: asked of the target's engine.
import type { Finding } from '../../../shared/errors.ts'
import type { EngineFacts__Output } from '../../../shared/rpc/generated/drayage/v1/EngineFacts.ts'
import type { Workload__Output } from '../../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { EngineVersion, InspectedNetwork } from '../api/answers.ts'
import type { Client } from '../api/client.ts'
import { inspectAll, listContainers, mapLimited } from '../api/containers.ts'
import { engineInfo, factsFrom } from '../api/facts.ts'
import { findImage, namesTaken } from '../images/images.ts'
import { hostListeners } from '../networks/listeners.ts'
import { parseNetworkSpec } from '../networks/networks.ts'
import { findVolume } from '../volumes/volumes.ts'
import { parseSpec } from './container-spec.ts'
import type { OwnCopy } from './own-copy.ts'
import { fittingNetworks, type TargetFacts, targetFindings } from './target-obstacles.ts'

// TargetCheck without what the volume engine knows: free bytes and inodes.
export type EngineCheck = {
  readonly engine: EngineFacts__Output
  // '' where the image must be sent.
  readonly imageId: string
  readonly obstacles: Finding[]
  readonly warnings: Finding[]
  readonly existingNetworks: string[]
}

export type Arrival = {
  readonly workload: Workload__Output
  // '': it has made nothing here yet.
  readonly migrationId: string
  // A copy of the workload that is here and is to be taken for it.
  readonly own: OwnCopy | null
}

// What the engine has, at one moment, whoever is to come.
type Moment = Pick<TargetFacts, 'info' | 'containers' | 'networks' | 'listeners'> & { readonly version: EngineVersion }

const look = async (client: Client, arrivals: readonly Arrival[]): Promise<Moment> => {
  // First: an engine names a plugin among what it has once somebody has asked for volumes that might be the plugin's.
  const hasPlugins = arrivals.some(({ workload }) => workload.volumes.some(({ driver }) => driver !== 'local'))
  if (hasPlugins) await client.get('/volumes')
  const [info, version, listed, networks] = await Promise.all([
    engineInfo(client),
    client.get<EngineVersion>('/version'),
    listContainers(client),
    client.get<InspectedNetwork[]>('/networks'),
  ])
  const containers = await inspectAll(
    client,
    listed.map(({ Id }) => Id),
  )
  return { info, version, containers, networks, listeners: await hostListeners(networks) }
}

const checkOne = async (
  client: Client,
  { version, ...moment }: Moment,
  { workload, migrationId, own }: Arrival,
): Promise<EngineCheck> => {
  const spec = parseSpec(workload.specJson)
  const networkSpecs = workload.networks.flatMap(({ specJson }) =>
    specJson === '' ? [] : [parseNetworkSpec(specJson)],
  )
  const image = workload.image === null ? null : { ...workload.image, configuration: spec.imageConfiguration }
  const [volumes, imageId, takenNames] = await Promise.all([
    Promise.all(workload.volumes.map(({ name }) => findVolume(client, name))),
    image === null ? null : findImage(client, image),
    image === null ? [] : namesTaken(client, image),
  ])
  const facts: TargetFacts = {
    ...{ ...moment, workload, spec, networkSpecs, migrationId, own },
    engine: factsFrom(moment.info, version),
    volumes: volumes.filter((volume) => volume !== null),
    takenNames,
  }
  return {
    engine: facts.engine,
    imageId: imageId ?? '',
    ...targetFindings(facts),
    existingNetworks: fittingNetworks(facts),
  }
}

// Every container of the engine is inspected once, however many are to come. In their order.
export const checkTogether = async (client: Client, arrivals: readonly Arrival[]): Promise<EngineCheck[]> => {
  const moment = await look(client, arrivals)
  return mapLimited(arrivals, 8, (arrival) => checkOne(client, moment, arrival))
}
