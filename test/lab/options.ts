// What may be asked of a host, and what is meant where nothing is said.
import type { DiskOptions } from './disk.ts'
import type { EngineOptions } from './engine.ts'
import type { EngineInstall, EngineKind } from './install.ts'

export type HostOptions = Partial<EngineOptions> & {
  // Default: host-1, host-2, …
  readonly name?: string
  // Default: current.
  readonly engine?: EngineKind
  // Default: true, where the lab has agents.
  readonly agent?: boolean
  // Default: the engine's data is on the machine's own disk.
  readonly disk?: DiskOptions
  // /srv is the host's own, for its engine and its agent; all else of the machine's files the hosts of a lab have in common.
  // Its agent lets what is in /srv/data and /srv/more be copied.
  readonly ownSrv?: boolean
}

export type HostPlan = EngineOptions & {
  readonly name: string
  readonly engine: EngineKind
  readonly install: EngineInstall
  readonly agent: boolean
  readonly disk: DiskOptions | undefined
  readonly ownSrv: boolean
}

type Install = (kinds: readonly EngineKind[]) => Promise<ReadonlyMap<EngineKind, EngineInstall>>

const namePattern = /^[a-z][a-z0-9-]{0,20}$/

const faultsOf = (hosts: readonly (HostOptions & { name: string })[]): readonly string[] => {
  const names = hosts.map((host) => host.name)
  return [
    ...(hosts.length < 1 || hosts.length > 40 ? [`a lab has 1 to 40 hosts, not ${hosts.length}`] : []),
    ...names.filter((name) => !namePattern.test(name)).map((name) => `"${name}" is no host name (${namePattern})`),
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `two hosts are called ${name}`),
    ...hosts
      .filter((host) => host.engine === 'legacy' && host.imageStore === 'containerd')
      .map((host) => `${host.name}: the legacy engine has no containerd image store`),
  ]
}

export const planHosts = async (asked: number | readonly HostOptions[], install: Install): Promise<HostPlan[]> => {
  const list = typeof asked === 'number' ? Array.from({ length: asked }, (): HostOptions => ({})) : asked
  const hosts = list.map((host, index) => ({ ...host, name: host.name ?? `host-${index + 1}` }))
  const faults = faultsOf(hosts)
  if (faults.length > 0) throw new Error(`This lab cannot be built: ${faults.join('; ')}.`)
  const installed = await install([...new Set(hosts.map((host) => host.engine ?? 'current'))])
  return hosts.map((host) => {
    const kind = host.engine ?? 'current'
    const engine = installed.get(kind)
    if (engine === undefined) throw new Error(`The ${kind} engine was not installed.`)
    return {
      name: host.name,
      engine: kind,
      install: engine,
      imageStore: host.imageStore ?? 'graphdriver',
      usernsRemap: host.usernsRemap ?? false,
      liveRestore: host.liveRestore ?? false,
      plugins: host.plugins ?? false,
      agent: host.agent ?? true,
      disk: host.disk,
      ownSrv: host.ownSrv ?? false,
    }
  })
}
