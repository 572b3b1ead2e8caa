// The parts of the Docker Engine API's answers that are read here, as engines from 20.10 (API 1.41) to 28.5 (1.51)
// give them. What is only carried from one engine to another stays unnamed: a field that is unknown here is kept.
import type { RestartPolicy } from './container-state.ts'

export type Json = Readonly<Record<string, unknown>>
export type StringMap = Readonly<Record<string, string>>

export type Mount = {
  readonly Type: string
  // The volume's name.
  readonly Name?: string
  readonly Source?: string
  readonly Destination: string
  readonly Driver?: string
  readonly RW: boolean
}

// HostConfig.Mounts: as asked for, not as made.
export type MountRequest = Json & {
  readonly Type: string
  readonly Source?: string
  readonly Target: string
  readonly VolumeOptions?:
    | (Json & {
        readonly Subpath?: string
        readonly DriverConfig?: { readonly Name?: string; readonly Options?: StringMap | null } | null
      })
    | null
}

export type PortBinding = { readonly HostIp?: string; readonly HostPort?: string }

export type HostConfig = Json & {
  readonly Binds?: readonly string[] | null
  readonly Mounts?: readonly MountRequest[] | null
  readonly NetworkMode: string
  readonly PortBindings?: Readonly<Record<string, readonly PortBinding[] | null>> | null
  readonly PublishAllPorts?: boolean
  readonly RestartPolicy?: RestartPolicy
  readonly AutoRemove?: boolean
  readonly VolumesFrom?: readonly string[] | null
  readonly Links?: readonly string[] | null
  readonly IpcMode?: string
  readonly PidMode?: string
  readonly UTSMode?: string
  readonly UsernsMode?: string
  readonly Runtime?: string
  readonly Devices?: readonly { readonly PathOnHost: string }[] | null
  readonly DeviceRequests?: readonly Json[] | null
  readonly DeviceCgroupRules?: readonly string[] | null
  readonly Privileged?: boolean
  readonly CapAdd?: readonly string[] | null
  readonly MaskedPaths?: readonly string[] | null
  readonly ReadonlyPaths?: readonly string[] | null
  readonly SecurityOpt?: readonly string[] | null
  readonly LogConfig?: { readonly Type: string }
  readonly Tmpfs?: StringMap | null
  readonly NanoCpus?: number
  readonly Memory?: number
  readonly CpusetCpus?: string
}

export type Healthcheck = Json & { readonly Test?: readonly string[] | null; readonly StartInterval?: number }

export type ContainerConfig = Json & {
  readonly Hostname?: string
  readonly Image: string
  readonly Cmd?: readonly string[] | null
  readonly Entrypoint?: readonly string[] | null
  readonly Env?: readonly string[] | null
  readonly ExposedPorts?: Readonly<Record<string, Json>> | null
  readonly Healthcheck?: Healthcheck | null
  readonly Labels?: StringMap | null
  readonly MacAddress?: string
  readonly StopTimeout?: number | null
  readonly Volumes?: Readonly<Record<string, Json>> | null
  readonly WorkingDir?: string
}

export type Endpoint = {
  readonly IPAMConfig?: (Json & { readonly IPv4Address?: string; readonly IPv6Address?: string }) | null
  readonly Aliases?: readonly string[] | null
  readonly Links?: readonly string[] | null
  readonly DriverOpts?: StringMap | null
  readonly GwPriority?: number
  readonly NetworkID?: string
}

export type InspectedContainer = {
  readonly Id: string
  readonly Name: string
  readonly Created: string
  // The image's id; Config.Image is the name that it was asked for by.
  readonly Image: string
  readonly RestartCount?: number
  readonly State: {
    readonly Status: string
    readonly Running: boolean
    readonly Paused: boolean
    readonly Restarting: boolean
    readonly OOMKilled: boolean
    readonly ExitCode: number
    readonly Error: string
    readonly StartedAt: string
    readonly FinishedAt: string
    readonly Health?: {
      readonly Status: string
      readonly Log?: readonly { readonly Output?: string; readonly ExitCode?: number }[] | null
    } | null
  }
  readonly Mounts: readonly Mount[]
  readonly Config: ContainerConfig
  readonly HostConfig: HostConfig
  readonly NetworkSettings: { readonly Networks?: Readonly<Record<string, Endpoint>> | null }
}

export type ListedContainer = {
  readonly Id: string
  readonly Names: readonly string[] | null
  readonly Image: string
  readonly ImageID: string
  // Seconds since 1970.
  readonly Created: number
  readonly State: string
  readonly Labels: StringMap | null
  readonly Mounts: readonly Mount[] | null
  readonly NetworkSettings?: { readonly Networks?: Readonly<Record<string, Endpoint>> | null } | null
}

export type InspectedVolume = {
  readonly Name: string
  readonly Driver: string
  readonly Mountpoint: string
  readonly CreatedAt?: string
  readonly Labels: StringMap | null
  readonly Options: StringMap | null
  readonly Scope: string
}

export type IpamPool = {
  readonly Subnet?: string
  readonly IPRange?: string
  readonly Gateway?: string
  readonly AuxiliaryAddresses?: StringMap | null
}

export type InspectedNetwork = {
  readonly Name: string
  readonly Id: string
  readonly Scope: string
  readonly Driver: string
  readonly EnableIPv4?: boolean
  readonly EnableIPv6?: boolean
  readonly Internal: boolean
  readonly Attachable: boolean
  readonly Ingress: boolean
  readonly ConfigOnly?: boolean
  readonly ConfigFrom?: { readonly Network?: string } | null
  readonly IPAM: {
    readonly Driver: string
    readonly Options?: StringMap | null
    readonly Config?: readonly IpamPool[] | null
  }
  readonly Options: StringMap | null
  readonly Labels: StringMap | null
}

export type InspectedImage = {
  readonly Id: string
  readonly RepoTags: readonly string[] | null
  readonly RepoDigests?: readonly string[] | null
  readonly Architecture: string
  readonly Os: string
  readonly Size: number
  readonly RootFS: { readonly Layers?: readonly string[] | null }
  readonly Config: Json | null
}

export type EngineInfo = {
  readonly ID: string
  readonly Driver: string
  readonly DriverStatus: readonly (readonly [string, string])[] | null
  readonly DockerRootDir: string
  readonly SecurityOptions: readonly string[] | null
  readonly Swarm?: { readonly LocalNodeState?: string } | null
  readonly Runtimes?: Readonly<Record<string, unknown>> | null
  readonly DefaultRuntime?: string
  readonly DefaultAddressPools?: readonly { readonly Base: string; readonly Size: number }[] | null
  readonly Plugins?: { readonly Log?: readonly string[] | null; readonly Volume?: readonly string[] | null } | null
  readonly NCPU: number
  readonly MemTotal: number
  // RFC 3339, of the engine's clock.
  readonly SystemTime: string
}

export type EngineVersion = {
  readonly Version: string
  readonly ApiVersion: string
  readonly Os: string
  readonly Arch: string
}
