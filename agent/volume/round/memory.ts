// The trees of one copy of a volume, whichever part it had in the rounds that made them: the source names each by the
// digest of the tree that it has given, the target has one of the tree that it holds. They say the same of the copy (what
// is in it, and by which stats it is seen that it has been touched since), so that a volume that has moved can be the
// source or the target of the next move, and its way back carries only what has changed.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bootId } from '../linux/boot.ts'
import type { BlockStore } from '../tree/block-store.ts'
import type { Tree } from '../tree/tree.ts'
import { forgetTree, type LoadedTree, loadTree, peekTree, saveTree } from '../tree/tree-file.ts'

const suffix = '.tree'
const givenIn = (memory: string, digest: string): string => join(memory, `${digest}${suffix}`)
const heldIn = (memory: string): string => join(memory, 'held')

const givenFiles = (memory: string): readonly string[] =>
  readdirSync(memory).flatMap((name) => (name.endsWith(suffix) ? [join(memory, name)] : []))
const allFiles = (memory: string): readonly string[] => [heldIn(memory), ...givenFiles(memory)]

// What was saved last. `held`: as what this copy came to hold, all of which was on the disk by then. undefined: nothing.
export const newestTree = (memory: string): (LoadedTree & { readonly held: boolean }) | undefined => {
  const found = allFiles(memory).flatMap((path) => {
    const peeked = peekTree(path)
    return peeked === undefined ? [] : [{ path, savedAtMs: peeked.savedAtMs }]
  })
  for (const { path } of found.toSorted((a, b) => b.savedAtMs - a.savedAtMs)) {
    const kept = loadTree(path)
    if (kept !== undefined) return { ...kept, held: path === heldIn(memory) }
  }
  return undefined
}

// What is remembered under this digest; nothing changes by that.
export const treeWithDigest = (memory: string, digest: string): LoadedTree | undefined => {
  const path = allFiles(memory).find((one) => peekTree(one)?.digest === digest)
  return path === undefined ? undefined : loadTree(path)
}

// The tree that this copy has given, or came to hold, under this digest, for a round that builds upon it; all others go.
// undefined: there is none, and nothing is remembered any more.
export const givenTree = (memory: string, digest: string): LoadedTree | undefined => {
  const paths = /^[0-9a-f]{64}$/.test(digest) ? [givenIn(memory, digest), heldIn(memory)] : []
  for (const path of paths) {
    const kept = peekTree(path)?.digest === digest ? loadTree(path) : undefined
    if (kept === undefined) continue
    for (const other of allFiles(memory)) if (other !== path) forgetTree(other)
    // A copy that came to be held may have been written to within the same tick.
    kept.tree.doubtSince(kept.savedAtMs)
    return kept
  }
  forgetAll(memory)
  return undefined
}

// From here on the receiver may name this digest: in the next round, or on the way back.
export const keepGiven = (memory: string, digest: string, tree: Tree, store: BlockStore): void => {
  store.sync()
  saveTree(givenIn(memory, digest), { digest, savedAtMs: Date.now(), bootId: bootId() }, tree)
}
export const forgetGiven = (memory: string, digest: string): void => forgetTree(givenIn(memory, digest))

// What it had given before is of a tree that it no longer has.
export const keepHeld = (memory: string, digest: string, tree: Tree, store: BlockStore): void => {
  store.sync()
  saveTree(heldIn(memory), { digest, savedAtMs: Date.now(), bootId: bootId() }, tree)
  for (const path of givenFiles(memory)) forgetTree(path)
}

// Whatever part it had: nothing is known of it any more.
export const forgetAll = (memory: string): void => {
  for (const path of allFiles(memory)) forgetTree(path)
}
