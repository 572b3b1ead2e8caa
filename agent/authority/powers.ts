// What of its host a container is given by the way it was made, and by volumes that are views of its host. Pure, from the
// description that it will be created from.
import { posix } from 'node:path'
import { type HostPower, orderedPowers } from '../../shared/api/host-powers.ts'
import type { WorkloadVolume__Output } from '../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import type { ContainerSpec } from '../docker/on-target/container-spec.ts'
import { kindOf } from '../docker/volumes/volume-kinds.ts'

export type HeldPower = { readonly power: HostPower; readonly by: readonly string[] }

// What Docker gives every container (moby/profiles/… caps.DefaultCapabilities): asked for by name, it is no more.
const usualCapabilities = new Set(
  (
    'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL ' +
    'AUDIT_WRITE'
  ).split(' '),
)

const capability = (name: string) => name.toUpperCase().replace(/^CAP_/, '')

// Where engines and their runtimes listen. A directory above one of them reaches it as well.
const socketPaths = [
  '/var/run/docker.sock',
  '/run/docker.sock',
  '/var/run/docker/containerd/containerd.sock',
  '/run/docker/containerd/containerd.sock',
  '/run/containerd/containerd.sock',
  '/var/run/containerd/containerd.sock',
  '/run/podman/podman.sock',
]

export const reachesSocket = (source: string): boolean => {
  const path = posix.resolve('/', source)
  if (/\/(docker|containerd|podman)[^/]*\.sock$/.test(path)) return true
  return socketPaths.some((socket) => path === '/' || socket === path || socket.startsWith(`${path}/`))
}

const bindSources = ({ hostConfig }: ContainerSpec): string[] =>
  [
    ...(hostConfig.Binds ?? []).flatMap((bind) => bind.split(':').slice(0, 1)),
    ...(hostConfig.Mounts ?? []).flatMap(({ Type, Source = '' }) => (Type === 'bind' ? [Source] : [])),
  ].filter((source) => source.startsWith('/'))

type Volume = Pick<WorkloadVolume__Output, 'name' | 'driver' | 'options'>

// A mount may say itself how the engine is to make the volume that it names.
const volumesSaidIn = ({ hostConfig }: ContainerSpec): Volume[] =>
  (hostConfig.Mounts ?? []).flatMap(({ Type, Source, VolumeOptions }) => {
    if (Type !== 'volume' || !VolumeOptions?.DriverConfig) return []
    const { Name, Options } = VolumeOptions.DriverConfig
    return [{ name: Source ?? '', driver: Name || 'local', options: { ...Options } }]
  })

const volumeSources = (volumes: readonly Volume[]): { readonly source: string; readonly by: string }[] =>
  volumes.flatMap(({ name, driver, options }) => {
    const found = kindOf({ Driver: driver, Options: options })
    return found.kind === 'bind' ? [{ source: found.source, by: `the volume ${name} of ${found.source}` }] : []
  })

// Paths of its host that it mounts, and how each is said.
export const hostSources = (spec: ContainerSpec, volumes: readonly Volume[]) => [
  ...bindSources(spec).map((source) => ({ source, by: source })),
  ...volumeSources([...volumes, ...volumesSaidIn(spec)]),
]

const socketsOf = (spec: ContainerSpec, volumes: readonly Volume[]): string[] => {
  const sources = hostSources(spec, volumes).filter(({ source }) => reachesSocket(source))
  return [...new Set(sources.map(({ by }) => by))]
}

const unconfinedBy = ({ hostConfig }: ContainerSpec): string[] => [
  ...(hostConfig.SecurityOpt ?? []).filter((option) =>
    /^(seccomp|apparmor|systempaths)[=:]unconfined$|^label[=:]disable$/.test(option),
  ),
  // `--security-opt systempaths=unconfined` is kept as two empty lists; what is not said is Docker's own list.
  ...(['MaskedPaths', 'ReadonlyPaths'] as const)
    .filter((list) => Array.isArray(hostConfig[list]) && hostConfig[list].length === 0)
    .map((list) => `no ${list}`),
]

// The cgroup namespace is not counted: on cgroup v1 every container has the host's.
const namespacesOf = ({ hostConfig }: ContainerSpec): string[] =>
  (
    [
      ['--network', hostConfig.NetworkMode],
      ['--pid', hostConfig.PidMode],
      ['--ipc', hostConfig.IpcMode],
      ['--uts', hostConfig.UTSMode],
      ['--userns', hostConfig.UsernsMode],
    ] as const
  ).flatMap(([flag, mode]) => (mode === 'host' ? [`${flag} host`] : []))

const devicesOf = ({ hostConfig }: ContainerSpec): string[] => [
  ...(hostConfig.Devices ?? []).map(({ PathOnHost }) => `--device ${PathOnHost}`),
  ...(hostConfig.DeviceRequests ?? []).map(() => 'a device request (GPU)'),
  ...(hostConfig.DeviceCgroupRules ?? []).map((rule) => `--device-cgroup-rule '${rule}'`),
]

// What `--privileged` gives already.
const impliedByPrivileged: readonly HostPower[] = ['devices', 'capabilities', 'unconfined']

// volumes: those that it mounts, as they are made for it.
export const powersOf = (spec: ContainerSpec, volumes: readonly Volume[]): HeldPower[] => {
  const { Privileged, CapAdd } = spec.hostConfig
  const by: Readonly<Record<HostPower, readonly string[]>> = {
    privileged: Privileged ? ['--privileged'] : [],
    'host-namespaces': namespacesOf(spec),
    'docker-socket': socketsOf(spec, volumes),
    devices: devicesOf(spec),
    capabilities: (CapAdd ?? [])
      .filter((name) => !usualCapabilities.has(capability(name)))
      .map((name) => `--cap-add ${name}`),
    unconfined: unconfinedBy(spec),
  }
  return orderedPowers(Object.keys(by) as HostPower[])
    .map((power) => ({ power, by: by[power] }))
    .filter(({ power, by: held }) => held.length > 0 && !(Privileged && impliedByPrivileged.includes(power)))
}
