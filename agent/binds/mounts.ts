// What this agent has mounted, as the kernel says: proc(5), /proc/pid/mountinfo.
import { readFile } from 'node:fs/promises'
import { isWithin, type Relation, relationOf } from './paths.ts'

type Mounted = { readonly place: string; readonly fileSystem: string }

// The fifth field is the place, with blanks, tabs, newlines and backslashes in octal; what follows the lone dash is the kind of
// file system.
export const readMounts = (mountInfo: string): Mounted[] =>
  mountInfo.split('\n').flatMap((line) => {
    const fields = line.split(' ')
    const place = fields[4]
    if (place === undefined) return []
    const plain = place.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    return [{ place: plain, fileSystem: fields[fields.indexOf('-') + 1] ?? '' }]
  })

// Engines mount these of a container from a folder of their own, whatever its root is stored in.
const ofContainers = new Set(['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'])
const layered = /^(overlay|fuse\.fuse-overlayfs|aufs)$/

// The agent is in a container, and what it has at the path is that container's own: its engine has something else there.
export const isContainersOwn = (path: string, mounts: readonly Mounted[]): boolean => {
  const root = mounts.findLast(({ place }) => place === '/')
  const inContainer = mounts.some(({ place }) => ofContainers.has(place)) || layered.test(root?.fileSystem ?? '')
  if (!inContainer) return false
  const around = mounts.filter(({ place }) => isWithin(path, place))
  const holder = around.toSorted((a, b) => b.place.length - a.place.length)[0]
  return holder === undefined || holder.place === '/' || holder.fileSystem === 'tmpfs'
}

export const mountsHere = async (): Promise<Mounted[]> => readMounts(await readFile('/proc/self/mountinfo', 'utf8'))

// What is mounted inside of a directory is no part of it for the volume engine, and would be left behind without a word. What is
// mounted on it keeps it from being set aside.
export const mountedAround = async (
  path: string,
): Promise<{ readonly isMountPoint: boolean; readonly below: string[] }> => {
  const places = (await mountsHere()).map(({ place }) => place)
  const are = (relation: Relation) => [...new Set(places.filter((place) => relationOf(place, path) === relation))]
  return { isMountPoint: are('at').length > 0, below: are('below') }
}
