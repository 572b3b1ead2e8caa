// Takes a lab down, from whatever state it is in. Idempotent, safe to run twice at the same time, and bounded by the
// lab's id: its cgroup, its namespaces, what is mounted below its folder, its folder.
//
// As a program, `node reaper.ts ID`: what a lab's guard runs when the lab's owner has died.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { killEverything, processesOf, removeCgroups } from './cgroups.ts'
import { runQuietly } from './command.ts'
import { namespacesOf, removeNetwork } from './network.ts'
import { labDir } from './places.ts'
import { isAbandoned, listRecords, removeRecord } from './record.ts'
import { eventually } from './wait.ts'

// proc_pid_mountinfo(5): the fifth field, with blanks and backslashes in octal.
export const mountPoints = (mountinfo: string): readonly string[] =>
  mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path !== '')
    .map((path) => path.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))))

export const mountsUnder = async (dir: string): Promise<readonly string[]> =>
  mountPoints(await readFile('/proc/self/mountinfo', 'utf8')).filter(
    (path) => path === dir || path.startsWith(`${dir}/`),
  )

// Latest first: what was mounted on top goes first. A loop device that mount(8) made goes with its mount.
export const unmountUnder = (dir: string, { itself = true } = {}) =>
  eventually(`the mounts under ${dir} to go`, 30_000, async () => {
    const mounts = (await mountsUnder(dir)).filter((path) => itself || path !== dir)
    for (const path of mounts.toReversed()) {
      if (!(await runQuietly(['umount', path]))) await runQuietly(['umount', '--lazy', path])
    }
    return mounts.length === 0
  })

// A command that the lab's owner had under way when it died may still make something: until nothing is there, again.
export const takeDown = (id: string): Promise<void> =>
  eventually(`lab ${id} to be gone`, 60_000, async () => {
    await killEverything(id)
    await unmountUnder(labDir(id))
    await removeNetwork(id)
    await removeCgroups(id)
    await removeRecord(id)
    return isGone(id)
  }).then(() => {})

const isGone = async (id: string): Promise<boolean> =>
  !existsSync(labDir(id)) && (await namespacesOf(id)).length === 0 && (await processesOf(id)).length === 0

// Labs whose owner died without taking them down, and whose guard did not get to it either.
export const reapAbandoned = async (): Promise<readonly string[]> => {
  const ids = (await listRecords()).filter(isAbandoned).map((record) => record.id)
  for (const id of ids) await takeDown(id)
  return ids
}

// A process that does nothing but hold one end of a pipe. When the owner dies, of whatever, the kernel closes the other
// end, and the guard takes the lab down at once.
export type Guard = { readonly dismiss: () => void }

export const guard = (id: string): Guard => {
  const script = 'read -r word; [ "$word" = dismissed ] || exec "$0" "$1" "$2"'
  const child = spawn('sh', ['-c', script, process.execPath, import.meta.filename, id], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  child.unref()
  // The pipe is a socket to Node; an idle one would keep this process alive.
  if (child.stdin instanceof Socket) child.stdin.unref()
  return { dismiss: () => child.stdin.end('dismissed\n') }
}

if (import.meta.main) {
  const [id] = process.argv.slice(2)
  if (id === undefined) throw new Error('usage: node reaper.ts LAB-ID')
  await takeDown(id)
}
