// What one side knows of a tree from one round to the next: every entry's metadata and content hash as they crossed, and
// the stat by which it is seen whether the entry has been touched since. The source's says what the target has been
// given, the target's what it holds: after a round both have the same digest, and only the stats are each side's own.
//
// A volume may have millions of entries: they are rows of numbers (tree/rows.ts), some 200 bytes each with the name. A
// `Name` is an entry of a directory, an `Inode` what it leads to; both are row numbers, and both are used again after a
// removal. The root is the name 0 of the inode 0.
import type { ByteString } from '../byte-string.ts'
import type { EntryType } from '../linux/stat.ts'
import {
  sameInodeIn,
  splitNumber,
  type Trace,
  trace,
  traceWords,
  typeIn,
  unchangedIn,
  unsigned,
} from '../linux/trace.ts'
import type { Blocks } from './block-store.ts'
import { inodeDigest } from './digest.ts'
import type { Metadata } from './entry.ts'
import {
  encodeRare,
  flag,
  inodeWords,
  inode as of,
  readBlocks,
  readMetadata,
  writeBlocks,
  writeFacts,
  writeMetadata,
} from './inode-row.ts'
import { createNameIndex } from './name-index.ts'
import { type Inode, type Name, name, nameWords } from './name-row.ts'
import { isRacy } from './racy.ts'
import { createArena, createRows, none } from './rows.ts'

export type { Inode, Name } from './name-row.ts'

export type Facts = {
  readonly metadata: Metadata
  readonly seen: Trace
  readonly suspect: boolean
  // Files: the content hash. Everything else: ''.
  readonly content: ByteString
  // Of files larger than a block, where they are kept.
  readonly blocks: Blocks | undefined
}

const hashBytes = 32
const noContent = '\0'.repeat(hashBytes)

// All of a trace but the change time.
const changesOnly = [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13]

export type Tree = ReturnType<typeof createTree>

