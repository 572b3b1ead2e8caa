// What the target remembers between rounds: the manifest of what it holds, and that a round is being applied to it.
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { bootId } from '../linux/boot.ts'
import type { Directory } from '../tree/manifest.ts'
import { forgetManifest, type Kept } from '../tree/manifest-file.ts'
import { forgetAll, keepHeld, newestManifest } from './memory.ts'

const applyingIn = (memory: string): string => join(memory, 'applying')

export type Recalled = {
  readonly kept: Kept | undefined
  // A round was begun and did not come to its end.
  readonly interrupted: boolean
}

const readApplying = (memory: string): string | undefined => {
  try {
    return readFileSync(applyingIn(memory), 'utf8')
  } catch {
    return undefined
  }
}

// A file in which a round wrote may have the new bytes and the old times if the machine went down in between: the times
// of its files are believed only by the kernel that has been running since. Without a round under way all of it was
// synced before it was remembered.
export const recall = (memory: string): Recalled => {
  const applying = readApplying(memory)
  if (applying !== undefined && applying !== bootId()) return { kept: undefined, interrupted: true }
  return { kept: newestManifest(memory), interrupted: applying !== undefined }
}

// On disk before the target is touched.
export const noteApplying = (memory: string): void => {
  const fd = openSync(applyingIn(memory), 'w', 0o600)
  try {
    writeSync(fd, bootId())
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  const directory = openSync(memory, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

export const forgetHeld = forgetAll

// The target has been synced.
export const remember = (memory: string, digest: string, tree: Directory): void => {
  keepHeld(memory, digest, tree)
  forgetManifest(applyingIn(memory))
}
