// What the other side holds, as the source goes by it: the tree of the last round, or of the last place in a round, that it
// acknowledged by naming its digest, without what it says it lacks.
import type { ByteString } from '../byte-string.ts'
import { bootId } from '../linux/boot.ts'
import { type Identity, identityIn, trace } from '../linux/trace.ts'
import { type BlockStore, beginBlockList, eachBlock, unknownBlock } from '../tree/block-store.ts'
import { hashOfBlocks } from '../tree/content-hash.ts'
import type { Scan, Scanned } from '../tree/scan.ts'
import type { Inode, Name, Tree } from '../tree/tree.ts'
import { forgetAll, givenTree } from './memory.ts'

// Of an entry that the receiver cannot vouch for. No blocks: it is not there at all, nor anything in it.
export type Lacking = { readonly path: ByteString; readonly blocks: readonly number[] }

// digest '': nothing.
export type Holding = { readonly digest: string; readonly lacking: readonly Lacking[] }

// The file as it is known to be, but for some of its blocks.
export const markUnknown = (tree: Tree, store: BlockStore, node: Inode, unknown: readonly number[]): void => {
  const known = tree.blocks(node)
  if (known === undefined) throw new Error('a file without blocks lacks some')
  const lost = new Set(unknown)
  const list = beginBlockList(store, known, 0)
  for (let index = 0; index < known.count; index++) {
    if (lost.has(index)) list.add(unknownBlock)
    else list.keepUntil(index + 1)
  }
  const blocks = list.whole(known.count)
  tree.setContent(node, tree.metadata(node).size, hashOfBlocks(eachBlock(store, blocks)), blocks)
}

const takeAway = (tree: Tree, store: BlockStore, { path, blocks }: Lacking): void => {
  const name = tree.find(path.split('/'))
  if (name === undefined || name === 0) return
  const node = tree.inodeOf(name)
  if (blocks.length === 0 || tree.blocks(node) === undefined) tree.remove(name)
  else markUnknown(tree, store, node, blocks)
}

export type Base = {
  readonly tree: Tree
  // The stats in it are of this boot of the machine: after a crash new bytes may stand under old times.
  readonly timesHold: boolean
  // Nothing of it has been set since it was saved.
  isAsSaved(): boolean
}

// undefined: everything has to be sent.
export const baseFor = (
  memory: string,
  store: BlockStore,
  { digest, lacking }: Holding,
  isRoot: (tree: Tree) => boolean,
): Base | undefined => {
  const base = givenTree(memory, digest)
  if (base === undefined || !isRoot(base.tree)) {
    base?.tree.release()
    forgetAll(memory)
    store.clear()
    return undefined
  }
  const { tree } = base
  const { edits } = tree
  for (const one of lacking) takeAway(tree, store, one)
  return { tree, timesHold: base.bootId === bootId(), isAsSaved: () => tree.edits === edits }
}

// One inode with several names, as the receiver has it: those of its present names under which it is one and the same
// there. Others are linked to these.
export type Shared = { readonly node: Inode; readonly names: Set<Name> }

// By the inode's identity here.
export const sharedNames = (tree: Tree, scan: Scan): Map<Identity, Shared> => {
  const shared = new Map<Identity, Shared>()
  const isLinked = (row: Scanned): boolean => !scan.isDirectory(row) && scan.links(row) > 1
  let any = false
  for (let row = 0; row < scan.count && !any; row++) any = isLinked(row)
  if (!any) return shared
  const pending: { readonly row: Scanned; readonly node: Inode }[] = [{ row: 0, node: tree.root }]
  for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
    for (let row = scan.first(one.row); row < scan.end(one.row); row++) {
      if (!scan.isDirectory(row) && scan.links(row) === 1) continue
      const name = tree.child(one.node, scan.nameOf(row))
      if (name === undefined) continue
      const node = tree.inodeOf(name)
      if (tree.isDirectory(node)) {
        if (scan.isDirectory(row)) pending.push({ row, node })
      } else if (isLinked(row) && scan.type(row) === tree.type(node)) {
        if (!tree.sameInode(node, scan.chunkOf(row), scan.offsetOf(row))) continue
        const identity = scan.identity(row)
        const known = shared.get(identity)
        if (known === undefined) shared.set(identity, { node, names: new Set([name]) })
        else if (known.node === node) known.names.add(name)
      }
    }
  }
  return shared
}

// The key of an entry that was just looked at, as a scan gives it.
export const identityFor = (scan: Scan, words: Uint32Array): Identity =>
  identityIn(words, 0, scan.chunkOf(0)[scan.offsetOf(0) + trace.device] ?? 0)
