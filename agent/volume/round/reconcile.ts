// Whether the target's tree is what it is remembered to be, before a round is applied to it. What a round that was cut,
// or anybody else, has touched since shows by its stat; nothing of that is guessed. What should not be there is removed.
// A file that was touched is read and compared with the hashes of what was written: what agrees stays; the blocks that
// do not, and everything that is missing, are named to the source, which sends them again.
import type { ByteString } from '../byte-string.ts'
import type { Cursor } from '../linux/cursor.ts'
import { namesIn, seek, statxAt, truncate } from '../linux/libc.ts'
import { changedNanosecondsIn, lastTrace, type Trace, typeIn } from '../linux/trace.ts'
import { type BlockStore, blockOf } from '../tree/block-store.ts'
import { hashOfSmallContent, isSmall } from '../tree/content-hash.ts'
import { bytesOfBlock, contentBlockBytes, hashOfBlock } from '../tree/page-hashes.ts'
import type { Inode, Name } from '../tree/tree.ts'
import { type Holding, type Lacking, markUnknown } from './base-tree.ts'
import { removeEntry } from './clear.ts'
import { readFully } from './read-file.ts'
import { createRefusals } from './refusals.ts'
import type { TargetTree } from './target-tree.ts'
import { openHeld } from './write-change.ts'
import { applyToOpen } from './write-entry.ts'

// Beyond this it is simpler to send everything again.
const mostLacking = 10_000
const mostLackingBytes = 512 * 1024

type Options = {
  readonly root: string
  readonly digest: string
  readonly store: BlockStore
  // A round has been begun and not ended since the tree was remembered.
  readonly interrupted: boolean
  // Stats tell at all (round/target-memory.ts).
  readonly timesHold: boolean
  readonly checkpoint: () => void
}

const scratch = Buffer.alloc(contentBlockBytes)

// Makes tree and disk agree. undefined: they are too far apart, and nothing has been settled.
export const reconcile = (
  cursor: Cursor,
  target: TargetTree,
  { root, digest, store, interrupted, timesHold, checkpoint }: Options,
): Holding | undefined => {
  const { tree } = target
  const volume = cursor.stat
  const lacking: Lacking[] = []
  let lackingBytes = 0
  const doubts = new Set<Inode>()

  const asRemembered = (node: Inode, seen: Trace): boolean =>
    timesHold &&
    tree.untouched(node, seen, 0) &&
    // A file system that keeps whole seconds may not show what has happened since.
    !(interrupted && changedNanosecondsIn(seen) === 0)

  const pathOf = (name: Name): ByteString => tree.namesTo(name).join('/')
  const lack = (path: ByteString, blocks: readonly number[] = []): void => {
    lacking.push({ path, blocks })
    lackingBytes += path.length + 5 * blocks.length
  }
  const forget = (name: Name): void => {
    lack(pathOf(name))
    target.remove(name, (node) => {
      if (tree.namesOf(node).length === 1) doubts.delete(node)
    })
  }
  // With what is there.
  const drop = (name: Name): void => {
    const names = tree.namesTo(name)
    cursor.moveTo(names.slice(0, -1))
    removeEntry(cursor.fd, names.at(-1) ?? '', names.join('/'), volume, checkpoint)
    forget(name)
  }

  // The blocks of an open file that are not what was written; undefined: it is not worth keeping any of it.
  const differingBlocks = (fd: number, node: Inode): readonly number[] | undefined => {
    const { size } = tree.metadata(node)
    const blocks = tree.blocks(node)
    truncate(fd, size)
    seek(fd, 0)
    if (blocks === undefined) {
      if (!isSmall(size)) return undefined
      const content = scratch.subarray(0, readFully(fd, scratch.subarray(0, size)))
      return hashOfSmallContent(content) === tree.content(node) ? [] : undefined
    }
    const differing: number[] = []
    for (let index = 0; index < blocks.count; index++) {
      checkpoint()
      const block = scratch.subarray(0, bytesOfBlock(size, index))
      const whole = readFully(fd, block) === block.length
      if (!whole || hashOfBlock(block) !== blockOf(store, blocks, index)) differing.push(index)
    }
    return differing
  }

  const settleDoubt = (node: Inode): void => {
    const names = tree.namesTo(tree.anyName(node))
    cursor.moveTo(names.slice(0, -1))
    const place = { dir: cursor.fd, name: names.at(-1) ?? '', path: names.join('/') }
    const file = tree.type(node) === 'file'
    const differing = file ? openHeld(place, tree, node, (fd) => differingBlocks(fd, node)) : undefined
    if (differing === undefined) {
      for (const one of tree.namesOf(node)) drop(one)
      return
    }
    const refusals = createRefusals(root)
    const found = openHeld(place, tree, node, (fd) => applyToOpen(fd, tree.metadata(node), place.path, refusals))
    refusals.settle()
    target.change(node, { ...found, content: tree.content(node), blocks: tree.blocks(node) })
    if (differing.length === 0) return
    markUnknown(tree, store, node, differing)
    lack(place.path, differing)
  }

  // The directories in it that are as they should be.
  const compareDirectory = (directory: Inode, names: readonly ByteString[]): Inode[] => {
    checkpoint()
    cursor.moveTo(names)
    const below: Inode[] = []
    const gone: Name[] = []
    let found = 0
    for (const text of namesIn(cursor.fd)) {
      const name = tree.child(directory, text)
      if (name === undefined) {
        removeEntry(cursor.fd, text, cursor.prefix() + text, volume, checkpoint)
        target.touch(directory)
        continue
      }
      found++
      const node = tree.inodeOf(name)
      statxAt(cursor.fd, text)
      const seen = lastTrace()
      if (typeIn(seen, 0) !== tree.type(node) || !tree.sameInode(node, seen, 0)) gone.push(name)
      else if (tree.isDirectory(node)) {
        if (!asRemembered(node, seen)) target.touch(node)
        below.push(node)
      } else if (!asRemembered(node, seen)) doubts.add(node)
    }
    for (const name of gone) drop(name)
    if (found - gone.length < tree.childCount(directory)) {
      cursor.moveTo(names)
      const present = new Set(namesIn(cursor.fd))
      for (const name of [...tree.children(directory)]) if (!present.has(tree.nameOf(name))) forget(name)
    }
    return below
  }

  statxAt(cursor.fd, '.')
  if (!tree.sameInode(tree.root, lastTrace(), 0)) return undefined
  if (!asRemembered(tree.root, lastTrace())) target.touch(tree.root)
  const pending = [tree.root]
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const below of compareDirectory(directory, tree.namesTo(tree.anyName(directory)))) pending.push(below)
    if (lacking.length > mostLacking) return undefined
  }
  for (const node of doubts) {
    checkpoint()
    settleDoubt(node)
    if (lacking.length > mostLacking || lackingBytes > mostLackingBytes) return undefined
  }
  return { digest, lacking }
}
