// What shows whether an entry has been touched, and most of what is known of it, as fourteen words: how scans and trees
// keep it, a million times. The order of the first words is that of the kernel's statx.
import { statxWords } from './libc.ts'
import { type EntryType, type Stat, typeOfMode } from './stat.ts'

export const trace = {
  mode: 0,
  uid: 1,
  gid: 2,
  inode: 3,
  size: 5,
  changedSeconds: 7,
  changedNanoseconds: 9,
  modifiedSeconds: 10,
  modifiedNanoseconds: 12,
  device: 13,
} as const
export const traceWords = 14

// The kernel's device numbers have 12 bits of major and 20 of minor.
const deviceWord = (major: number, minor: number): number => ((major << 20) | minor) >>> 0

// Of the entry that was looked at last (linux/libc.ts).
export const copyTrace = (into: Uint32Array, at: number): void => {
  const from = statxWords
  into[at] = (from[7] ?? 0) & 0xffff
  into[at + 1] = from[5] ?? 0
  into[at + 2] = from[6] ?? 0
  into[at + 3] = from[8] ?? 0
  into[at + 4] = from[9] ?? 0
  into[at + 5] = from[10] ?? 0
  into[at + 6] = from[11] ?? 0
  into[at + 7] = from[24] ?? 0
  into[at + 8] = from[25] ?? 0
  into[at + 9] = from[26] ?? 0
  into[at + 10] = from[28] ?? 0
  into[at + 11] = from[29] ?? 0
  into[at + 12] = from[30] ?? 0
  into[at + 13] = deviceWord(from[34] ?? 0, from[35] ?? 0)
}

// Fourteen words by themselves.
export type Trace = Uint32Array

const lastSeen = new Uint32Array(traceWords)
// Of the entry that was looked at last; valid until the next look.
export const lastTrace = (): Trace => {
  copyTrace(lastSeen, 0)
  return lastSeen
}
export const takeTrace = (): Trace => lastTrace().slice()

const STATX_ATTR_MOUNT_ROOT = 0x2000

// isMountPoint of linux/stat.ts, of the entry that was looked at last, without taking its stat apart.
export const isLastMountPoint = (volume: Stat): boolean => {
  const tells = ((statxWords[14] ?? 0) & STATX_ATTR_MOUNT_ROOT) !== 0
  if (tells && ((statxWords[2] ?? 0) & STATX_ATTR_MOUNT_ROOT) !== 0) return true
  const directory = ((statxWords[7] ?? 0) & 0xf000) === 0o040000
  return (directory || !tells) && (statxWords[34] !== volume.deviceMajor || statxWords[35] !== volume.deviceMinor)
}
export const lastLinks = (): number => statxWords[4] ?? 0
export const lastDiskBytes = (): number => unsigned(statxWords, 12) * 512
export const isLastDevice = (): boolean => {
  const type = (statxWords[7] ?? 0) & 0xf000
  return type === 0o020000 || type === 0o060000
}
export const isLastSocket = (): boolean => ((statxWords[7] ?? 0) & 0xf000) === 0o140000

export const splitNumber = (value: number, into: Uint32Array, at: number): void => {
  const high = Math.floor(value / 2 ** 32)
  into[at] = value - high * 2 ** 32
  into[at + 1] = high
}
export const unsigned = (from: Uint32Array, at: number): number => (from[at + 1] ?? 0) * 2 ** 32 + (from[at] ?? 0)
export const signed = (from: Uint32Array, at: number): number => ((from[at + 1] ?? 0) | 0) * 2 ** 32 + (from[at] ?? 0)

export const typeIn = (from: Uint32Array, at: number): EntryType => typeOfMode((from[at] ?? 0) & 0xffff)

export const sameInodeIn = (a: Uint32Array, atA: number, b: Uint32Array, atB: number): boolean =>
  a[atA + 3] === b[atB + 3] && a[atA + 4] === b[atB + 4] && a[atA + 13] === b[atB + 13]

const typeBits = 0xf000

// Nothing about the entry has changed between the two: any write, truncation, chmod, chown, link or setxattr moves the
// change time, which only the kernel sets.
export const unchangedIn = (a: Uint32Array, atA: number, b: Uint32Array, atB: number): boolean => {
  if ((((a[atA] ?? 0) ^ (b[atB] ?? 0)) & typeBits) !== 0) return false
  for (let word = trace.inode; word < traceWords; word++) if (a[atA + word] !== b[atB + word]) return false
  return true
}

// By which a file is known again outside of a tree.
export const markOf = (seen: Trace) => ({
  inode: (BigInt(seen[trace.inode + 1] ?? 0) << 32n) | BigInt(seen[trace.inode] ?? 0),
  size: unsigned(seen, trace.size),
  modifiedSeconds: signed(seen, trace.modifiedSeconds),
  modifiedNanoseconds: seen[trace.modifiedNanoseconds] ?? 0,
})

export const changedNanosecondsIn = (seen: Trace): number => seen[trace.changedNanoseconds] ?? 0
export const changedMsIn = (seen: Trace): number =>
  signed(seen, trace.changedSeconds) * 1000 + changedNanosecondsIn(seen) / 1e6

// Inode and device, as one key: a number on the device `own`, where all is but on overlayfs.
export type Identity = number | string
export const identityIn = (words: Uint32Array, at: number, own: number): Identity => {
  const [low = 0, high = 0] = [words[at + trace.inode], words[at + trace.inode + 1]]
  const device = words[at + trace.device]
  return device === own && high < 2 ** 21 ? high * 2 ** 32 + low : `${device}:${high}:${low}`
}
