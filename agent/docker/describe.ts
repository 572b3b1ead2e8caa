// What a container is made of: asked of the source's engine, told to the target's.
import { readHookLabels } from '../../shared/hooks/labels.ts'
import type { Choices__Output } from '../../shared/rpc/generated/drayage/v1/Choices.ts'
import type { Hook__Output } from '../../shared/rpc/generated/drayage/v1/Hook.ts'
import type { UsedContainer__Output } from '../../shared/rpc/generated/drayage/v1/UsedContainer.ts'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { WorkloadBind__Output } from '../../shared/rpc/generated/drayage/v1/WorkloadBind.ts'
import type { WorkloadNetwork__Output } from '../../shared/rpc/generated/drayage/v1/WorkloadNetwork.ts'
import type { WorkloadVolume__Output } from '../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import type { WritableLayer__Output } from '../../shared/rpc/generated/drayage/v1/WritableLayer.ts'
import type {
  EngineInfo,
  EngineVersion,
  InspectedContainer,
  InspectedImage,
  InspectedNetwork,
  InspectedVolume,
} from './api.ts'
import { type Client, path } from './client.ts'
import { containerSpec, formatSpec, isDockersOwnNetwork } from './container-spec.ts'
import { inspectAll, inspectContainer, listContainers, nameOf } from './containers.ts'
import { orNull } from './errors.ts'
import { engineInfo, factsFrom } from './facts.ts'
import { configurationOf, describeImage } from './image-identity.ts'
import { isHolder } from './labels.ts'
import { moveSet } from './move-set.ts'
import { formatNetworkSpec, networkSpec } from './networks.ts'
import { neighboursOn, type SourceFacts, sourceObstacles, sourceWarnings } from './obstacles.ts'
import { publishedPorts } from './ports.ts'
import { type Reference, referencesIn } from './ties.ts'
import { kindOf, tmpfsOf, traitsOf } from './volume-kinds.ts'
import { findVolume, isAnonymous } from './volumes.ts'
import { type Change, describeLayer, ownChanges } from './writable-layer.ts'

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

const gather = async (
  client: Client,
  container: InspectedContainer,
  options: DescribeOptions,
): Promise<SourceFacts> => {
  const { isRetired, choices = null, measure = false } = options
  const names = [
    ...new Set(container.Mounts.flatMap((mount) => (mount.Type === 'volume' && mount.Name ? [mount.Name] : []))),
  ]
  const networks = Object.keys(container.NetworkSettings.Networks ?? {})
  const [image, volumes, inspected, listed, changes] = await Promise.all([
    orNull(client.get<InspectedImage>(path`/images/${container.Image}/json`)),
    Promise.all(names.map((name) => findVolume(client, name))),
    Promise.all(networks.map((name) => orNull(client.get<InspectedNetwork>(path`/networks/${name}`)))),
    listContainers(client),
    changesOf(client, container.Id),
  ])
  const together = new Set(options.together)
  const others = await inspectAll(
    client,
    listed
      .filter(({ Id, Labels }) => Id !== container.Id && !isHolder(Labels) && !isRetired(Id))
      .map((other) => other.Id),
  )
  return {
    container,
    image,
    volumes: volumes.filter((volume) => volume !== null),
    networks: Object.fromEntries(networks.map((name, index) => [name, inspected[index] ?? null])),
    others,
    together: others.filter(({ Id }) => together.has(Id)),
    listed: listed.filter(({ Id }) => !together.has(Id)),
    layer: await layerOf(client, container, changes, measure),
    choices,
  }
}

export type DescribeOptions = {
  // What has moved away, and is nobody's to belong to.
  readonly isRetired: (containerId: string) => boolean
  readonly choices?: Choices__Output | null
  // Those that move with it, by id.
  readonly together?: readonly string[]
  // What the writable layer takes on the disk, too: it is walked for that.
  readonly measure?: boolean
}

export const describe = async (
  client: Client,
  idOrName: string,
  options: DescribeOptions,
): Promise<Workload__Output> => {
  const container = await inspectContainer(client, idOrName)
  const [facts, info, engine] = await Promise.all([
    gather(client, container, options),
    engineInfo(client),
    client.get<EngineVersion>('/version'),
  ])
  const { image } = facts
  const references = referencesIn([container, ...facts.others])(container)
  const imageConfiguration = image === null ? '' : configurationOf(image)
  return {
    containerId: container.Id,
    name: nameOf(container),
    state: container.State.Status,
    specJson: formatSpec(containerSpec(container, { imageConfiguration, info, references })),
    image: describeImage(container.Image, container.Config.Image, image, { os: engine.Os, architecture: engine.Arch }),
    volumes: volumesOf(container, facts.volumes),
    networks: networksOf(facts, info),
    ports: publishedPorts(container.Config, container.HostConfig),
    obstacles: sourceObstacles(facts),
    warnings: sourceWarnings(facts),
    engine: factsFrom(info, engine),
    hasHealthcheck: hasHealthcheck(container),
    stopTimeoutSeconds: stopTimeoutOf(container),
    hooks: hooksOf(container),
    moveSet: moveSet(container.Id, [container, ...facts.others]),
    uses: distinctUses(references, container.Id),
    writableLayer: facts.layer,
    binds: bindsOf(facts),
    tmpfs: tmpfsOf(container),
  }
}

const hooksOf = ({ Config }: InspectedContainer): Hook__Output[] =>
  Object.entries(readHookLabels(Config.Labels ?? {}).hooks).map(([name, { command, timeoutMs, onError }]) => ({
    ...{ name, command: [...command], timeoutMs, onError },
  }))
