// What a container is made of: asked of the source's engine, told to the target's.
import { readHookLabels } from '../../../shared/hooks/labels.ts'
import type { Choices__Output } from '../../../shared/rpc/generated/drayage/v1/Choices.ts'
import type { Hook__Output } from '../../../shared/rpc/generated/drayage/v1/Hook.ts'
import type { SetMember__Output } from '../../../shared/rpc/generated/drayage/v1/SetMember.ts'
import type { UsedContainer__Output } from '../../../shared/rpc/generated/drayage/v1/UsedContainer.ts'
import type { Workload__Output } from '../../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { WorkloadBind__Output } from '../../../shared/rpc/generated/drayage/v1/WorkloadBind.ts'
import type { WorkloadNetwork__Output } from '../../../shared/rpc/generated/drayage/v1/WorkloadNetwork.ts'
import type { WorkloadVolume__Output } from '../../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import type { WritableLayer__Output } from '../../../shared/rpc/generated/drayage/v1/WritableLayer.ts'
import type {
  EngineInfo,
  EngineVersion,
  InspectedContainer,
  InspectedImage,
  InspectedNetwork,
  InspectedVolume,
  ListedContainer,
} from '../api/answers.ts'
import { type Client, path } from '../api/client.ts'
import { inspectAll, inspectContainer, listContainers, mapLimited, nameOf } from '../api/containers.ts'
import { orNull } from '../api/errors.ts'
import { engineInfo, factsFrom } from '../api/facts.ts'
import { isHolder } from '../api/labels.ts'
import { configurationOf, describeImage } from '../images/image-identity.ts'
import { type Change, describeLayer, ownChanges } from '../images/writable-layer.ts'
import { formatNetworkSpec, networkSpec } from '../networks/networks.ts'
import { publishedPorts } from '../networks/ports.ts'
import { containerSpec, formatSpec, isDockersOwnNetwork } from '../on-target/container-spec.ts'
import { moveSet } from '../sets/move-set.ts'
import { type Reference, referencesIn, serviceOf } from '../sets/ties.ts'
import { kindOf, tmpfsOf, traitsOf } from '../volumes/volume-kinds.ts'
import { findVolume, isAnonymous } from '../volumes/volumes.ts'
import { neighboursOn, type SourceFacts, sourceObstacles, sourceWarnings } from './obstacles.ts'

// Walks the writable layer.
const diffTimeoutMs = 120_000

// Docker's own where none is set (daemon/stop.go, defaultStopTimeout; `docker stop --help` says the same).
const defaultStopSeconds = 10
// -1 waits for ever; a day stands for it.
const longestStopSeconds = 86_400

export const stopTimeoutOf = (container: InspectedContainer): number => {
  const seconds = container.Config.StopTimeout ?? defaultStopSeconds
  return seconds < 0 ? longestStopSeconds : Math.min(seconds, longestStopSeconds)
}

export const hasHealthcheck = (container: InspectedContainer): boolean => {
  const [kind] = container.Config.Healthcheck?.Test ?? []
  return kind !== undefined && kind !== 'NONE'
}

const volumesOf = (container: InspectedContainer, found: readonly InspectedVolume[]): WorkloadVolume__Output[] =>
  found.map((volume) => {
    const mounts = container.Mounts.filter((mount) => mount.Type === 'volume' && mount.Name === volume.Name)
    return {
      name: volume.Name,
      driver: volume.Driver,
      options: { ...volume.Options },
      labels: { ...volume.Labels },
      mountpoint: volume.Mountpoint,
      createdAt: volume.CreatedAt ?? '',
      anonymous: isAnonymous(volume.Name, volume.Labels),
      // A volume may be mounted at several places; it moves once.
      destination: mounts[0]?.Destination ?? '',
      readOnly: mounts.every((mount) => !mount.RW),
      rootIdentity: '',
      usage: null,
      carriedByAnother: false,
      ofHost: false,
      traits: traitsOf(volume, container, isAnonymous(volume.Name, volume.Labels)),
    }
  })

