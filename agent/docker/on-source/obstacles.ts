// Why a container cannot move, and what will not follow it, as the source sees it. Pure: every reason at once.
import type { ErrorCode, Finding } from '../../../shared/errors.ts'
import { readHookLabels } from '../../../shared/hooks/labels.ts'
import type { Choices__Output } from '../../../shared/rpc/generated/drayage/v1/Choices.ts'
import type { WritableLayer__Output } from '../../../shared/rpc/generated/drayage/v1/WritableLayer.ts'
import type {
  InspectedContainer,
  InspectedImage,
  InspectedNetwork,
  InspectedVolume,
  ListedContainer,
  Mount,
} from '../api/answers.ts'
import { listedName } from '../api/containers.ts'
import { isHolder } from '../api/labels.ts'
import { withTag } from '../images/image-name.ts'
import { layerFindings, layerPolicy } from '../images/writable-layer.ts'
import { publishedPorts } from '../networks/ports.ts'
import { isDockersOwnNetwork, losesHostname } from '../on-target/container-spec.ts'
import type { Reference, Use } from '../sets/ties.ts'
import { kindOf, tmpfsOf, volumeObstacles, volumeWarnings } from '../volumes/volume-kinds.ts'

export type SourceFacts = {
  readonly container: InspectedContainer
  // null: not in the engine's store any more.
  readonly image: InspectedImage | null
  // Of the names in the container's mounts; one that the engine does not find is missing.
  readonly volumes: readonly InspectedVolume[]
  // By name, those that the container is on; null: gone.
  readonly networks: Readonly<Record<string, InspectedNetwork | null>>
  // Whom it names among the workloads of this engine.
  readonly references: readonly Reference[]
  // Those that move with it.
  readonly together: readonly InspectedContainer[]
  // All but these.
  readonly listed: readonly ListedContainer[]
  readonly layer: WritableLayer__Output
  readonly choices: Choices__Output | null
}

const obstacle = (code: ErrorCode, message: string): Finding => ({ code, message })

const listed = (items: readonly string[], limit = 5): string =>
  items.length > limit ? `${items.slice(0, limit).join(', ')} and ${items.length - limit} more` : items.join(', ')

const stateObstacles = ({ container }: SourceFacts): Finding[] => {
  const { Status } = container.State
  const advice: Readonly<Record<string, string>> = {
    paused: 'Unpause it first (`docker unpause`).',
    removing: 'It is being removed.',
    dead: 'Its removal failed half-way; remove it (`docker rm`).',
  }
  const found = advice[Status]
  return [
    ...(found === undefined ? [] : [obstacle('DRAYAGE_CONTAINER_STATE', `The container is ${Status}. ${found}`)]),
    ...(isHolder(container.Config.Labels)
      ? [obstacle('DRAYAGE_CONTAINER_STATE', 'This container only holds volumes for a migration; it is no workload.')]
      : []),
    ...(container.Config.Labels?.['com.docker.swarm.task.id'] === undefined
      ? []
      : [
          obstacle(
            'DRAYAGE_SWARM_TASK',
            'The container is a task of a Swarm service: Swarm would replace it. Constrain the service to the other node.',
          ),
        ]),
    ...(container.HostConfig.AutoRemove
      ? [
          obstacle(
            'DRAYAGE_AUTO_REMOVE',
            'The container was made with --rm: stopping it removes it and its anonymous volumes, and no way back would be ' +
              'left. Make it without --rm.',
          ),
        ]
      : []),
  ]
}

const imageObstacles = ({ container, image }: SourceFacts): Finding[] =>
  image !== null
    ? []
    : [
        obstacle(
          'DRAYAGE_IMAGE_EXPORT_FAILED',
          `The container's image (${container.Config.Image}, ${container.Image}) is not in this engine's store any more, ` +
            'so it cannot be sent. Pull it again.',
        ),
      ]

