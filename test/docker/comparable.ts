// What of `docker inspect` must be the same after a move, in a form in which it can be compared between engines: their
// generations say "nothing" in different words (null, '', 0, [], {}, or no field at all).
import type { InspectedContainer, Json } from '../../agent/docker/api/answers.ts'
import { withoutOurs } from '../../agent/docker/api/labels.ts'

const isNothing = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || value === 0 || value === false || isEmpty(value)
const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0

const meant = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(meant)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => !isNothing(item))
      .map(([key, item]) => [key, meant(item)])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  )
}

// How a mount was asked for may differ (a nameless volume is asked for by its name on the target); what was mounted
// may not, and is compared as such.
const hostConfigOf = ({ HostConfig }: InspectedContainer): Json => {
  const { Mounts, KernelMemory, KernelMemoryTCP, ConsoleSize, ...rest } = HostConfig
  return {
    ...rest,
    NetworkMode: rest.NetworkMode === 'default' ? 'bridge' : rest.NetworkMode,
    Mounts: (Mounts ?? []).filter((mount) => mount.Type !== 'volume'),
  }
}

const configOf = ({ Config, Id }: InspectedContainer): Json => {
  const { Hostname, Labels, ...rest } = Config
  return {
    ...rest,
    Labels: withoutOurs(Labels),
    // A name that Docker made of the id is expected to be that of the new id.
    Hostname: Hostname === Id.slice(0, 12) ? '(the id)' : Hostname,
    // A set: its members have no value.
    ExposedPorts: Object.keys(Config.ExposedPorts ?? {}).sort(),
    Volumes: Object.keys(Config.Volumes ?? {}).sort(),
  }
}

// Engines before 25 put the id and the host name among the aliases, later ones beside them.
const networksOf = ({ NetworkSettings, Id, Config }: InspectedContainer): Json =>
  Object.fromEntries(
    Object.entries(NetworkSettings.Networks ?? {}).map(([name, endpoint]) => [
      name,
      {
        on: true,
        IPAMConfig: endpoint.IPAMConfig,
        Aliases: (endpoint.Aliases ?? []).filter((alias) => alias !== Id.slice(0, 12) && alias !== Config.Hostname),
        DriverOpts: endpoint.DriverOpts,
      },
    ]),
  )

export const comparable = (container: InspectedContainer) =>
  meant({
    Name: container.Name,
    Config: configOf(container),
    HostConfig: hostConfigOf(container),
    Networks: networksOf(container),
    Mounts: container.Mounts.map(({ Type, Name, Destination, RW }) => ({ Type, Name, Destination, RW })).sort((a, b) =>
      a.Destination < b.Destination ? -1 : 1,
    ),
  })