// Of those that move together one may have one, and another be the first that the network is made for.
const hasStaticAddress = (network: string, { container, together }: SourceFacts): boolean =>
  [container, ...together].some(({ NetworkSettings }) => {
    const ipam = NetworkSettings.Networks?.[network]?.IPAMConfig
    return Boolean(ipam?.IPv4Address || ipam?.IPv6Address)
  })

const distinctUses = (references: readonly Reference[], own: string): UsedContainer__Output[] => [
  ...new Map(
    references.flatMap(({ use, found }) =>
      found.filter((id) => id !== own).map((containerId) => [`${use} ${containerId}`, { containerId, kind: use }]),
    ),
  ).values(),
]

const bindsOf = ({ container, volumes }: SourceFacts): WorkloadBind__Output[] =>
  container.Mounts.flatMap(({ Type, Name, Source = '', Destination: destination, RW }) => {
    const volume = Type === 'volume' ? volumes.find((candidate) => candidate.Name === Name) : undefined
    const found = volume === undefined ? null : kindOf(volume)
    const source = Type === 'bind' ? Source : found?.kind === 'bind' ? found.source : null
    return source === null ? [] : [{ source, destination, readOnly: !RW, kind: '' }]
  })

const networksOf = (facts: SourceFacts, info: EngineInfo): WorkloadNetwork__Output[] =>
  Object.entries(facts.networks).flatMap(([name, network]) => {
    if (network === null) return []
    return [
      {
        name,
        id: network.Id,
        driver: network.Driver,
        specJson: isDockersOwnNetwork(name)
          ? ''
          : formatNetworkSpec(networkSpec(network, info, hasStaticAddress(name, facts))),
        neighbours: isDockersOwnNetwork(name) ? [] : neighboursOn(name, facts.container, facts.listed),
      },
    ]
  })

const layerOf = async (
  client: Client,
  container: InspectedContainer,
  changes: readonly Change[],
  measure: boolean,
): Promise<WritableLayer__Output> => {
  const own = ownChanges(container, changes)
  if (own.length === 0 || !measure) return describeLayer(own, 0)
  const { SizeRw = 0 } = await client.get<{ SizeRw?: number }>(path`/containers/${container.Id}/json`, {
    query: { size: true },
    timeoutMs: diffTimeoutMs,
  })
  return describeLayer(own, SizeRw)
}

const changesOf = async (client: Client, containerId: string): Promise<readonly Change[]> =>
  (await client.get<Change[] | null>(path`/containers/${containerId}/changes`, { timeoutMs: diffTimeoutMs })) ?? []

export const layer = async (client: Client, containerId: string): Promise<WritableLayer__Output> => {
  const container = await inspectContainer(client, containerId)
  return layerOf(client, container, await changesOf(client, container.Id), false)
}

// What the engine has, at one moment.
type Moment = {
  readonly listed: readonly ListedContainer[]
  // Those that were asked about.
  readonly asked: readonly InspectedContainer[]
  // And every other workload.
  readonly all: readonly InspectedContainer[]
  readonly info: EngineInfo
  readonly version: EngineVersion
}

const look = async (
  client: Client,
  names: readonly string[],
  isRetired: DescribeOptions['isRetired'],
): Promise<Moment> => {
  const [asked, listed, info, version] = await Promise.all([
    mapLimited(names, 8, (name) => inspectContainer(client, name)),
    listContainers(client),
    engineInfo(client),
    client.get<EngineVersion>('/version'),
  ])
  const ids = new Set(asked.map(({ Id }) => Id))
  const others = listed.filter(({ Id, Labels }) => !ids.has(Id) && !isHolder(Labels) && !isRetired(Id))
  const inspected = await inspectAll(
    client,
    others.map(({ Id }) => Id),
  )
  return { listed, asked, all: [...asked, ...inspected], info, version }
}