// Of those that are copied, each is looked at by its own (binds/source.ts).
const bindObstacles = (what: string, { choices }: SourceFacts): Finding[] =>
  choices?.binds === 'require' || choices?.binds === 'copy'
    ? []
    : [
        obstacle(
          'DRAYAGE_BIND_MOUNT',
          `${what}; only volumes move unless it is said otherwise. Put that data in a volume; or, where the target has the same ` +
            'at the same path, say --binds require; or have it copied: --binds copy.',
        ),
      ]

const mountObstacle = (mount: Mount, facts: SourceFacts): Finding[] => {
  const at = mount.Destination
  if (mount.Type === 'tmpfs') return []
  if (mount.Type === 'bind') return bindObstacles(`${at} is a bind mount of ${mount.Source} on this host`, facts)
  if (mount.Type !== 'volume' || mount.Name === undefined) {
    return [obstacle('DRAYAGE_MOUNT_UNSUPPORTED', `${at} is a mount of type ${mount.Type}, which cannot move.`)]
  }
  return mountedVolumeObstacles(mount.Name, at, facts)
}

const mountedVolumeObstacles = (name: string, at: string, facts: SourceFacts): Finding[] => {
  const volume = facts.volumes.find((candidate) => candidate.Name === name)
  if (volume === undefined) {
    return [obstacle('DRAYAGE_VOLUME_UNREADABLE', `The engine does not find the volume ${name} (${at}).`)]
  }
  const found = kindOf(volume)
  return found.kind === 'bind'
    ? bindObstacles(`The volume ${name} (${at}) is a view of ${found.source} on this host`, facts)
    : volumeObstacles(volume, at)
}

const danglingCodes: Readonly<Record<Exclude<Use, 'depends-on'>, ErrorCode>> = {
  'volumes-from': 'DRAYAGE_VOLUME_SHARED',
  'network-namespace': 'DRAYAGE_NAMESPACE_SHARED',
  'pid-namespace': 'DRAYAGE_NAMESPACE_SHARED',
  'ipc-namespace': 'DRAYAGE_NAMESPACE_SHARED',
  link: 'DRAYAGE_NETWORK_UNSUPPORTED',
}

const danglingWords: Readonly<Record<Exclude<Use, 'depends-on'>, string>> = {
  'volumes-from': '--volumes-from',
  'network-namespace': '--network container:',
  'pid-namespace': '--pid container:',
  'ipc-namespace': '--ipc container:',
  link: '--link',
}

// Whom it names is another container of the set (move-set.ts), or nobody.
const danglingObstacles = (facts: SourceFacts): Finding[] =>
  facts.references.flatMap(({ use, words, found }) => {
    if (use === 'depends-on' || found.some((id) => id !== facts.container.Id)) return []
    return [
      obstacle(
        danglingCodes[use],
        `The container was made with ${danglingWords[use]} ${words}, and that container is not there any more: it could not be ` +
          'made again on the target. Make it again without that, its volumes by name.',
      ),
    ]
  })

const networkObstacles = ({ networks }: SourceFacts): Finding[] =>
  Object.entries(networks).flatMap(([name, network]) =>
    network !== null
      ? []
      : [
          obstacle(
            'DRAYAGE_NETWORK_UNSUPPORTED',
            `The container's network ${name} does not exist any more. Disconnect the container from it.`,
          ),
        ],
  )

const hookObstacles = ({ container }: SourceFacts): Finding[] =>
  readHookLabels(container.Config.Labels ?? {}).faults.map((fault) =>
    obstacle(
      'DRAYAGE_HOOK_INVALID',
      `A hook of the container cannot be understood: ${fault}. Docker changes no label of a container that is there: ` +
        'create it anew with the right one, or without.',
    ),
  )

export const sourceObstacles = (facts: SourceFacts): Finding[] => [
  ...stateObstacles(facts),
  ...imageObstacles(facts),
  ...facts.container.Mounts.flatMap((mount) => mountObstacle(mount, facts)),
  ...danglingObstacles(facts),
  ...networkObstacles(facts),
  ...layerFindings(facts.layer, layerPolicy(facts.choices)).obstacles,
  ...hookObstacles(facts),
]

