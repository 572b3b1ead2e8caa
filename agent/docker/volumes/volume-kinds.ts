// What a volume is, by its driver and its options, and what becomes of it. Pure.
//
// The local driver mounts what its options say (`type`, `o`, `device`, as mount(8) takes them) when the first container starts that
// uses the volume: docs.docker.com/reference/cli/docker/volume/create, "Driver-specific options".
import type { ErrorCode, Finding } from '../../../shared/errors.ts'
import { isPlainVolume } from '../../../shared/volumes/plain.ts'
import type { InspectedContainer, InspectedVolume, Mount, StringMap } from '../api/answers.ts'

export type VolumeKind =
  // Copied.
  | { readonly kind: 'plain' }
  // Made again with the same options; the data is where it was.
  | { readonly kind: 'network'; readonly type: string; readonly from: string }
  | { readonly kind: 'plugin'; readonly driver: string }
  // Made again, and empty, as after any stop.
  | { readonly kind: 'memory' }
  // A view of a directory of its host.
  | { readonly kind: 'bind'; readonly source: string }
  | { readonly kind: 'unknown' }

const networkTypes = /^(nfs4?|cifs|smb3?|9p|ceph|glusterfs|fuse\.sshfs)$/

const mountOptions = (o: string): readonly string[] => o.split(',').filter(Boolean)

export const kindOf = ({ Driver, Options }: Pick<InspectedVolume, 'Driver' | 'Options'>): VolumeKind => {
  if (isPlainVolume({ driver: Driver, options: Options ?? {} })) return { kind: 'plain' }
  if (Driver !== 'local') return { kind: 'plugin', driver: Driver }
  const { type = '', o = '', device = '' } = Options ?? {}
  // Whatever its type is: of a mount with that flag it is ignored (mount(2), MS_BIND).
  if (mountOptions(o).some((option) => option === 'bind' || option === 'rbind')) {
    return device.startsWith('/') ? { kind: 'bind', source: device } : { kind: 'unknown' }
  }
  if (networkTypes.test(type)) {
    const address = mountOptions(o).find((option) => option.startsWith('addr='))
    return {
      kind: 'network',
      type,
      from: address === undefined ? device : `${address.slice('addr='.length)} ${device}`,
    }
  }
  return type === 'tmpfs' ? { kind: 'memory' } : { kind: 'unknown' }
}

const obstacle = (code: ErrorCode, message: string): Finding => ({ code, message })

// Of one that is not a view of a directory of its host: of those, the policy for binds decides.
export const volumeObstacles = (volume: InspectedVolume, at: string): Finding[] => {
  const { Name, Options, Scope } = volume
  const found = kindOf(volume)
  if (found.kind === 'unknown') {
    const options = Object.entries(Options ?? {}).map(([name, value]) => `${name}=${value}`)
    return [
      obstacle(
        'DRAYAGE_VOLUME_OPTIONS',
        `The volume ${Name} (${at}) was made with options (${options.join(', ')}) that name something of this host: it cannot be ` +
          'made again elsewhere. Put that data in a volume without options.',
      ),
    ]
  }
  if (found.kind === 'plugin' && Scope !== 'global') {
    return [
      obstacle(
        'DRAYAGE_VOLUME_DRIVER',
        `The volume ${Name} (${at}) is of the driver ${found.driver}, which says that its volumes are this host's own (scope ` +
          `${Scope}): made again on the target, it would be another, and empty. Put that data in a volume of the driver local.`,
      ),
    ]
  }
  return []
}

export const volumeWarnings = (volume: InspectedVolume): Finding[] => {
  const found = kindOf(volume)
  if (found.kind === 'network') {
    const message = `The volume ${volume.Name} (${found.type}, ${found.from}) is made again with the same options, and nothing of it is copied. Whether the target reaches it is seen when it is mounted there.`
    return [{ code: 'network-volume', message }]
  }
  if (found.kind === 'plugin') {
    const message = `The volume ${volume.Name} of the driver ${found.driver} is made again by that driver, which has its data for all hosts (scope global). What is made for this move is not removed should it be put back: that could remove the data.`
    return [{ code: 'plugin-volume', message }]
  }
  return []
}

// How it is mounted, and what it is, in words: what the plan says beside its name.
export const traitsOf = (volume: InspectedVolume, container: InspectedContainer, isAnonymous: boolean): string[] => {
  const found = kindOf(volume)
  const mounts = container.Mounts.filter(({ Type, Name }) => Type === 'volume' && Name === volume.Name)
  const requests = mounts.map((mount) => requestOf(mount, container))
  const kinds: Readonly<Record<VolumeKind['kind'], readonly string[]>> = {
    plain: [],
    network: found.kind === 'network' ? [`${found.type} from ${found.from}`] : [],
    plugin: [`of the driver ${volume.Driver}`],
    memory: ['in memory'],
    bind: found.kind === 'bind' ? [`a view of ${found.source}`] : [],
    unknown: [],
  }
  return [
    ...(isAnonymous ? ['anonymous'] : []),
    ...(mounts.every(({ RW }) => !RW) ? ['read-only'] : []),
    ...(requests.some(({ noCopy }) => noCopy) ? ['nocopy'] : []),
    ...requests.flatMap(({ subpath }) => (subpath === '' ? [] : [`its part ${subpath} alone is mounted`])),
    ...kinds[found.kind],
    ...(mounts.length > 1
      ? [
          `also at ${mounts
            .slice(1)
            .map(({ Destination }) => Destination)
            .join(', ')}`,
        ]
      : []),
  ]
}

// As it was asked for: by --mount, or by --volume, where `nocopy` stands among the last part's options.
const requestOf = ({ Destination }: Mount, { HostConfig }: InspectedContainer) => {
  const asked = (HostConfig.Mounts ?? []).find(({ Target }) => Target === Destination)?.VolumeOptions
  const bind = (HostConfig.Binds ?? []).find((text) => text.split(':')[1] === Destination)
  return {
    noCopy: asked?.['NoCopy'] === true || (bind?.split(':')[2] ?? '').split(',').includes('nocopy'),
    subpath: asked?.Subpath ?? '',
  }
}

// Where file systems in memory are mounted that are no volumes.
export const tmpfsOf = ({ HostConfig, Mounts }: InspectedContainer): string[] => [
  ...new Set([
    ...Object.keys(HostConfig.Tmpfs ?? {}),
    ...Mounts.filter(({ Type }) => Type === 'tmpfs').map(({ Destination }) => Destination),
  ]),
]

const sameOptions = (one: StringMap, other: StringMap): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(other).every(([name, value]) => one[name] === value)

// The same volume, for a container that comes to use it: what its name stands for is elsewhere. Of a plugin whose volumes are
// those of all hosts, an engine lists also those that were made on another, without the options that they were made with (seen
// on 28.5).
export const isSameElsewhere = (
  { Driver, Options, Scope }: Pick<InspectedVolume, 'Driver' | 'Options' | 'Scope'>,
  { driver, options }: { readonly driver: string; readonly options: StringMap },
): boolean => {
  if (Driver !== driver || isPlainVolume({ driver, options })) return false
  const given = Options ?? {}
  if (driver === 'local') return sameOptions(given, options)
  return Scope === 'global' && (Object.keys(given).length === 0 || sameOptions(given, options))
}
