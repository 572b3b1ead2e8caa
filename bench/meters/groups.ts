// The processes of each host by what they are, as control groups: the lab's own (engine, agent, containers), and one more
// for what this benchmark runs there. What a group has used includes those of its processes that have ended.
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCgroup } from '../../test/lab/cgroups.ts'
import type { LabHost } from '../../test/lab/lab.ts'
import { inNetns } from '../../test/lab/network.ts'
import { cgroupOf } from '../../test/lab/places.ts'

// `peer`: what people use now, where it is not the engine.
export type Part = 'agent' | 'engine' | 'peer'

export type HostGroups = {
  readonly host: LabHost
  // A command that runs the other in the host's network, counted as its peer.
  readonly command: (command: readonly string[]) => readonly string[]
  readonly pids: (part: Part) => Promise<readonly number[]>
  // Of everything on the host since it was started, or since this was opened.
  readonly cpuSeconds: () => Promise<number>
  // Processes that were started anew since: an agent after a restart.
  readonly adopt: () => Promise<void>
}

const root = '/sys/fs/cgroup'
const unified = existsSync(join(root, 'cgroup.controllers'))
// cgroup v1 counts time in a hierarchy of its own, where the lab's processes are not; containers are, since engines put
// them into all.
const accounting = join(root, 'cpuacct')

const pidsIn = async (procs: string): Promise<readonly number[]> =>
  (await readFile(procs, 'utf8')).split('\n').filter(Boolean).map(Number)

export const openGroups = async (labId: string, host: LabHost): Promise<HostGroups> => {
  const whole = join(cgroupOf(labId), host.name)
  const part = async (name: Part) => {
    const procs = await makeCgroup(labId, `${host.name}/${name}`)
    if (unified) return { procs, counted: procs }
    const group = join(accounting, whole, name)
    await mkdir(group, { recursive: true })
    return { procs, counted: join(group, 'cgroup.procs') }
  }
  const parts = { agent: await part('agent'), engine: await part('engine'), peer: await part('peer') }

  const adopt = async () => {
    if (unified) return
    for (const { procs, counted } of Object.values(parts)) {
      for (const pid of await pidsIn(procs)) {
        // One that has ended meanwhile has nothing left to count.
        await writeFile(counted, String(pid)).catch(() => {})
      }
    }
  }
  await adopt()

  const { procs, counted } = parts.peer
  const enter = 'echo 0 > "$0" && echo 0 > "$1" && shift && exec "$@"'
  return {
    host,
    command: (command) => ['sh', '-c', enter, procs, counted, ...inNetns(host.netns, command)],
    pids: (name) => pidsIn(parts[name].procs),
    cpuSeconds: async () => {
      if (!unified) return Number(await readFile(join(accounting, whole, 'cpuacct.usage'), 'utf8')) / 1e9
      const stat = await readFile(join(root, whole, 'cpu.stat'), 'utf8')
      return Number(/^usage_usec (\d+)$/m.exec(stat)?.[1]) / 1e6
    },
    adopt,
  }
}
