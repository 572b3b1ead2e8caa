// Whether the target's tree is what it is remembered to be, before a round is applied to it. What a round that was cut,
// or anybody else, has touched since shows by its stat; nothing of that is guessed. What should not be there is removed.
// A file that was touched is read and compared with the hashes of what was written: what agrees stays; the blocks that
// do not, and everything that is missing, are named to the source, which sends them again.
import type { ByteString } from '../byte-string.ts'
import type { Cursor } from '../linux/cursor.ts'
import { namesIn, seek, truncate } from '../linux/libc.ts'
import { type Stat, sameInode, statAt } from '../linux/stat.ts'
import { contentBlockBytes, hashOfBlock, hashOfSmallContent } from '../tree/content-hash.ts'
import { type Directory, type Entry, isDirectory, type Leaf, untouched } from '../tree/manifest.ts'
import type { Holding, Lacking } from './base-tree.ts'
import { removeEntry } from './clear.ts'
import { readFully } from './read-file.ts'
import { createRefusals } from './refusals.ts'
import type { TargetTree } from './target-tree.ts'
import { openHeld } from './write-change.ts'
import { applyToOpen } from './write-entry.ts'

// Beyond this it is simpler to send everything again.
const mostLacking = 10_000
const mostLackingBytes = 512 * 1024

type Names = readonly ByteString[]
type Doubt = { readonly leaf: Leaf; readonly names: Names[] }

type Options = {
  readonly root: string
  readonly digest: string
  // Rounds have been begun since the tree was remembered.
  readonly interrupted: boolean
  readonly checkpoint: () => void
}

const scratch = Buffer.alloc(contentBlockBytes)

// The blocks of an open file that are not what was written; undefined: it is not worth keeping any of it.
const differingBlocks = (fd: number, leaf: Leaf, checkpoint: () => void): readonly number[] | undefined => {
  const { size } = leaf.metadata
  truncate(fd, size)
  seek(fd, 0)
  if (leaf.blocks === undefined) {
    if (size > contentBlockBytes) return undefined
    const content = scratch.subarray(0, readFully(fd, scratch.subarray(0, size)))
    return hashOfSmallContent(content) === leaf.content ? [] : undefined
  }
  const differing: number[] = []
  for (const [index, known] of leaf.blocks.entries()) {
    checkpoint()
    const block = scratch.subarray(0, Math.min(contentBlockBytes, size - index * contentBlockBytes))
    if (readFully(fd, block) < block.length || hashOfBlock(block) !== known) differing.push(index)
  }
  return differing
}

// Makes tree and disk agree. undefined: they are too far apart, and nothing has been settled.
export const reconcile = (
  cursor: Cursor,
  tree: TargetTree,
  { root, digest, interrupted, checkpoint }: Options,
): Holding | undefined => {
  const volume = cursor.stat
  const lacking: Lacking[] = []
  const doubts = new Map<Leaf, Doubt>()

  const asRemembered = (entry: Entry, stat: Stat): boolean =>
    // A file system that keeps whole seconds may not show what has happened since.
    untouched(entry, stat) && !(interrupted && stat.changedNanoseconds === 0)

  const lack = (names: Names, blocks: readonly number[] = []): void => {
    lacking.push({ path: names.join('/'), blocks })
  }
  const drop = (names: Names): void => {
    const name = names.at(-1) ?? ''
    cursor.moveTo(names.slice(0, -1))
    removeEntry(cursor.fd, name, names.join('/'), volume, checkpoint)
    tree.remove(names)
    lack(names)
  }

  const compareDirectory = (above: Names, directory: Directory, enterNext: (name: ByteString) => void): void => {
    checkpoint()
    cursor.moveTo(above)
    const present = new Set(namesIn(cursor.fd))
    for (const name of present) {
      const names = [...above, name]
      const entry = directory.children.get(name)
      const stat = statAt(cursor.fd, name)
      if (entry === undefined) {
        removeEntry(cursor.fd, name, names.join('/'), volume, checkpoint)
        tree.touch(above)
      } else if (stat.type !== entry.metadata.type || !sameInode(stat, entry.seen)) drop(names)
      else if (isDirectory(entry)) {
        if (!asRemembered(entry, stat)) tree.touch(names)
        enterNext(name)
      } else if (!asRemembered(entry, stat)) {
        const doubt = doubts.get(entry) ?? { leaf: entry, names: [] }
        doubt.names.push(names)
        doubts.set(entry, doubt)
      }
    }
    for (const name of directory.children.keys()) {
      if (present.has(name)) continue
      tree.remove([...above, name])
      lack([...above, name])
    }
  }

  const settleDoubt = ({ leaf, names }: Doubt): void => {
    const [first] = names
    if (first === undefined) return
    cursor.moveTo(first.slice(0, -1))
    const place = { dir: cursor.fd, name: first.at(-1) ?? '', path: first.join('/') }
    const differing =
      leaf.metadata.type === 'file' ? openHeld(place, leaf, (fd) => differingBlocks(fd, leaf, checkpoint)) : undefined
    if (differing === undefined) {
      for (const one of names) drop(one)
      return
    }
    const refusals = createRefusals(root)
    const found = openHeld(place, leaf, (fd) => applyToOpen(fd, leaf.metadata, place.path, refusals))
    refusals.settle()
    for (const index of differing) if (leaf.blocks !== undefined) leaf.blocks[index] = ''
    tree.change(first, leaf, { ...found, content: leaf.content, blocks: leaf.blocks })
    if (differing.length > 0) lack(first, differing)
  }

  const rootNow = statAt(cursor.fd, '.')
  if (!sameInode(rootNow, tree.root.seen)) return undefined
  if (!asRemembered(tree.root, rootNow)) tree.touch([])
  const pending: { readonly names: Names; readonly directory: Directory }[] = [{ names: [], directory: tree.root }]
  for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
    const { names, directory } = one
    compareDirectory(names, directory, (name) => {
      const below = directory.children.get(name)
      if (below !== undefined && isDirectory(below)) pending.push({ names: [...names, name], directory: below })
    })
    if (lacking.length > mostLacking) return undefined
  }
  for (const doubt of doubts.values()) {
    checkpoint()
    settleDoubt(doubt)
  }
  const bytes = lacking.reduce((sum, { path, blocks }) => sum + path.length + 5 * blocks.length, 0)
  return lacking.length > mostLacking || bytes > mostLackingBytes ? undefined : { digest, lacking }
}
