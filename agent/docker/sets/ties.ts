// What ties containers of one engine to one another: pure, from what the engine says of them.
import type { ComposeService__Output } from '../../../shared/rpc/generated/drayage/v1/ComposeService.ts'
import type { InspectedContainer } from '../api/answers.ts'
import { nameOf } from '../api/containers.ts'

// Of one container that uses another.
export type Use = 'volumes-from' | 'network-namespace' | 'pid-namespace' | 'ipc-namespace' | 'link' | 'depends-on'

// By their ids. Whoever mounts a volume is tied to all others who do.
export type Tie =
  | { readonly kind: 'shared-volume'; readonly volume: string; readonly members: readonly string[] }
  | { readonly kind: Use; readonly members: readonly [user: string, used: string] }

// found: who is meant; none where nobody is there any more, the container itself where its own name was another's before.
export type Reference = { readonly use: Use; readonly words: string; readonly found: readonly string[] }

// As the engine finds one: by its id, its name, or the beginning of its id (moby daemon/container.go, GetContainer).
type Find = (reference: string) => string | null

const finderOf = (containers: readonly InspectedContainer[]): Find => {
  const ids = new Set(containers.map(({ Id }) => Id))
  const names = new Map(containers.map((container) => [nameOf(container), container.Id]))
  return (reference) => {
    const name = reference.replace(/^\//, '')
    if (name === '') return null
    if (ids.has(name)) return name
    return names.get(name) ?? containers.find(({ Id }) => Id.startsWith(name))?.Id ?? null
  }
}

const joined = (mode: string | undefined): readonly string[] =>
  mode?.startsWith('container:') ? [mode.slice('container:'.length)] : []

// Whose network, process ids or IPC it has.
export const joinedBy = ({ HostConfig }: InspectedContainer): readonly string[] => [
  ...new Set([HostConfig.NetworkMode, HostConfig.PidMode, HostConfig.IpcMode].flatMap(joined)),
]

const beforeColon = (text: string): string => text.split(':')[0] ?? ''

const namedBy = ({ HostConfig, NetworkSettings }: InspectedContainer): readonly (readonly [Use, string])[] => {
  const endpoints = Object.values(NetworkSettings.Networks ?? {})
  // HostConfig.Links: /other:/this/alias; of an endpoint: other:alias. Of --volumes-from: other, or other:ro.
  const links = [...(HostConfig.Links ?? []), ...endpoints.flatMap((endpoint) => endpoint.Links ?? [])]
  return [
    ...(HostConfig.VolumesFrom ?? []).map((from) => ['volumes-from', beforeColon(from)] as const),
    ...joined(HostConfig.NetworkMode).map((other) => ['network-namespace', other] as const),
    ...joined(HostConfig.PidMode).map((other) => ['pid-namespace', other] as const),
    ...joined(HostConfig.IpcMode).map((other) => ['ipc-namespace', other] as const),
    ...links.map((link) => ['link', beforeColon(link).replace(/^\//, '')] as const),
  ]
}

const composeLabel = ({ Config }: InspectedContainer, name: string): string =>
  Config.Labels?.[`com.docker.compose.${name}`] ?? ''

const serviceKey = (project: string, service: string) => JSON.stringify([project, service])

// Compose 2 writes service:condition:restart, several of them with commas between (pkg/api/labels.go,
// DependenciesLabel).
const dependenciesOf = (container: InspectedContainer): readonly string[] =>
  composeLabel(container, 'depends_on').split(',').map(beforeColon).filter(Boolean)

// null: of no service, or what `docker compose run` has left, which is no replica of its service.
export const serviceOf = (container: InspectedContainer): ComposeService__Output | null => {
  const [project, name] = [composeLabel(container, 'project'), composeLabel(container, 'service')]
  if (project === '' || name === '' || !isReplica(container)) return null
  const number = composeLabel(container, 'container-number')
  return { project, name, number, dependsOn: [...dependenciesOf(container)] }
}

const isReplica = (container: InspectedContainer): boolean => composeLabel(container, 'oneoff') !== 'True'

export const referencesIn = (
  containers: readonly InspectedContainer[],
): ((container: InspectedContainer) => readonly Reference[]) => {
  const find = finderOf(containers)
  const services = Map.groupBy(containers.filter(isReplica), (container) =>
    serviceKey(composeLabel(container, 'project'), composeLabel(container, 'service')),
  )
  return (container) => {
    const project = composeLabel(container, 'project')
    const named = namedBy(container).map(([use, words]): Reference => {
      const found = find(words)
      return { use, words, found: found === null ? [] : [found] }
    })
    const dependencies = dependenciesOf(container).map((service): Reference => {
      const found = services.get(serviceKey(project, service)) ?? []
      return { use: 'depends-on', words: service, found: found.map(({ Id }) => Id) }
    })
    return [...named, ...dependencies]
  }
}

export const tiesOf = (containers: readonly InspectedContainer[]): readonly Tie[] => {
  const referencesOf = referencesIn(containers)
  const uses = containers.flatMap((container) =>
    referencesOf(container).flatMap(({ use, found }) =>
      found
        .filter((other) => other !== container.Id)
        .map((other): Tie => ({ kind: use, members: [container.Id, other] })),
    ),
  )
  const mounts = containers.flatMap(({ Id, Mounts }) => {
    const volumes = Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name !== undefined ? [Name] : []))
    return [...new Set(volumes)].map((volume) => ({ volume, id: Id }))
  })
  const shared = [...Map.groupBy(mounts, ({ volume }) => volume)]
    .filter(([, users]) => users.length > 1)
    .map(([volume, users]): Tie => ({ kind: 'shared-volume', volume, members: users.map(({ id }) => id) }))
  return [...shared, ...uses]
}
