// When a stat that has not moved means that nothing has changed.
import { statfsSync } from 'node:fs'
import { changedMsIn, changedNanosecondsIn, type Trace } from '../linux/trace.ts'

// The kernel stamps changes with a clock that ticks every 1 to 10 ms (CONFIG_HZ): two changes within a tick carry the
// same time, so a change may follow a stat and not show in it.
export const tickMs = 20
// File systems without nanoseconds (ext4 with inodes of 128 bytes, NFS version 2 and some others) keep whole seconds.
const coarseTickMs = 2_000

// Whatever is changed from now on gets another time than what is remembered.
export const letClockTick = (sinceMs: number): void => {
  const restMs = sinceMs + tickMs - Date.now()
  if (restMs > 0 && restMs <= tickMs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, restMs)
}

// Whether something that was changed at this time may change again, after the moment `atMs`, and look the same. A time
// that is later than that moment (the clock has been set back) tells nothing either.
export const isRacy = (seen: Trace, atMs: number): boolean =>
  changedMsIn(seen) > atMs - (changedNanosecondsIn(seen) === 0 ? coarseTickMs : tickMs)

// Magic numbers of statfs(2), of file systems known to protect mapped pages from writing when they write them back, so
// that a later store through a mapping faults, and moves the file's times (page_mkwrite). tmpfs has nothing to write
// back and never does it.
const tracksStores = new Set([
  0xef53, // ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
])

// Whether a file's content may change, through a mapping, without any time of it moving.
export const hidesStores = (root: string): boolean => !tracksStores.has(statfsSync(root).type)
