// What stands in the way of a workload on this host. Pure: every reason at once.
import type { ErrorCode, Finding } from '../../../shared/errors.ts'
import { samePort } from '../../../shared/ports/publish.ts'
import type { EngineFacts__Output } from '../../../shared/rpc/generated/drayage/v1/EngineFacts.ts'
import type { Workload__Output } from '../../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { EngineInfo, InspectedContainer, InspectedNetwork, InspectedVolume } from '../api/answers.ts'
import { compareApi, oldestApi } from '../api/client.ts'
import { nameOf } from '../api/containers.ts'
import { isOurs } from '../api/labels.ts'
import { withTag } from '../images/image-name.ts'
import { collisions, differences, type NetworkSpec, notLaid } from '../networks/networks.ts'
import { type Listener, portWords, publishedPorts } from '../networks/ports.ts'
import { isSameElsewhere } from '../volumes/volume-kinds.ts'
import type { ContainerSpec } from './container-spec.ts'
import type { OwnCopy } from './own-copy.ts'

export type TargetFacts = {
  readonly workload: Workload__Output
  readonly spec: ContainerSpec
  readonly networkSpecs: readonly NetworkSpec[]
  readonly migrationId: string
  // A copy of the workload that is here and is to be taken for it.
  readonly own: OwnCopy | null
  readonly engine: EngineFacts__Output
  readonly info: EngineInfo
  readonly containers: readonly InspectedContainer[]
  // Those of the workload's volumes' names that exist here.
  readonly volumes: readonly InspectedVolume[]
  readonly networks: readonly InspectedNetwork[]
  // Names of the workload's image that stand for another image here.
  readonly takenNames: readonly string[]
  // null: this agent does not see the host's sockets.
  readonly listeners: readonly Listener[] | null
}

const obstacle = (code: ErrorCode, message: string): Finding => ({ code, message })

const isItself = ({ migrationId, own }: TargetFacts, { Id, Config }: InspectedContainer): boolean =>
  Id === own?.containerId || isOurs(Config.Labels, migrationId)

const nameObstacles = (facts: TargetFacts): Finding[] =>
  facts.containers
    .filter((container) => nameOf(container) === facts.workload.name && !isItself(facts, container))
    .map((container) =>
      obstacle(
        'DRAYAGE_CONTAINER_EXISTS',
        `A container named ${facts.workload.name} is on the target already (${container.Id.slice(0, 12)}, ${container.State.Status}). ` +
          'Rename or remove it there.',
      ),
    )

const driverObstacles = ({ workload, info }: TargetFacts): Finding[] => {
  const drivers = info.Plugins?.Volume ?? []
  return workload.volumes
    .filter(({ driver }) => driver !== 'local' && !drivers.includes(driver))
    .map(({ name, driver }) =>
      obstacle(
        'DRAYAGE_TARGET_LACKS',
        `The volume ${name} is of the driver ${driver}, which the target's engine does not have (${drivers.join(', ') || 'none'}). ` +
          'Install that plugin there.',
      ),
    )
}

const volumeObstacles = ({ workload, volumes, migrationId, own }: TargetFacts): Finding[] =>
  volumes
    .filter((volume) => {
      const wanted = workload.volumes.find(({ name }) => name === volume.Name)
      return wanted === undefined || (!wanted.carriedByAnother && !isSameElsewhere(volume, wanted))
    })
    .filter((volume) => !own?.volumes.includes(volume.Name) && !isOurs(volume.Labels, migrationId))
    .map((volume) =>
      obstacle(
        'DRAYAGE_VOLUME_EXISTS',
        `A volume named ${volume.Name} is on the target already. It is somebody's data and is left as it is: rename or ` +
          'remove it there.',
      ),
    )

const portObstacles = (facts: TargetFacts): Finding[] => {
  const { workload, containers, listeners } = facts
  return workload.ports
    .filter((port) => port.hostPort !== 0)
    .flatMap((port) => {
      const holders = containers.filter(
        (container) =>
          !isItself(facts, container) &&
          publishedPorts(container.Config, container.HostConfig).some((other) => samePort(port, other)),
      )
      if (holders.length > 0) {
        const names = holders.map((container) => `${nameOf(container)} (${container.State.Status})`).join(', ')
        return [
          obstacle(
            'DRAYAGE_PORT_TAKEN',
            `The port ${portWords(port)} is published on the target by ${names}. Free it there, or publish another.`,
          ),
        ]
      }
      const listener = (listeners ?? []).find((other) => samePort(port, other))
      return listener === undefined
        ? []
        : [
            obstacle(
              'DRAYAGE_PORT_TAKEN',
              `Something that is not a container listens on the port ${portWords(port)} of the target (${portWords({ ...listener, containerPort: 0 })}). ` +
                `\`ss -lnp\` there shows what. Free it, or publish another.`,
            ),
          ]
    })
}

