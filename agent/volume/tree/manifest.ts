// What one side knows of a tree from one round to the next: every entry's metadata and content hash as they crossed, and
// the stat by which it is seen whether the entry has been touched since. The source's says what the target has been
// given, the target's what it holds: after a round both have the same digest, and only the stats are each side's own.
import type { ByteString } from '../byte-string.ts'
import { type Stat, unchanged } from '../linux/stat.ts'
import { sameAttributes } from './attributes.ts'
import { directoryDigest, inodeDigest, treeDigest } from './digest.ts'
import type { Metadata } from './entry.ts'

export type Seen = Pick<
  Stat,
  | 'type'
  | 'inode'
  | 'deviceMajor'
  | 'deviceMinor'
  | 'size'
  | 'modifiedSeconds'
  | 'modifiedNanoseconds'
  | 'changedSeconds'
  | 'changedNanoseconds'
>

// Any inode but a directory. Names that share the inode share this object.
export type Leaf = {
  metadata: Metadata
  seen: Seen
  // The stat may fail to show a change (tree/racy.ts), or is of another moment than the content.
  suspect: boolean
  // May have more than one name.
  linked: boolean
  // Files: the content hash, and of those larger than a block the hashes it is made of; '' stands for a block that is
  // not known. undefined: not kept. Everything else: '' and undefined.
  content: ByteString
  blocks: ByteString[] | undefined
  digest: ByteString
}

export type Directory = {
  metadata: Metadata
  seen: Seen
  suspect: boolean
  readonly children: Map<ByteString, Entry>
  // Valid iff nothing at or below this directory has changed since it was set.
  digest: ByteString | undefined
}

export type Entry = Leaf | Directory

export const isDirectory = (entry: Entry): entry is Directory => 'children' in entry

export const leafOf = (facts: Omit<Leaf, 'digest'>): Leaf => ({
  ...facts,
  digest: inodeDigest(facts.metadata, facts.content),
})

export const seenOf = (stat: Stat): Seen => ({
  type: stat.type,
  inode: stat.inode,
  deviceMajor: stat.deviceMajor,
  deviceMinor: stat.deviceMinor,
  size: stat.size,
  modifiedSeconds: stat.modifiedSeconds,
  modifiedNanoseconds: stat.modifiedNanoseconds,
  changedSeconds: stat.changedSeconds,
  changedNanoseconds: stat.changedNanoseconds,
})

export const untouched = (entry: Entry, stat: Seen): boolean => !entry.suspect && unchanged(entry.seen, stat)

export const sameMetadata = (a: Metadata, b: Metadata): boolean =>
  a.type === b.type &&
  a.permissions === b.permissions &&
  a.uid === b.uid &&
  a.gid === b.gid &&
  a.modifiedSeconds === b.modifiedSeconds &&
  a.modifiedNanoseconds === b.modifiedNanoseconds &&
  a.size === b.size &&
  a.target === b.target &&
  a.major === b.major &&
  a.minor === b.minor &&
  sameAttributes(a.attributes, b.attributes)

export const find = (root: Directory, names: readonly ByteString[]): Entry | undefined => {
  let entry: Entry | undefined = root
  for (const name of names) entry = entry !== undefined && isDirectory(entry) ? entry.children.get(name) : undefined
  return entry
}

// Something at this path, or in the directory there, is about to change: the digests of all directories on the way are
// no longer valid.
export const invalidate = (root: Directory, names: readonly ByteString[]): void => {
  let entry: Entry | undefined = root
  for (const name of [...names, '']) {
    if (entry === undefined || !isDirectory(entry)) return
    entry.digest = undefined
    entry = entry.children.get(name)
  }
}

// Gives `now` the digest of `before` if the two cannot differ. The directories in `now` have theirs already.
export const inheritDigest = (now: Directory, before: Directory | undefined): void => {
  if (before?.digest === undefined || before.children.size !== now.children.size) return
  if (!sameMetadata(before.metadata, now.metadata)) return
  for (const [name, { digest }] of now.children) {
    if (digest === undefined || before.children.get(name)?.digest !== digest) return
  }
  now.digest = before.digest
}

export type Visit = {
  // Names from the root to the directory that holds the entry; valid until the next step. The root's own are none.
  readonly above: readonly ByteString[]
  readonly name: ByteString
  readonly entry: Entry
}

// Every name of the tree, the root first, a directory before what is in it.
export function* walk(root: Directory): Generator<Visit, void, undefined> {
  const above: ByteString[] = []
  const open = [root.children.entries()]
  yield { above, name: '', entry: root }
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const { value, done } = here.next()
    if (done) {
      open.pop()
      above.pop()
      continue
    }
    const [name, entry] = value
    yield { above, name, entry }
    if (!isDirectory(entry)) continue
    above.push(name)
    open.push(entry.children.entries())
  }
}

// What is in a tree. `contentBytes`: as a reader sees it, holes included; a file with several names once.
export type Survey = { readonly digest: string; readonly entries: number; readonly contentBytes: number }

export const survey = (root: Directory): Survey => {
  const groups = new Map<Leaf, ByteString[]>()
  const undigested: Directory[] = []
  let entries = 0
  let contentBytes = 0
  for (const { above, name, entry } of walk(root)) {
    entries++
    if (isDirectory(entry)) {
      if (entry.digest === undefined) undigested.push(entry)
      continue
    }
    if (entry.linked) {
      const names = groups.get(entry)
      const path = above.length === 0 ? name : `${above.join('/')}/${name}`
      if (names !== undefined) {
        names.push(path)
        continue
      }
      groups.set(entry, [path])
    }
    contentBytes += entry.metadata.size
  }
  // A directory came before what is in it, so the deepest are at the end.
  for (const directory of undigested.toReversed()) {
    const children = [...directory.children].map(([name, { digest = '' }]) => ({ name, digest }))
    directory.digest = directoryDigest(directory.metadata, children)
  }
  return { digest: treeDigest(root.digest ?? '', groups.values()), entries, contentBytes }
}