// Names of the other containers on a network, running or not.
export const neighboursOn = (
  network: string,
  container: InspectedContainer,
  all: readonly ListedContainer[],
): string[] =>
  all
    .filter((other) => other.Id !== container.Id && !isHolder(other.Labels))
    .filter((other) => Object.hasOwn(other.NetworkSettings?.Networks ?? {}, network))
    .map(listedName)
    .sort()

export const sourceWarnings = (facts: SourceFacts): Finding[] => {
  const { container, networks, listed: all, image } = facts
  const { Config, HostConfig, State } = container
  const warn = (when: boolean, code: string, message: string): Finding[] => (when ? [{ code, message }] : [])
  const names = Object.keys(networks)
  const leftBehind = names
    .filter((name) => !isDockersOwnNetwork(name))
    .flatMap((name) => {
      const neighbours = neighboursOn(name, container, all)
      return warn(
        neighbours.length > 0,
        'neighbours-left-behind',
        `${listed(neighbours)} on the network ${name} of this host will no longer find this container by its name, nor it them.`,
      )
    })
  const ephemeral = publishedPorts(Config, HostConfig).filter((port) => port.hostPort === 0)
  const memory = facts.volumes.filter((volume) => kindOf(volume).kind === 'memory')
  const tmpfs = [...tmpfsOf(container), ...memory.map(({ Name }) => Name)]
  const devices = (HostConfig.Devices ?? []).map((device) => device.PathOnHost)
  const security = (HostConfig.SecurityOpt ?? []).filter((option) => /^(apparmor|label)[=:]/.test(option))
  const log = HostConfig.LogConfig?.Type ?? ''
  const keepsLogsHere = ['json-file', 'local', 'journald'].includes(log) && !State.StartedAt.startsWith('0001-')
  const missing = facts.references.filter(({ use, found }) => use === 'depends-on' && found.length === 0)
  return [
    ...layerFindings(facts.layer, layerPolicy(facts.choices)).warnings,
    ...facts.volumes.flatMap(volumeWarnings),
    ...leftBehind,
    ...missing.flatMap(({ words }) =>
      warn(
        true,
        'dependency-not-here',
        `It depends on the service ${words} (Compose), of which there is no container on this host.`,
      ),
    ),
    ...warn(
      names.some((name) => name !== 'host' && name !== 'none'),
      'addresses-change',
      "Its addresses inside Docker's networks are given anew on the target.",
    ),
    ...warn(
      ephemeral.length > 0,
      'ephemeral-ports-change',
      `Ports that the engine chooses are chosen anew: container ports ${ephemeral.map((port) => `${port.containerPort}/${port.protocol}`).join(', ')}.`,
    ),
    ...warn(
      HostConfig.NetworkMode === 'host',
      'host-network',
      "It uses the host's network: which ports it needs on the target is not known and not checked.",
    ),
    ...warn(
      losesHostname(container),
      'hostname-changes',
      `Its host name is its id (${Config.Hostname}) and becomes that of the new id.`,
    ),
    ...warn(
      keepsLogsHere,
      'logs-stay',
      'What it has logged stays on this host; `docker logs` on the target starts empty.',
    ),
    ...warn(
      tmpfs.length > 0 && State.Running,
      'tmpfs-contents-lost',
      `What is in memory is lost, as in any stop: ${tmpfs.join(', ')}.`,
    ),
    ...warn(
      devices.length > 0 || (HostConfig.DeviceRequests ?? []).length > 0,
      'host-devices',
      `It uses devices of the host, which the target must have too: ${listed([...devices, ...(HostConfig.DeviceRequests ?? []).map(() => 'a device request (GPU)')])}.`,
    ),
    ...warn(
      security.length > 0,
      'security-profile',
      `It is run under ${listed(security)}: that profile must be on the target too.`,
    ),
    ...warn(
      image !== null &&
        !(image.RepoTags ?? []).includes(withTag(Config.Image)) &&
        !(image.RepoDigests ?? []).includes(Config.Image) &&
        !Config.Image.startsWith('sha256:'),
      'image-name-moved',
      `The name ${Config.Image} stands for another image by now, or for none; the container is made from the image that it has.`,
    ),
  ]
}
