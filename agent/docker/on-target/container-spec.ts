// From a container's inspect to the body that creates the same container on another engine. Pure.
//
// The rule: every field that inspect gives is sent back as it is, known here or not; what is named below is what Docker
// fills in by itself and would take wrongly from a client.
import { AppError } from '../../../shared/errors.ts'
import type {
  ContainerConfig,
  Endpoint,
  EngineInfo,
  HostConfig,
  InspectedContainer,
  Json,
  MountRequest,
} from '../api/answers.ts'
import { roleLabels, withoutOurs } from '../api/labels.ts'
import type { Reference } from '../sets/ties.ts'

const version = 1

// What Docker's EndpointSettings takes from a client.
export type EndpointSpec = Pick<Endpoint, 'IPAMConfig' | 'Aliases' | 'DriverOpts' | 'GwPriority' | 'Links'>

export type ContainerSpec = {
  readonly version: typeof version
  readonly config: ContainerConfig
  readonly hostConfig: HostConfig
  // The network that the container is created with; the others are connected afterwards.
  readonly primaryNetwork: string
  readonly endpoints: Readonly<Record<string, EndpointSpec>>
  // On the primary network, and only where somebody asked for it; '' otherwise.
  readonly macAddress: string
  // As configurationOf gives it.
  readonly imageConfiguration: string
  // The runtime that the source uses where nobody asks for one.
  readonly defaultRuntime: string
}

const isEmpty = (record: object | null | undefined) => Object.keys(record ?? {}).length === 0

const shortId = (id: string) => id.slice(0, 12)

export const joinsNetworkOf = ({ HostConfig }: Pick<InspectedContainer, 'HostConfig'>): boolean =>
  HostConfig.NetworkMode.startsWith('container:')

// Inspect shows the name that Docker made up: the id's first twelve digits, or that of the host or the container whose
// network it is on.
const hostnameIsDockers = (container: InspectedContainer): boolean =>
  joinsNetworkOf(container) ||
  container.Config.Hostname === shortId(container.Id) ||
  container.HostConfig.NetworkMode === 'host' ||
  container.HostConfig.UTSMode === 'host'

export const losesHostname = (container: InspectedContainer): boolean =>
  container.Config.Hostname === shortId(container.Id)

// Docker's own networks by their mode. 20.10 says `default` where later engines say `bridge`.
const modeNetworks: Readonly<Record<string, string>> = {
  default: 'bridge',
  bridge: 'bridge',
  host: 'host',
  none: 'none',
}

export const isDockersOwnNetwork = (name: string): boolean => name === 'bridge' || name === 'host' || name === 'none'

// The network named by the mode may be given by id, or have been disconnected since.
const primaryNetworkOf = (container: InspectedContainer): string => {
  const mode = container.HostConfig.NetworkMode
  const networks = Object.entries(container.NetworkSettings.Networks ?? {})
  const names = networks.map(([name]) => name)
  const own = modeNetworks[mode] ?? mode
  if (names.includes(own)) return own
  const byId = networks.find(([, endpoint]) => endpoint.NetworkID !== '' && endpoint.NetworkID === mode)
  return byId?.[0] ?? names[0] ?? 'none'
}

// An endpoint's own MacAddress is not taken: while it runs, that is the one the engine made up.
const endpointSpec = (container: InspectedContainer, endpoint: Endpoint): EndpointSpec => {
  // Engines before 25 put the short id among the aliases.
  const aliases = (endpoint.Aliases ?? []).filter((alias) => alias !== shortId(container.Id))
  return {
    ...(isEmpty(endpoint.IPAMConfig) ? {} : { IPAMConfig: endpoint.IPAMConfig ?? null }),
    ...(aliases.length === 0 ? {} : { Aliases: aliases }),
    ...(isEmpty(endpoint.DriverOpts) ? {} : { DriverOpts: endpoint.DriverOpts ?? null }),
    ...(endpoint.GwPriority ? { GwPriority: endpoint.GwPriority } : {}),
    ...(endpoint.Links?.length ? { Links: endpoint.Links } : {}),
  }
}