export const createTree = () => {
  const names = createRows(nameWords)
  const inodes = createRows(inodeWords)
  const texts = createArena()
  // By index from 1; equal ones once, but for the texts of symlinks, which seldom are.
  const rares: ByteString[] = []
  const rareAt = new Map<ByteString, number>()
  const index = createNameIndex(names, texts)
  const freeNames: Name[] = []
  const freeInodes: Inode[] = []
  // Inodes with several names.
  const linked = new Set<Inode>()
  const totals = { entries: 0, contentBytes: 0 }
  let edits = 0

  const flagsOf = (node: Inode): number => inodes.get(node, of.flags)
  const has = (node: Inode, which: number): boolean => (flagsOf(node) & which) !== 0
  const setFlag = (node: Inode, which: number, on: boolean): void => {
    const before = flagsOf(node)
    const after = on ? before | which : before & ~which
    if (after === before) return
    edits++
    inodes.set(node, of.flags, after)
  }

  const type = (node: Inode): EntryType => typeIn(inodes.chunkOf(node), inodes.offsetOf(node))
  const isDirectory = (node: Inode): boolean => (inodes.get(node, trace.mode) & 0xf000) === 0o040000
  const inodeOf = (entry: Name): Inode => names.get(entry, name.inode)
  const parentOf = (entry: Name): Inode => names.get(entry, name.parent)
  const nameOf = (entry: Name): ByteString => texts.text(names.get(entry, name.text), names.get(entry, name.length))
  const sizeOf = (node: Inode): number => {
    const chunk = inodes.chunkOf(node)
    const at = inodes.offsetOf(node)
    return ((chunk[at + trace.mode] ?? 0) & 0xf000) === 0o100000 ? unsigned(chunk, at + trace.size) : 0
  }

  // ---- names in directories --------------------------------------------------------------------------------------

  // The directory, and all above it, have to be digested anew.
  const invalidate = (directory: Inode): void => {
    for (let one = directory; has(one, flag.digested); one = parentOf(inodes.get(one, of.name))) {
      setFlag(one, flag.digested, false)
      if (one === 0) return
    }
  }

  const addName = (directory: Inode, text: ByteString, node: Inode): Name => {
    edits++
    const entry = freeNames.pop() ?? names.add()
    names.set(entry, name.parent, directory)
    names.set(entry, name.inode, node)
    names.set(entry, name.text, texts.add(text))
    names.set(entry, name.length, text.length)
    const first = inodes.get(directory, of.child)
    names.set(entry, name.next, first)
    names.set(entry, name.previous, none)
    if (first !== none) names.set(first, name.previous, entry)
    inodes.set(directory, of.child, entry)
    inodes.set(directory, of.children, inodes.get(directory, of.children) + 1)
    names.set(entry, name.alias, inodes.get(node, of.name))
    inodes.set(node, of.name, entry)
    index.add(entry)
    totals.entries++
    invalidate(directory)
    return entry
  }

  // ---- inodes ----------------------------------------------------------------------------------------------------

  const rareIndex = (metadata: Metadata): number => {
    const text = encodeRare(metadata)
    if (text === '') return 0
    const known = rareAt.get(text)
    if (known !== undefined) return known
    rares.push(text)
    if (metadata.type !== 'symlink') rareAt.set(text, rares.length)
    return rares.length
  }
  const metadata = (node: Inode): Metadata => {
    const rare = inodes.get(node, of.rare)
    return readMetadata(inodes.chunkOf(node), inodes.offsetOf(node), rare === 0 ? undefined : rares[rare - 1])
  }
  const invalidateNames = (node: Inode): void => {
    for (let entry = inodes.get(node, of.name); entry !== none; entry = names.get(entry, name.alias)) {
      invalidate(parentOf(entry))
    }
  }
  const content = (node: Inode): ByteString =>
    type(node) === 'file' ? inodes.getBytes(node, of.content, hashBytes) : ''

  // What is known of an inode from now on. The directories with its names are digested anew.
  const set = (node: Inode, facts: Facts): void => {
    edits++
    totals.contentBytes -= sizeOf(node)
    const directory = facts.metadata.type === 'directory'
    const agrees = writeFacts(facts.metadata, facts.seen, inodes.chunkOf(node), inodes.offsetOf(node))
    inodes.set(
      node,
      of.flags,
      (facts.suspect || !agrees ? flag.suspect : 0) |
        (facts.blocks === undefined ? 0 : flag.blocks) |
        (flagsOf(node) & flag.digested),
    )
    inodes.set(node, of.rare, rareIndex(facts.metadata))
    writeBlocks(facts.blocks, inodes.chunkOf(node), inodes.offsetOf(node))
    if (directory) invalidate(node)
    else {
      inodes.setBytes(node, of.content, facts.content === '' ? noContent : facts.content)
      inodes.setBytes(node, of.digest, inodeDigest(facts.metadata, facts.content))
      invalidateNames(node)
    }
    totals.contentBytes += sizeOf(node)
  }

  const addInode = (facts: Facts): Inode => {
    const free = freeInodes.pop()
    const node = free ?? inodes.add()
    if (free !== undefined) inodes.chunkOf(node).fill(0, inodes.offsetOf(node), inodes.offsetOf(node) + inodeWords)
    inodes.set(node, of.name, none)
    set(node, facts)
    if (facts.metadata.type === 'directory') inodes.set(node, of.child, none)
    return node
  }

  const freeInode = (node: Inode): void => {
    totals.contentBytes -= sizeOf(node)
    inodes.set(node, trace.mode, 0)
    inodes.set(node, of.flags, flag.free)
    freeInodes.push(node)
  }

  const dropName = (entry: Name): void => {
    edits++
    const node = inodeOf(entry)
    const directory = parentOf(entry)
    index.remove(entry)
    const [next, previous] = [names.get(entry, name.next), names.get(entry, name.previous)]
    if (previous === none) inodes.set(directory, of.child, next)
    else names.set(previous, name.next, next)
    if (next !== none) names.set(next, name.previous, previous)
    inodes.set(directory, of.children, inodes.get(directory, of.children) - 1)
    const alias = names.get(entry, name.alias)
    if (inodes.get(node, of.name) === entry) inodes.set(node, of.name, alias)
    else {
      let before = inodes.get(node, of.name)
      while (names.get(before, name.alias) !== entry) before = names.get(before, name.alias)
      names.set(before, name.alias, alias)
    }
    const last = inodes.get(node, of.name)
    if (last === none) freeInode(node)
    if (last === none || names.get(last, name.alias) === none) linked.delete(node)
    names.set(entry, name.inode, none)
    freeNames.push(entry)
    totals.entries--
    invalidate(directory)
  }

  // With all that is below. `gone` hears of every name, and what it led to, before it goes.
  const remove = (entry: Name, gone: (entry: Name, node: Inode) => void = () => {}): void => {
    const pending = [entry]
    for (let one = pending.at(-1); one !== undefined; one = pending.at(-1)) {
      const node = inodeOf(one)
      const below = isDirectory(node) ? inodes.get(node, of.child) : none
      if (below !== none) {
        pending.push(below)
        continue
      }
      pending.pop()
      gone(one, node)
      dropName(one)
    }
  }

  const namesOf = (node: Inode): Name[] => {
    const all: Name[] = []
    for (let entry = inodes.get(node, of.name); entry !== none; entry = names.get(entry, name.alias)) all.push(entry)
    return all
  }

  // ---- the whole ------------------------------------------------------------------------------------------------

  // The names in a directory; it must not lose any meanwhile.
  function* children(directory: Inode): Generator<Name, void, undefined> {
    for (let entry = inodes.get(directory, of.child); entry !== none; entry = names.get(entry, name.next)) yield entry
  }

  const namesTo = (entry: Name): ByteString[] => {
    const path: ByteString[] = []
    for (let one = entry; one !== 0; one = inodes.get(parentOf(one), of.name)) path.push(nameOf(one))
    return path.reverse()
  }

  // From memory that has been filled.
  const restored = (): void => {
    for (let entry = 1; entry < names.count; entry++) if (inodeOf(entry) === none) freeNames.push(entry)
    for (let node = 0; node < inodes.count; node++) {
      if (has(node, flag.free)) freeInodes.push(node)
      else {
        const first = inodes.get(node, of.name)
        if (first !== none && names.get(first, name.alias) !== none) linked.add(node)
      }
    }
    for (const [index, text] of rares.entries()) rareAt.set(text, index + 1)
    index.restore()
  }

  return {
    root: 0 as Inode,
    totals,
    // Another number after anything has been set: one that is saved need not be saved again while it is the same.
    get edits() {
      return edits
    },
    linked: linked as ReadonlySet<Inode>,
    // The tree begins with its root directory.
    addRoot: (facts: Facts): void => {
      addInode(facts)
      const root = names.add()
      names.set(root, name.inode, 0)
      names.set(root, name.next, none)
      names.set(root, name.previous, none)
      names.set(root, name.alias, none)
      inodes.set(0, of.name, root)
      totals.entries = 1
    },
    add: (directory: Inode, text: ByteString, facts: Facts): Name => addName(directory, text, addInode(facts)),
    link: (directory: Inode, text: ByteString, node: Inode): Name => {
      linked.add(node)
      return addName(directory, text, node)
    },
    set,
    remove,
    invalidate,
    child: index.find,
    children,
    childCount: (directory: Inode): number => inodes.get(directory, of.children),
    find: (path: readonly ByteString[]): Name | undefined => {
      let entry: Name | undefined = 0
      for (const text of path) {
        if (entry === undefined || !isDirectory(inodeOf(entry))) return undefined
        entry = index.find(inodeOf(entry), text)
      }
      return entry
    },
    inodeOf,
    parentOf,
    nameOf,
    namesOf,
    namesTo,
    // Of a directory, or of one of an inode's names.
    anyName: (node: Inode): Name => inodes.get(node, of.name),
    type,
    isDirectory,
    metadata,
    // Beside names and times, which the file system has moved or not.
    setMetadata: (node: Inode, wanted: Metadata): void => {
      edits++
      writeMetadata(wanted, inodes.chunkOf(node), inodes.offsetOf(node))
      inodes.set(node, of.rare, rareIndex(wanted))
      setFlag(node, flag.suspect, true)
      invalidate(node)
    },
    content,
    // A file that is not as any stat says: some of its blocks are other ones, or not known.
    setContent: (node: Inode, size: number, hash: ByteString, blocks: Blocks): void => {
      edits++
      totals.contentBytes += size - sizeOf(node)
      splitNumber(size, inodes.chunkOf(node), inodes.offsetOf(node) + trace.size)
      setFlag(node, flag.suspect | flag.blocks, true)
      writeBlocks(blocks, inodes.chunkOf(node), inodes.offsetOf(node))
      inodes.setBytes(node, of.content, hash)
      inodes.setBytes(node, of.digest, inodeDigest(metadata(node), hash))
      invalidateNames(node)
    },
    blocks: (node: Inode): Blocks | undefined =>
      has(node, flag.blocks) ? readBlocks(inodes.chunkOf(node), inodes.offsetOf(node)) : undefined,
    isSuspect: (node: Inode): boolean => has(node, flag.suspect),
    setSuspect: (node: Inode, suspect: boolean): void => setFlag(node, flag.suspect, suspect),
    // The change time is another, and nothing else: a further name moves it. Suspect, where there is more.
    setSeen: (node: Inode, words: Trace): void => {
      edits++
      const chunk = inodes.chunkOf(node)
      const at = inodes.offsetOf(node)
      const same = changesOnly.every((word) => chunk[at + word] === words[word])
      if (same) for (let word = 0; word < traceWords; word++) chunk[at + word] = words[word] ?? 0
      setFlag(node, flag.suspect, !same)
    },
    // Against a trace that was taken by a look at the file system.
    sameInode: (node: Inode, words: Uint32Array, at: number): boolean =>
      sameInodeIn(inodes.chunkOf(node), inodes.offsetOf(node), words, at),
    untouched: (node: Inode, words: Uint32Array, at: number): boolean =>
      !has(node, flag.suspect) && unchangedIn(inodes.chunkOf(node), inodes.offsetOf(node), words, at),
    // Against a scan, whatever the stats of a suspect one are worth: every word of it, and all but the change time.
    isAsSeen: (node: Inode, words: Uint32Array, at: number): boolean =>
      unchangedIn(inodes.chunkOf(node), inodes.offsetOf(node), words, at),
    isAsModified: (node: Inode, words: Uint32Array, at: number): boolean => {
      const [chunk, from] = [inodes.chunkOf(node), inodes.offsetOf(node)]
      return changesOnly.every((word) => chunk[from + word] === words[at + word])
    },
    // All that was changed so shortly before this moment that it may have changed since and look the same is suspect.
    doubtSince: (atMs: number): void => {
      for (let node = 0; node < inodes.count; node++) {
        const at = inodes.offsetOf(node)
        if (has(node, flag.free) || !isRacy(inodes.chunkOf(node).subarray(at, at + traceWords), atMs)) continue
        setFlag(node, flag.suspect, true)
      }
    },
    isDigested: (directory: Inode): boolean => has(directory, flag.digested),
    setDigest: (directory: Inode, digest: ByteString): void => {
      inodes.setBytes(directory, of.digest, digest)
      setFlag(directory, flag.digested, true)
    },
    digestOf: (node: Inode): ByteString => inodes.getBytes(node, of.digest, hashBytes),
    storage: { names, inodes, texts, rares, totals, restored },
    release: (): void => {
      names.release()
      inodes.release()
      texts.release()
    },
  }
}
