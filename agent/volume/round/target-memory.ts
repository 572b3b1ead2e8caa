// What the target remembers between rounds, and from one place in a round to the next: the tree that it holds, and that a
// round is being applied to it.
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { bootId } from '../linux/boot.ts'
import { forgetTree, type LoadedTree, syncDirectory } from '../tree/tree-file.ts'
import { forgetAll, keepHeld, newestTree } from './memory.ts'

const applyingIn = (memory: string): string => join(memory, 'applying')

export type Recalled = {
  readonly kept: LoadedTree | undefined
  // A round was begun and did not come to its end.
  readonly interrupted: boolean
  // The stats of the tree's files tell whether they are as they were. A file in which a round wrote, or a container while the
  // copy was in use, may have the new bytes and the old times if the machine went down in between.
  readonly timesHold: boolean
  // What is as the tree says is on the disk.
  readonly settled: boolean
}

const readApplying = (memory: string): string | undefined => {
  try {
    return readFileSync(applyingIn(memory), 'utf8').trim()
  } catch {
    return undefined
  }
}

export const recall = (memory: string): Recalled => {
  const applying = readApplying(memory)
  const kept = newestTree(memory)
  const sameBoot = (boot: string | undefined): boolean => boot === undefined || boot === bootId()
  return {
    kept,
    interrupted: applying !== undefined,
    timesHold: sameBoot(applying) && sameBoot(kept?.bootId),
    settled: applying === undefined && kept?.held === true,
  }
}

// On disk before the target is touched. Once a machine has gone down in the middle of a round, that is not forgotten before
// the next round is whole.
export const noteApplying = (memory: string, { timesHold }: Pick<Recalled, 'timesHold'>): void => {
  const fd = openSync(applyingIn(memory), 'w', 0o600)
  try {
    writeSync(fd, timesHold ? bootId() : 'another boot')
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  syncDirectory(memory)
}

export const forgetHeld = forgetAll

// The target has been synced.
export const remember = keepHeld

// A round has come to its end: nothing is touched until the next.
export const noteApplied = (memory: string): void => forgetTree(applyingIn(memory))
