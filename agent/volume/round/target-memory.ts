// What the target remembers between rounds, and from one place in a round to the next: the tree that it holds, and that a
// round is being applied to it.
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { bootId } from '../linux/boot.ts'
import type { BlockStore } from '../tree/block-store.ts'
import type { Tree } from '../tree/tree.ts'
import { forgetTree, type Kept, loadTree, saveTree, syncDirectory } from '../tree/tree-file.ts'

const heldIn = (memory: string): string => join(memory, 'held')
const applyingIn = (memory: string): string => join(memory, 'applying')

export type Recalled = {
  readonly kept: (Kept & { readonly tree: Tree }) | undefined
  // A round was begun and did not come to its end.
  readonly interrupted: boolean
  // The stats of the tree's files tell whether they are as they were. A file in which a round wrote may have the new bytes
  // and the old times if the machine went down in between. Without a round under way all of it was synced before it was
  // remembered.
  readonly timesHold: boolean
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
  const timesHold = applying === undefined || applying === bootId()
  return { kept: loadTree(heldIn(memory)), interrupted: applying !== undefined, timesHold }
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

export const forgetHeld = (memory: string): void => forgetTree(heldIn(memory))

// The target has been synced.
export const remember = (memory: string, digest: string, tree: Tree, store: BlockStore): void => {
  store.sync()
  saveTree(heldIn(memory), { digest, savedAtMs: Date.now(), bootId: bootId() }, tree)
}

// A round has come to its end: nothing is touched until the next.
export const noteApplied = (memory: string): void => forgetTree(applyingIn(memory))