// 32-bit programs of the same family run on these.
const alsoRuns: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] }

// Also where the source runs it by emulation: whether the target can, only a start would show, and that comes too late.
const platformObstacles = ({ workload, engine }: TargetFacts): Finding[] => {
  const { image, engine: source } = workload
  const os = image?.os || source?.os || engine.os
  const architecture = image?.architecture || source?.architecture || engine.architecture
  const runs = architecture === engine.architecture || (alsoRuns[engine.architecture] ?? []).includes(architecture)
  if (os === engine.os && runs) return []
  return [
    obstacle(
      'DRAYAGE_ARCHITECTURE_MISMATCH',
      `The image is for ${os}/${architecture}, and the target is ${engine.os}/${engine.architecture}. Its programs would not run ` +
        'there: choose a host of the same architecture.',
    ),
  ]
}

// A remapped engine keeps everything in a folder that is named after the ids it starts from: …/165536.165536.
const mappingOf = (engine: EngineFacts__Output): string => /(\d+\.\d+)\/?$/.exec(engine.dataRoot)?.[1] ?? ''

const shiftWords = (engine: EngineFacts__Output): string =>
  engine.idShift === ''
    ? 'does not shift ids'
    : `shifts ids by ${engine.idShift} (${mappingOf(engine) || 'by a mapping unknown here'})`

const idShiftObstacles = ({ workload, engine }: TargetFacts): Finding[] => {
  const source = workload.engine
  if (source === null || (source.idShift === '' && engine.idShift === '')) return []
  const same = source.idShift === 'userns-remap' && source.idShift === engine.idShift
  if (same && mappingOf(source) !== '' && mappingOf(source) === mappingOf(engine)) return []
  return [
    obstacle(
      'DRAYAGE_ID_SHIFT_MISMATCH',
      `The source's engine ${shiftWords(source)}, the target's ${shiftWords(engine)}: the volumes' owners would be others. ` +
        'Choose a host whose engine maps ids alike.',
    ),
  ]
}

const networkObstacles = ({ workload, networkSpecs, networks, migrationId }: TargetFacts): Finding[] =>
  networkSpecs.flatMap((spec) => {
    const same = networks.filter((network) => network.Name === spec.name)
    if (same.length > 1) {
      return [
        obstacle(
          'DRAYAGE_NETWORK_CONFLICT',
          `There are ${same.length} networks named ${spec.name} on the target. Remove all but one.`,
        ),
      ]
    }
    const [here] = same
    if (here === undefined && spec.laid) return [obstacle('DRAYAGE_TARGET_LACKS', notLaid(spec))]
    const reasons =
      here === undefined ? collisions(spec, networks) : isOurs(here.Labels, migrationId) ? [] : differences(spec, here)
    if (reasons.length === 0) return []
    return [
      obstacle(
        'DRAYAGE_NETWORK_CONFLICT',
        here === undefined
          ? `The network ${spec.name} cannot be made on the target for ${workload.name}: ${reasons.join('; ')}.`
          : `The target has a network ${spec.name} that is another than the source's: ${reasons.join('; ')}. Rename or remove it ` +
              'there, or make it the same.',
      ),
    ]
  })

// Since which API the engine knows what the container uses (the API's version history). An older one would ignore it.
const needs = (spec: ContainerSpec): readonly (readonly [string, string])[] => {
  const mounts = spec.hostConfig.Mounts ?? []
  const need = (when: boolean, api: string, what: string) => (when ? [[api, what] as const] : [])
  const endpoints = Object.values(spec.endpoints)
  return [
    ...need(Boolean(spec.config.Healthcheck?.StartInterval), '1.44', 'a start interval of the health check'),
    ...need(Object.keys(spec.hostConfig['Annotations'] ?? {}).length > 0, '1.43', 'annotations'),
    ...need(
      mounts.some((mount) => Boolean(mount.VolumeOptions?.Subpath)),
      '1.45',
      'a mount of a part of a volume',
    ),
    ...need(
      mounts.some(
        (mount) => Object.keys((mount['TmpfsOptions'] as object | null)?.['Options' as never] ?? {}).length > 0,
      ),
      '1.46',
      'options of a tmpfs mount',
    ),
    ...need(
      endpoints.some((endpoint) => Boolean(endpoint.GwPriority)),
      '1.48',
      'gateway priorities',
    ),
  ]
}

