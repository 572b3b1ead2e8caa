// Every process of a lab lives in the lab's own cgroup. Membership is inherited and cannot be lost by forking, by a
// dying parent or by a reused pid, so that "every process of this lab, and no other" is a question the kernel answers:
// engines, their containerds and shims, the containers of an engine that was killed, agents, the coordinator.
import { readFileSync } from 'node:fs'
import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cgroupOf } from './places.ts'
import { eventually } from './wait.ts'

const root = '/sys/fs/cgroup'

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )

// On cgroup v1 each controller is a hierarchy of its own. The engine makes its containers' groups in all of them;
// `pids` is the one that this lab counts by.
const hierarchies = async (): Promise<readonly string[]> => {
  if (await exists(join(root, 'cgroup.controllers'))) return [root]
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  const directories = entries.filter((entry) => entry.isDirectory()).map((entry) => join(root, entry.name))
  return (
    await Promise.all(directories.map(async (path) => ((await exists(join(path, 'cgroup.procs'))) ? path : '')))
  ).filter((path) => path !== '')
}

const counting = async (): Promise<string> => {
  const found = await hierarchies()
  return found.find((path) => path === root || path.endsWith('/pids')) ?? found[0] ?? root
}

export const cgroupsMissing = async (): Promise<readonly string[]> => {
  if ((await hierarchies()).length > 0) return []
  return [`control groups are not mounted on ${root}; mount cgroup2 there, or the v1 controllers below it`]
}

// Returns the file to write a pid to. `leaf` is a path below the lab's group: on cgroup v2 a group that has groups in
// it holds no processes of its own.
export const makeCgroup = async (id: string, leaf: string): Promise<string> => {
  const path = join(await counting(), cgroupOf(id), leaf)
  await mkdir(path, { recursive: true })
  return join(path, 'cgroup.procs')
}

// Groups below `path`, deepest first, itself last.
const groupsUnder = async (path: string): Promise<readonly string[]> => {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => groupsUnder(join(path, entry.name))),
  )
  return [...below.flat(), path]
}

const processesIn = async (path: string): Promise<readonly number[]> => {
  const groups = await groupsUnder(path)
  const lists = await Promise.all(groups.map((group) => readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '')))
  return lists.flatMap((list) => list.split('\n').filter(Boolean).map(Number))
}

// Pids of everything that runs in this lab, or in one part of it.
export const processesOf = async (id: string, part = ''): Promise<readonly number[]> =>
  processesIn(join(await counting(), cgroupOf(id), part))

// `docker pause` freezes a container's processes, and on cgroup v1 SIGKILL waits until they thaw.
const thaw = async (path: string) => {
  for (const group of await groupsUnder(path)) {
    await writeFile(join(group, 'freezer.state'), 'THAWED').catch(() => {})
    await writeFile(join(group, 'cgroup.freeze'), '0').catch(() => {})
  }
}

// part: a host's name, for all that runs on that host.
export const killEverything = async (id: string, part = ''): Promise<void> => {
  const paths = (await hierarchies()).map((hierarchy) => join(hierarchy, cgroupOf(id), part))
  await eventually(`the processes of lab ${id} to end`, 30_000, async () => {
    const pids = (await Promise.all(paths.map(processesIn))).flat()
    if (pids.length === 0) return true
    for (const pid of new Set(pids)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended between the listing and now.
      }
    }
    await Promise.all(paths.map(thaw))
    return false
  })
}

// Only once nothing runs in them.
export const removeCgroups = async (id: string): Promise<void> => {
  for (const hierarchy of await hierarchies()) {
    for (const group of await groupsUnder(join(hierarchy, cgroupOf(id)))) await rmdir(group).catch(() => {})
  }
}

// A pid alone does not name a process for long: with its start time (field 22 of proc_pid_stat(5)) it does.
export type ProcessIdentity = { readonly pid: number; readonly startTime: string; readonly boot: string }

export const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()

// Undefined where the process has ended, whether or not its parent has taken note.
const startTimeOf = (pid: number): string | undefined => {
  try {
    // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

export const isRunning = (pid: number): boolean => startTimeOf(pid) !== undefined

export const identityOf = (pid: number): ProcessIdentity => ({
  pid,
  startTime: startTimeOf(pid) ?? '',
  boot: bootId(),
})

export const isAlive = (identity: ProcessIdentity): boolean =>
  identity.boot === bootId() && startTimeOf(identity.pid) === identity.startTime