const destinationOf = (mount: MountRequest) => mount.Target.replace(/(.)\/+$/, '$1')

const bindDestination = (bind: string): string => (bind.split(':')[1] ?? '').replace(/(.)\/+$/, '$1')

// Every volume by its name. A volume that was asked for without one (VOLUME in the image, `-v /path`, a nameless mount)
// is given the name it got, so that the other engine takes that volume and makes none of its own.
const namedMounts = (container: InspectedContainer): MountRequest[] => {
  const volumes = new Map(
    container.Mounts.filter((mount) => mount.Type === 'volume').map((mount) => [mount.Destination, mount]),
  )
  const asked = (container.HostConfig.Mounts ?? []).map((mount) => {
    const made = mount.Type === 'volume' ? volumes.get(destinationOf(mount)) : undefined
    return made?.Name === undefined ? mount : { ...mount, Source: made.Name }
  })
  const covered = new Set([...asked.map(destinationOf), ...(container.HostConfig.Binds ?? []).map(bindDestination)])
  const nameless = [...volumes.values()].flatMap((mount) =>
    covered.has(mount.Destination) || mount.Name === undefined
      ? []
      : [{ Type: 'volume', Source: mount.Name, Target: mount.Destination, ...(mount.RW ? {} : { ReadOnly: true }) }],
  )
  return [...asked, ...nameless]
}

const without = (record: Json, ...keys: string[]): Json =>
  Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)))

const configSpec = (container: InspectedContainer): ContainerConfig => {
  const { Entrypoint, ...config } = container.Config
  return {
    // MacAddress: of an endpoint, since API 1.44.
    // ExposedPorts: the image's own, which an engine adds by itself, and does not take with another container's network.
    ...without(
      config,
      'MacAddress',
      ...(hostnameIsDockers(container) ? ['Hostname'] : []),
      ...(joinsNetworkOf(container) ? ['ExposedPorts', 'Domainname'] : []),
    ),
    Image: config.Image,
    Labels: withoutOurs(config.Labels),
    // An entrypoint that is not there takes the image's; one empty string is Docker's way to say none.
    Entrypoint: Entrypoint === undefined || Entrypoint === null || Entrypoint.length === 0 ? [''] : Entrypoint,
  }
}

const hostConfigSpec = (container: InspectedContainer, references: readonly Reference[]): HostConfig => {
  const mounts = namedMounts(container)
  return {
    // KernelMemory went out of the API with 1.42; it never worked on cgroup v2.
    ...without(container.HostConfig, 'ContainerIDFile', 'KernelMemory', 'KernelMemoryTCP', 'Mounts'),
    ...usesByIds(container.HostConfig, references),
    NetworkMode: joinsNetworkOf(container)
      ? joinedById(container.HostConfig.NetworkMode, references)
      : primaryNetworkOf(container),
    ...(mounts.length === 0 ? {} : { Mounts: mounts }),
  }
}

// Names and parts of ids say whom this engine means by them; another cannot know.
const idBy = (words: string, references: readonly Reference[]): string =>
  references.find((reference) => reference.words === words)?.found[0] ?? words

const joinedById = (mode: string, references: readonly Reference[]): string =>
  mode.replace(/^(container:)(.*)$/, (_, prefix, words) => `${prefix}${idBy(words, references)}`)

const usesByIds = (
  { VolumesFrom, IpcMode, PidMode }: HostConfig,
  references: readonly Reference[],
): Pick<HostConfig, 'VolumesFrom' | 'IpcMode' | 'PidMode'> => ({
  ...(IpcMode === undefined ? {} : { IpcMode: joinedById(IpcMode, references) }),
  ...(PidMode === undefined ? {} : { PidMode: joinedById(PidMode, references) }),
  ...(VolumesFrom?.length
    ? { VolumesFrom: VolumesFrom.map((from) => from.replace(/^[^:]*/, (words) => idBy(words, references))) }
    : {}),
})