const ageObstacles = ({ spec, networkSpecs, engine }: TargetFacts): Finding[] => {
  const wanted = [
    [oldestApi, 'everything that Drayage does'] as const,
    ...needs(spec),
    ...(networkSpecs.some((network) => !network.ipv4) ? [['1.48', 'a network without IPv4'] as const] : []),
  ]
  return wanted
    .filter(([api]) => compareApi(engine.apiVersion, api) < 0)
    .map(([api, what]) =>
      obstacle(
        'DRAYAGE_ENGINE_TOO_OLD',
        `The target's engine ${engine.version} speaks API ${engine.apiVersion}; ${what} needs ${api}. Upgrade Docker there.`,
      ),
    )
}

const capabilityFindings = ({ spec, info, engine }: TargetFacts): { obstacles: Finding[]; warnings: Finding[] } => {
  const { Runtime, LogConfig, NanoCpus = 0, Memory = 0 } = spec.hostConfig
  const lacks = (when: boolean, message: string) => (when ? [obstacle('DRAYAGE_TARGET_LACKS', message)] : [])
  const runtimes = Object.keys(info.Runtimes ?? {})
  const logDrivers = info.Plugins?.Log ?? []
  return {
    obstacles: [
      ...lacks(
        Boolean(Runtime) && Runtime !== spec.defaultRuntime && !runtimes.includes(Runtime ?? ''),
        `The container runs with the runtime ${Runtime}, which the target's engine does not have. Install and configure it there.`,
      ),
      ...lacks(
        logDrivers.length > 0 && Boolean(LogConfig?.Type) && !logDrivers.includes(LogConfig?.Type ?? ''),
        `The container logs by the driver ${LogConfig?.Type}, which the target's engine does not have. Install it there.`,
      ),
      ...lacks(
        NanoCpus > info.NCPU * 1e9,
        `The container is limited to ${NanoCpus / 1e9} CPUs, and the target has ${info.NCPU}: its engine would refuse it. Lower the ` +
          'limit (`docker update --cpus`).',
      ),
    ],
    warnings:
      Memory > info.MemTotal
        ? [
            {
              code: 'memory-limit-above-target',
              message: `Its memory limit of ${Memory} bytes is more than ${engine.os === 'linux' ? 'the target' : 'that host'} has (${info.MemTotal}).`,
            },
          ]
        : [],
  }
}

// What else uses that name here goes on with what it means by it.
const nameWarnings = ({ workload, takenNames, own }: TargetFacts): Finding[] =>
  own !== null
    ? []
    : takenNames.map((name) => {
        const isAskedFor = name === withTag(workload.image?.reference ?? '')
        const instead = isAskedFor
          ? ': the container is made from its own image by id, and docker ps there shows that'
          : ''
        const message = `The name ${name} stands for another image on the target, and stays with that one${instead}.`
        return { code: 'image-name-taken', message }
      })

export const targetFindings = (facts: TargetFacts): { obstacles: Finding[]; warnings: Finding[] } => {
  const capabilities = capabilityFindings(facts)
  const hasFixedPorts = facts.workload.ports.some((port) => port.hostPort !== 0)
  return {
    obstacles: [
      ...platformObstacles(facts),
      ...idShiftObstacles(facts),
      ...ageObstacles(facts),
      ...capabilities.obstacles,
      ...nameObstacles(facts),
      ...driverObstacles(facts),
      ...volumeObstacles(facts),
      ...portObstacles(facts),
      ...networkObstacles(facts),
    ],
    warnings: [
      ...capabilities.warnings,
      ...nameWarnings(facts),
      ...(hasFixedPorts && facts.listeners === null
        ? [
            {
              code: 'ports-unchecked',
              message:
                "The target's agent does not share the host's network: whether something other than a container listens on the " +
                'published ports is not known.',
            },
          ]
        : []),
    ],
  }
}

// The workload's networks that are here and fit, whoever made them.
export const fittingNetworks = ({ networkSpecs, networks }: TargetFacts): string[] =>
  networkSpecs
    .filter((spec) => networks.some((network) => network.Name === spec.name && differences(spec, network).length === 0))
    .map((spec) => spec.name)
