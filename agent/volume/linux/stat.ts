import type { ByteString } from '../byte-string.ts'
import { deviceNumber, statxAt, statxFd, statxView } from './libc.ts'

export type EntryType = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'character' | 'block'

// What statx tells of one entry. Times are seconds since 1970, possibly negative, and nanoseconds from 0 to 999,999,999.
export type Stat = {
  readonly type: EntryType
  // Type and permissions, as the kernel has them.
  readonly mode: number
  // The lower 12 bits of the mode: setuid, setgid, sticky, rwx three times.
  readonly permissions: number
  readonly uid: number
  readonly gid: number
  readonly links: number
  readonly size: number
  readonly diskBytes: number
  readonly inode: bigint
  readonly deviceMajor: number
  readonly deviceMinor: number
  // Of a device node: the device that it stands for.
  readonly nodeMajor: number
  readonly nodeMinor: number
  readonly modifiedSeconds: number
  readonly modifiedNanoseconds: number
  readonly changedSeconds: number
  readonly changedNanoseconds: number
  // Something is mounted here, be it from the same device (a bind mount). undefined: this kernel (before 5.8) or file
  // system does not say.
  readonly mountRoot: boolean | undefined
}

const STATX_ATTR_MOUNT_ROOT = 0x2000

// Indexed by the upper four bits of the mode.
const types: readonly (EntryType | undefined)[] = (() => {
  const table: (EntryType | undefined)[] = new Array(16).fill(undefined)
  table[1] = 'fifo'
  table[2] = 'character'
  table[4] = 'directory'
  table[6] = 'block'
  table[8] = 'file'
  table[10] = 'symlink'
  table[12] = 'socket'
  return table
})()

export const typeOfMode = (mode: number): EntryType => {
  const type = types[mode >> 12]
  if (type === undefined) throw new Error(`an entry has the unknown file type ${(mode >> 12).toString(8)}`)
  return type
}

const uint64 = (at: number): number => statxView.getUint32(at + 4, true) * 2 ** 32 + statxView.getUint32(at, true)
const int64 = (at: number): number => statxView.getInt32(at + 4, true) * 2 ** 32 + statxView.getUint32(at, true)

const decode = (): Stat => {
  const mode = statxView.getUint16(28, true)
  return {
    type: typeOfMode(mode),
    mode,
    permissions: mode & 0o7777,
    uid: statxView.getUint32(20, true),
    gid: statxView.getUint32(24, true),
    links: statxView.getUint32(16, true),
    size: uint64(40),
    diskBytes: uint64(48) * 512,
    inode: statxView.getBigUint64(32, true),
    deviceMajor: statxView.getUint32(136, true),
    deviceMinor: statxView.getUint32(140, true),
    nodeMajor: statxView.getUint32(128, true),
    nodeMinor: statxView.getUint32(132, true),
    modifiedSeconds: int64(112),
    modifiedNanoseconds: statxView.getUint32(120, true),
    changedSeconds: int64(96),
    changedNanoseconds: statxView.getUint32(104, true),
    mountRoot:
      (statxView.getUint32(56, true) & STATX_ATTR_MOUNT_ROOT) === 0
        ? undefined
        : (statxView.getUint32(8, true) & STATX_ATTR_MOUNT_ROOT) !== 0,
  }
}

// Of the entry that was looked at last (linux/libc.ts).
export const lastStat = decode

// Of the entry itself: a symlink is not followed.
export const statAt = (dir: number, name: ByteString): Stat => {
  statxAt(dir, name)
  return decode()
}

export const statFd = (fd: number): Stat => {
  statxFd(fd)
  return decode()
}

type Inode = Pick<Stat, 'inode' | 'deviceMajor' | 'deviceMinor'>
type Trace = Inode &
  Pick<Stat, 'type' | 'size' | 'changedSeconds' | 'changedNanoseconds' | 'modifiedSeconds' | 'modifiedNanoseconds'>

export const sameInode = (a: Inode, b: Inode): boolean =>
  a.inode === b.inode && a.deviceMinor === b.deviceMinor && a.deviceMajor === b.deviceMajor

// Nothing about the entry has changed between the two: any write, truncation, chmod, chown, link or setxattr moves the
// change time, which only the kernel sets.
export const unchanged = (before: Trace, after: Trace): boolean =>
  sameInode(before, after) &&
  before.type === after.type &&
  before.size === after.size &&
  before.changedNanoseconds === after.changedNanoseconds &&
  before.changedSeconds === after.changedSeconds &&
  before.modifiedNanoseconds === after.modifiedNanoseconds &&
  before.modifiedSeconds === after.modifiedSeconds

// An entry of the volume that belongs to another file system than the volume's root, or to another part of one. A
// directory of another device is one even where nothing is mounted: a Btrfs subvolume. Other entries are not: on
// overlayfs files have the device of the layer that they come from.
export const isMountPoint = (root: Stat, entry: Stat): boolean =>
  entry.mountRoot === true ||
  ((entry.type === 'directory' || entry.mountRoot === undefined) &&
    (entry.deviceMinor !== root.deviceMinor || entry.deviceMajor !== root.deviceMajor))

export const identityOf = (stat: Inode): string => `${deviceNumber(stat.deviceMajor, stat.deviceMinor)}:${stat.inode}`
