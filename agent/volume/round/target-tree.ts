// The target's tree while a round is applied: which of its directories must get their metadata anew, and whose facts no
// longer hold. Until then they are marked as suspect, so that a tree that is remembered in the middle says so.
import type { ByteString } from '../byte-string.ts'
import type { Cursor } from '../linux/cursor.ts'
import { statAt } from '../linux/stat.ts'
import { takeTrace } from '../linux/trace.ts'
import type { Metadata } from '../tree/entry.ts'
import type { Facts, Inode, Name, Tree } from '../tree/tree.ts'
import type { Refusals } from './refusals.ts'
import { createUnsynced, type Unsynced } from './sync-written.ts'
import { applyToOpen, type Written } from './write-entry.ts'

export type TargetTree = {
  readonly tree: Tree
  // All that has been written to.
  readonly unsynced: Unsynced
  // Names are made in the directory, or go from it.
  touch(directory: Inode): void
  add(directory: Inode, name: ByteString, facts: Facts): Name
  link(directory: Inode, name: ByteString, node: Inode): void
  describe(directory: Inode, metadata: Metadata): void
  change(node: Inode, written: Written): void
  // What was below goes with it; `gone` hears of each.
  remove(name: Name, gone?: (node: Inode) => void): void
  // Gives every directory that was touched its metadata, and everything whose facts have moved its facts.
  finish(cursor: Cursor, refusals: Refusals, checkpoint: () => void): void
}

export const createTargetTree = (tree: Tree): TargetTree => {
  const touched = new Set<Inode>()
  // Names of these have come or gone, which has moved their change times.
  const relinked = new Set<Inode>()

  const unsynced = createUnsynced()

  const touch = (directory: Inode): void => {
    unsynced.note(directory)
    tree.invalidate(directory)
    tree.setSuspect(directory, true)
    touched.add(directory)
  }
  const relink = (node: Inode): void => {
    unsynced.note(node)
    tree.setSuspect(node, true)
    relinked.add(node)
  }

  return {
    tree,
    unsynced,
    touch,
    add: (directory, name, facts) => {
      const added = tree.add(directory, name, facts)
      touch(directory)
      const node = tree.inodeOf(added)
      // Its row may have been another's.
      relinked.delete(node)
      touched.delete(node)
      if (facts.metadata.type === 'directory') touch(node)
      else unsynced.note(node)
      return added
    },
    link: (directory, name, node) => {
      tree.link(directory, name, node)
      touch(directory)
      relink(node)
    },
    describe: (directory, metadata) => {
      tree.setMetadata(directory, metadata)
      touch(directory)
    },
    change: (node, written) => {
      unsynced.note(node)
      tree.set(node, { ...written, suspect: relinked.has(node) })
    },
    remove: (name, gone = () => {}) => {
      const directory = tree.parentOf(name)
      tree.remove(name, (entry, node) => {
        gone(node)
        touched.delete(node)
        if (!tree.isDirectory(node) && tree.namesOf(node).some((other) => other !== entry)) relink(node)
        else {
          relinked.delete(node)
          unsynced.forget(node)
        }
      })
      touch(directory)
    },
    finish: (cursor, refusals, checkpoint) => {
      for (const node of relinked) {
        checkpoint()
        const names = tree.namesTo(tree.anyName(node))
        cursor.moveTo(names.slice(0, -1))
        statAt(cursor.fd, names.at(-1) ?? '')
        tree.setSeen(node, takeTrace())
      }
      for (const directory of touched) {
        checkpoint()
        const names = tree.namesTo(tree.anyName(directory))
        cursor.moveTo(names)
        const found = applyToOpen(cursor.fd, tree.metadata(directory), names.join('/'), refusals)
        tree.set(directory, { ...found, suspect: false, content: '', blocks: undefined })
      }
    },
  }
}
