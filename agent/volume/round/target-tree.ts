// The target's tree while a round is applied: what is in it, which of its directories must get their metadata anew, and
// whose facts no longer hold.
import type { ByteString } from '../byte-string.ts'
import type { Cursor } from '../linux/cursor.ts'
import { statAt } from '../linux/stat.ts'
import {
  type Directory,
  type Entry,
  find,
  invalidate,
  isDirectory,
  type Leaf,
  leafOf,
  seenOf,
  walk,
} from '../tree/manifest.ts'
import type { Refusals } from './refusals.ts'
import { applyToOpen, type Written } from './write-entry.ts'

export type TargetTree = {
  readonly root: Directory
  find(names: readonly ByteString[]): Entry | undefined
  // Names are made in the directory, or go from it.
  touch(names: readonly ByteString[]): void
  // `names`: one of its names. undefined: this file system could not hold it.
  add(names: readonly ByteString[], entry: Entry): void
  change(names: readonly ByteString[], leaf: Leaf, written: Written): void
  // One of the leaf's names comes or goes, which moves its change time.
  relink(leaf: Leaf): void
  // What was below goes with it.
  remove(names: readonly ByteString[]): void
  // Gives every directory that was touched its metadata, and everything whose facts have moved its facts.
  finish(cursor: Cursor, refusals: Refusals, checkpoint: () => void): void
}

export const createTargetTree = (root: Directory): TargetTree => {
  const touched = new Set<Directory>()
  // Linked leaves that have changed: the digests of all directories with a name of theirs are to be made anew.
  const linkedChanged = new Set<Leaf>()

  const parentOf = (names: readonly ByteString[]): Directory => {
    const parent = find(root, names.slice(0, -1))
    if (parent === undefined || !isDirectory(parent)) throw new Error('an entry has no directory')
    return parent
  }
  const touch = (names: readonly ByteString[]): void => {
    const directory = find(root, names)
    if (directory === undefined || !isDirectory(directory)) throw new Error('there is no such directory')
    invalidate(root, names)
    touched.add(directory)
  }
  const relink = (leaf: Leaf): void => {
    leaf.linked = true
    linkedChanged.add(leaf)
  }

  const finishLinked = (cursor: Cursor): void => {
    if (linkedChanged.size === 0) return
    for (const { above, name, entry } of walk(root)) {
      if (isDirectory(entry) || !linkedChanged.has(entry)) continue
      invalidate(root, above)
      cursor.moveTo(above)
      entry.seen = seenOf(statAt(cursor.fd, name))
    }
  }

  const finishDirectories = (cursor: Cursor, refusals: Refusals, checkpoint: () => void): void => {
    const pending: { readonly names: readonly ByteString[]; readonly directory: Directory }[] = [
      { names: [], directory: root },
    ]
    for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
      const { names, directory } = one
      if (directory.digest !== undefined) continue
      checkpoint()
      if (touched.has(directory)) {
        cursor.moveTo(names)
        const found = applyToOpen(cursor.fd, directory.metadata, names.join('/'), refusals)
        directory.metadata = found.metadata
        directory.seen = found.seen
        directory.suspect = false
      }
      for (const [name, entry] of directory.children) {
        if (isDirectory(entry) && entry.digest === undefined) {
          pending.push({ names: [...names, name], directory: entry })
        }
      }
    }
  }

  return {
    root,
    touch,
    relink,
    find: (names) => find(root, names),
    add: (names, entry) => {
      parentOf(names).children.set(names.at(-1) ?? '', entry)
      touch(names.slice(0, -1))
      if (isDirectory(entry)) touched.add(entry)
    },
    change: (names, leaf, written) => {
      Object.assign(leaf, leafOf({ ...written, suspect: false, linked: leaf.linked }))
      invalidate(root, names.slice(0, -1))
      if (leaf.linked) linkedChanged.add(leaf)
    },
    remove: (names) => {
      const parent = parentOf(names)
      const name = names.at(-1) ?? ''
      const gone = parent.children.get(name)
      if (gone !== undefined) {
        const leaves = isDirectory(gone) ? [...walk(gone)].map(({ entry }) => entry) : [gone]
        for (const entry of leaves) if (!isDirectory(entry) && entry.linked) linkedChanged.add(entry)
      }
      parent.children.delete(name)
      touch(names.slice(0, -1))
    },
    finish: (cursor, refusals, checkpoint) => {
      finishLinked(cursor)
      finishDirectories(cursor, refusals, checkpoint)
    },
  }
}
