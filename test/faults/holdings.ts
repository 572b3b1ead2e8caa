// Everything that a host has that a migration could have left there or taken away, from outside of Drayage: what the
// engine lists, what lies beside the volumes' data, and what the agent has noted.
import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { engineApi } from '../lab/engine-api.ts'
import type { LabHost } from '../lab/lab.ts'

export type HeldContainer = {
  readonly id: string
  readonly hostname: string
  readonly running: boolean
  readonly restartPolicy: string
  readonly networks: readonly string[]
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
}

export type Holdings = {
  // By name.
  readonly containers: Readonly<Record<string, HeldContainer>>
  // By name; what lies in the volume's folder.
  readonly volumes: Readonly<Record<string, readonly string[]>>
  // Paths below its /srv.
  readonly directories: readonly string[]
  readonly networks: readonly string[]
  readonly images: readonly string[]
  // Migrations that the agent has a note of, and workloads whose rounds it keeps: but for a way back, of what has moved here
  // or away from here.
  readonly notes: readonly string[]
}

type Inspected = {
  readonly Id: string
  readonly Name: string
  readonly State: { readonly Running: boolean; readonly Restarting: boolean }
  readonly Config: { readonly Hostname: string }
  readonly HostConfig: {
    readonly RestartPolicy: { readonly Name: string }
    readonly PortBindings: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>> | null
  }
  readonly Mounts: readonly { readonly Name?: string; readonly Destination: string }[]
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> }
}

const heldContainer = (inspected: Inspected): HeldContainer => ({
  id: inspected.Id,
  hostname: inspected.Config.Hostname,
  running: inspected.State.Running || inspected.State.Restarting,
  restartPolicy: inspected.HostConfig.RestartPolicy.Name || 'no',
  networks: Object.keys(inspected.NetworkSettings.Networks).toSorted(),
  ports: Object.entries(inspected.HostConfig.PortBindings ?? {})
    .flatMap(([port, bindings]) => (bindings ?? []).map(({ HostPort }) => `${HostPort}->${port}`))
    .toSorted(),
  volumes: inspected.Mounts.map(({ Name = '', Destination }) => `${Name}:${Destination}`).toSorted(),
})

const workloadsIn = async (path: string): Promise<readonly string[]> => {
  const text = await readFile(path, 'utf8').catch(() => '{"content":[]}')
  const { content } = JSON.parse(text) as { readonly content: readonly { readonly workloadId: string }[] }
  return content.map(({ workloadId }) => workloadId)
}

// What an agent keeps of the rounds of a workload that it knows nothing else of.
export const roundsOf = 'rounds of '

const notesOf = async ({ agentDataDir }: LabHost): Promise<readonly string[]> => {
  const migrations = await readdir(join(agentDataDir, 'state/migrations')).catch(() => [])
  const rounds = await readdir(join(agentDataDir, 'rounds')).catch(() => [])
  const kept = await Promise.all(
    ['retired', 'arrived'].map((list) => workloadsIn(join(agentDataDir, `state/${list}.json`))),
  )
  return [
    ...migrations.filter((file) => file.endsWith('.json')).map((file) => basename(file, '.json')),
    ...rounds.filter((workload) => !kept.flat().includes(workload)).map((workload) => `${roundsOf}${workload}`),
  ].toSorted()
}

// Where the machine has what the host has as /srv.
export const srvOf = ({ name, srv }: LabHost): string => {
  if (srv === undefined) throw new Error(`${name} has no /srv of its own.`)
  return srv
}

export const holdingsOf = async (host: LabHost): Promise<Holdings> => {
  const ask = engineApi(host)
  const [containers, volumes, directories, networks, images, notes] = await Promise.all([
    ask<{ Id: string }[]>('GET', '/containers/json?all=1').then((list) =>
      Promise.all(list.map(({ Id }) => ask<Inspected>('GET', `/containers/${Id}/json`))),
    ),
    ask<{ Volumes: { Name: string; Mountpoint: string }[] | null }>('GET', '/volumes'),
    readdir(srvOf(host), { recursive: true }),
    ask<{ Name: string }[]>('GET', '/networks'),
    ask<{ Id: string; RepoTags: string[] | null }[]>('GET', '/images/json?all=1'),
    notesOf(host),
  ])
  const inVolume = async (mountpoint: string) => (await readdir(join(mountpoint, '..')).catch(() => [])).toSorted()
  return {
    containers: Object.fromEntries(containers.map((found) => [found.Name.slice(1), heldContainer(found)])),
    volumes: Object.fromEntries(
      await Promise.all((volumes.Volumes ?? []).map(async (found) => [found.Name, await inVolume(found.Mountpoint)])),
    ),
    directories: directories.toSorted(),
    networks: networks.map(({ Name }) => Name).toSorted(),
    images: images.map(({ Id, RepoTags }) => (RepoTags ?? []).join(' ') || Id).toSorted(),
    notes,
  }
}

// Takes away everything but what an engine has of itself.
export const emptyHost = async (host: LabHost, keepImages: boolean): Promise<void> => {
  const ask = engineApi(host)
  const containers = await ask<{ Id: string }[]>('GET', '/containers/json?all=1')
  for (const { Id } of containers) await ask('DELETE', `/containers/${Id}?force=1&v=1`)
  const { Volumes } = await ask<{ Volumes: { Name: string }[] | null }>('GET', '/volumes')
  for (const { Name } of Volumes ?? []) await ask('DELETE', `/volumes/${Name}?force=1`)
  const networks = await ask<{ Name: string }[]>('GET', '/networks')
  for (const { Name } of networks) {
    if (!['bridge', 'host', 'none'].includes(Name)) await ask('DELETE', `/networks/${Name}`)
  }
  for (const entry of await readdir(srvOf(host))) await rm(join(srvOf(host), entry), { recursive: true })
  if (keepImages) return
  for (const { Id } of await ask<{ Id: string }[]>('GET', '/images/json')) await ask('DELETE', `/images/${Id}?force=1`)
}