export const containerSpec = (
  container: InspectedContainer,
  source: {
    readonly imageConfiguration: string
    readonly info: Pick<EngineInfo, 'DefaultRuntime'>
    // The other containers that this one names.
    readonly references?: readonly Reference[]
  },
): ContainerSpec => ({
  version,
  config: configSpec(container),
  hostConfig: hostConfigSpec(container, source.references ?? []),
  primaryNetwork: primaryNetworkOf(container),
  endpoints: Object.fromEntries(
    Object.entries(container.NetworkSettings.Networks ?? {}).map(([name, endpoint]) => [
      name,
      endpointSpec(container, endpoint),
    ]),
  ),
  macAddress: container.Config.MacAddress ?? '',
  imageConfiguration: source.imageConfiguration,
  defaultRuntime: source.info.DefaultRuntime ?? '',
})

export const formatSpec = (spec: ContainerSpec): string => JSON.stringify(spec)

export const parseSpec = (json: string): ContainerSpec => {
  let parsed: Partial<ContainerSpec> = {}
  try {
    parsed = JSON.parse(json) as Partial<ContainerSpec>
  } catch (cause) {
    throw new AppError('DRAYAGE_INVALID_REQUEST', 'The description of the container is not JSON.', { cause })
  }
  if (parsed?.version !== version || parsed.config === undefined || parsed.hostConfig === undefined) {
    throw new AppError(
      'DRAYAGE_INVALID_REQUEST',
      `The description of the container is of version ${String(parsed?.version)}; this agent reads version ${version}. ` +
        'Run the same version of the agent on both hosts.',
    )
  }
  return parsed as ContainerSpec
}

export type TargetEngine = {
  // API 1.44 and later; before it, the container has one.
  readonly macAddressPerEndpoint: boolean
  readonly runtimes: readonly string[]
  // Of those that move with it, by their ids on the source: what they are here.
  readonly prepared: ReadonlyMap<string, string>
}

const isKnown = (from: string, prepared: ReadonlyMap<string, string>): boolean => prepared.has(from.split(':')[0] ?? '')

// Whom it uses is one of those that came with it. What it has of another's volumes it has by their names as well: where two
// take from one another, the first that is made goes without saying so.
const usingPrepared = (hostConfig: HostConfig, prepared: ReadonlyMap<string, string>): HostConfig => {
  const here = (id: string) => prepared.get(id) ?? id
  const joined = (mode: string) => mode.replace(/^(container:)(.*)$/, (_, prefix, id) => `${prefix}${here(id)}`)
  const { NetworkMode, IpcMode, PidMode, VolumesFrom, ...rest } = hostConfig
  const from = (VolumesFrom ?? []).filter((words) => isKnown(words, prepared))
  return {
    ...rest,
    NetworkMode: joined(NetworkMode),
    ...(IpcMode === undefined ? {} : { IpcMode: joined(IpcMode) }),
    ...(PidMode === undefined ? {} : { PidMode: joined(PidMode) }),
    ...(VolumesFrom === undefined
      ? {}
      : { VolumesFrom: from.length === 0 ? null : from.map((words) => words.replace(/^[^:]*/, here)) }),
  }
}

// `image`: an id, or a name that stands for it on this engine.
export const createBody = (spec: ContainerSpec, image: string, migrationId: string, target: TargetEngine): Json => {
  const { Runtime, ...hostConfig } = spec.hostConfig
  // The source's default is named only because inspect names it; this engine may have another.
  const keepsRuntime = Runtime !== undefined && (Runtime !== spec.defaultRuntime || target.runtimes.includes(Runtime))
  const mac = spec.macAddress === '' ? {} : { MacAddress: spec.macAddress }
  const endpoint = { ...spec.endpoints[spec.primaryNetwork], ...(target.macAddressPerEndpoint ? mac : {}) }
  return {
    ...spec.config,
    Image: image,
    Labels: { ...spec.config.Labels, ...roleLabels(migrationId, 'workload') },
    ...(target.macAddressPerEndpoint ? {} : mac),
    HostConfig: usingPrepared(keepsRuntime ? { ...hostConfig, Runtime } : hostConfig, target.prepared),
    ...(isEmpty(endpoint) ? {} : { NetworkingConfig: { EndpointsConfig: { [spec.primaryNetwork]: endpoint } } }),
  }
}