const gather = async (
  client: Client,
  container: InspectedContainer,
  { listed, asked }: Moment,
  references: readonly Reference[],
  { choices = null, measure = false }: DescribeOptions,
): Promise<SourceFacts> => {
  const names = [
    ...new Set(container.Mounts.flatMap((mount) => (mount.Type === 'volume' && mount.Name ? [mount.Name] : []))),
  ]
  const networks = Object.keys(container.NetworkSettings.Networks ?? {})
  const [image, volumes, inspected, changes] = await Promise.all([
    orNull(client.get<InspectedImage>(path`/images/${container.Image}/json`)),
    Promise.all(names.map((name) => findVolume(client, name))),
    Promise.all(networks.map((name) => orNull(client.get<InspectedNetwork>(path`/networks/${name}`)))),
    changesOf(client, container.Id),
  ])
  const moving = new Set(asked.map(({ Id }) => Id))
  return {
    container,
    image,
    volumes: volumes.filter((volume) => volume !== null),
    networks: Object.fromEntries(networks.map((name, index) => [name, inspected[index] ?? null])),
    references,
    together: asked.filter(({ Id }) => Id !== container.Id),
    listed: listed.filter(({ Id }) => !moving.has(Id)),
    layer: await layerOf(client, container, changes, measure),
    choices,
  }
}

export type DescribeOptions = {
  // What has moved away, and is nobody's to belong to.
  readonly isRetired: (containerId: string) => boolean
  readonly choices?: Choices__Output | null
  // What the writable layer takes on the disk, too: it is walked for that.
  readonly measure?: boolean
}

export type Described = {
  // In the order in which they were asked for.
  readonly workloads: Workload__Output[]
  readonly moveSet: SetMember__Output[]
}

// Every container of the engine is inspected once, however many are asked about.
export const describeTogether = async (
  client: Client,
  names: readonly string[],
  options: DescribeOptions,
): Promise<Described> => {
  const moment = await look(client, names, options.isRetired)
  const { asked, all } = moment
  const referencesOf = referencesIn(all)
  const workloads = await mapLimited(asked, 8, async (container) => {
    const references = referencesOf(container)
    return workloadFrom(await gather(client, container, moment, references, options), moment)
  })
  const ids = asked.map(({ Id }) => Id)
  return { workloads, moveSet: moveSet(ids, all) }
}

const workloadFrom = (facts: SourceFacts, { info, version }: Moment): Workload__Output => {
  const { container, image, references } = facts
  const imageConfiguration = image === null ? '' : configurationOf(image)
  return {
    containerId: container.Id,
    name: nameOf(container),
    state: container.State.Status,
    specJson: formatSpec(containerSpec(container, { imageConfiguration, info, references })),
    image: describeImage(container.Image, container.Config.Image, image, {
      os: version.Os,
      architecture: version.Arch,
    }),
    volumes: volumesOf(container, facts.volumes),
    networks: networksOf(facts, info),
    ports: publishedPorts(container.Config, container.HostConfig),
    obstacles: sourceObstacles(facts),
    warnings: sourceWarnings(facts),
    engine: factsFrom(info, version),
    hasHealthcheck: hasHealthcheck(container),
    stopTimeoutSeconds: stopTimeoutOf(container),
    hooks: hooksOf(container),
    uses: distinctUses(references, container.Id),
    service: serviceOf(container),
    writableLayer: facts.layer,
    binds: bindsOf(facts),
    tmpfs: tmpfsOf(container),
  }
}

const hooksOf = ({ Config }: InspectedContainer): Hook__Output[] =>
  Object.entries(readHookLabels(Config.Labels ?? {}).hooks).map(([name, { command, timeoutMs, onError }]) => ({
    ...{ name, command: [...command], timeoutMs, onError },
  }))
