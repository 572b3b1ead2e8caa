import type { ByteString } from '../byte-string.ts'
import { createCursor } from '../linux/cursor.ts'
import { namesIn, OsError, statxAt } from '../linux/libc.ts'
import { lastStat, type Stat } from '../linux/stat.ts'
import {
  copyTrace,
  type Identity,
  identityIn,
  isLastDevice,
  isLastMountPoint,
  isLastSocket,
  lastLinks,
  lastTrace,
  sameInodeIn,
  type Trace,
  trace,
  traceWords,
  typeIn,
  unchangedIn,
  unsigned,
} from '../linux/trace.ts'
import { createArena, createRows } from './rows.ts'

// What is in a volume at one time, by names and stats alone: no file has been opened. Entries are rows (tree/rows.ts), the
// root is row 0; those of one directory follow each other.
export type Scan = ReturnType<typeof scan>
export type Scanned = number

export type ScanObserver = {
  // Before each directory; throws to end the scan.
  readonly checkpoint: () => void
  readonly leftOut: (path: ByteString, reason: string) => void
  // Why a device is not part of the volume, beyond what never is; undefined: it is.
  readonly unwantedDevice?: (stat: Stat, path: ByteString) => string | undefined
  // Of every entry that is part of the volume, right after it was looked at (linux/trace.ts).
  readonly looked?: () => void
  // An entry that was listed, and gone when it was looked at.
  readonly vanished: (path: ByteString) => void
}

// Not there under that name, or no longer as what it was.
export const isGone = (error: unknown): boolean =>
  error instanceof OsError && (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP')

// Words of a row, after its trace.
const word = {
  links: traceWords,
  text: traceWords + 1,
  length: traceWords + 2,
  child: traceWords + 3,
  children: traceWords + 4,
} as const
const rowWords = traceWords + 5

const directoryBits = 0o040000
const isDirectoryIn = (words: Uint32Array, at: number): boolean =>
  ((words[at + trace.mode] ?? 0) & 0xf000) === directoryBits

// The traces of one directory's entries, as they are listed, until their order is known.
const createListing = () => {
  let words = new Uint32Array(1024 * traceWords)
  let links = new Uint32Array(1024)
  let order: number[] = []
  const names: ByteString[] = []
  return {
    names,
    clear: (): void => {
      names.length = 0
      order = []
    },
    add: (name: ByteString, linkCount: number): void => {
      const at = names.length
      if ((at + 1) * traceWords > words.length) {
        const [more, moreLinks] = [new Uint32Array(words.length * 2), new Uint32Array(links.length * 2)]
        more.set(words)
        moreLinks.set(links)
        words = more
        links = moreLinks
      }
      copyTrace(words, at * traceWords)
      links[at] = linkCount
      names.push(name)
      order.push(at)
    },
    // Entries that lie near each other on disk come together; directories last, so that each directory's files are one
    // run.
    inReadingOrder: (): readonly number[] => {
      const key = (index: number): number => {
        const at = index * traceWords
        return unsigned(words, at + trace.inode) + (isDirectoryIn(words, at) ? 2 ** 64 : 0)
      }
      const keys = Float64Array.from(order, key)
      return order.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0))
    },
    links: (index: number): number => links[index] ?? 0,
    copy: (index: number, into: Uint32Array, at: number): void => {
      const from = index * traceWords
      for (let one = 0; one < traceWords; one++) into[at + one] = words[from + one] ?? 0
    },
  }
}

// Takes over the descriptor of the root directory.
export const scan = (rootFd: number, observer: ScanObserver) => {
  const rows = createRows(rowWords)
  const texts = createArena()
  const listing = createListing()
  const cursor = createCursor(rootFd)
  const volume: Stat = cursor.stat
  let deepest = 0
  let longestPath = 0
  let contentBytes = 0

  const isWanted = (prefix: ByteString, name: ByteString): boolean => {
    try {
      statxAt(cursor.fd, name)
    } catch (error) {
      if (!isGone(error)) throw error
      observer.vanished(prefix + name)
      return false
    }
    const unwanted = isLastDevice() ? observer.unwantedDevice?.(lastStat(), prefix + name) : undefined
    if (unwanted !== undefined) observer.leftOut(prefix + name, unwanted)
    else if (isLastSocket()) observer.leftOut(prefix + name, 'a socket exists only while its process listens')
    else if (isLastMountPoint(volume)) {
      observer.leftOut(prefix + name, 'another file system is mounted there; it is not part of the volume')
    } else return true
    return false
  }

  const list = (directory: Scanned): void => {
    observer.checkpoint()
    const prefix = cursor.prefix()
    listing.clear()
    for (const name of namesIn(cursor.fd)) {
      if (!isWanted(prefix, name)) continue
      observer.looked?.()
      listing.add(name, lastLinks())
    }
    deepest = Math.max(deepest, cursor.names.length)
    longestPath = Math.max(longestPath, prefix.length)
    rows.set(directory, word.child, rows.count)
    rows.set(directory, word.children, listing.names.length)
    for (const index of listing.inReadingOrder()) {
      const row = rows.add()
      const name = listing.names[index] ?? ''
      const [chunk, at] = [rows.chunkOf(row), rows.offsetOf(row)]
      listing.copy(index, chunk, at)
      chunk[at + word.links] = listing.links(index)
      chunk[at + word.text] = texts.add(name)
      chunk[at + word.length] = name.length
      if (typeIn(chunk, at) === 'file') contentBytes += unsigned(chunk, at + trace.size)
    }
  }

  const isDirectory = (row: Scanned): boolean => isDirectoryIn(rows.chunkOf(row), rows.offsetOf(row))
  const nameOf = (row: Scanned): ByteString => texts.text(rows.get(row, word.text), rows.get(row, word.length))
  const first = (directory: Scanned): Scanned => rows.get(directory, word.child)
  const end = (directory: Scanned): Scanned => rows.get(directory, word.child) + rows.get(directory, word.children)

  const enter = (row: Scanned): boolean => {
    const name = nameOf(row)
    try {
      cursor.enter(name)
    } catch (error) {
      if (!isGone(error)) throw error
      observer.vanished(cursor.prefix() + name)
      return false
    }
    if (sameInodeIn(lastTrace(), 0, rows.chunkOf(row), rows.offsetOf(row))) return true
    cursor.leave()
    observer.vanished(cursor.prefix() + name)
    return false
  }

  try {
    rows.add()
    statxAt(cursor.fd, '.')
    copyTrace(rows.chunkOf(0), 0)
    observer.looked?.()
    list(0)
    const open = [{ next: first(0), end: end(0) }]
    for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
      if (here.next === here.end) {
        open.pop()
        if (open.length > 0) cursor.leave()
        continue
      }
      const row = here.next++
      if (!isDirectory(row) || !enter(row)) continue
      list(row)
      open.push({ next: first(row), end: end(row) })
    }
  } finally {
    cursor.close()
  }

  const links = (row: Scanned): number => rows.get(row, word.links)
  return {
    count: rows.count,
    // Of directories: how deep they lie, and how long their paths are; and of files, one with several names for each.
    deepest,
    longestPath,
    contentBytes,
    isDirectory,
    nameOf,
    // The entries of a directory are the rows from `first` up to `end`.
    first,
    end,
    links,
    chunkOf: rows.chunkOf,
    offsetOf: rows.offsetOf,
    trace: (row: Scanned): Trace => rows.chunkOf(row).slice(rows.offsetOf(row), rows.offsetOf(row) + traceWords),
    type: (row: Scanned) => typeIn(rows.chunkOf(row), rows.offsetOf(row)),
    size: (row: Scanned): number => unsigned(rows.chunkOf(row), rows.offsetOf(row) + trace.size),
    unchanged: (row: Scanned, words: Uint32Array, at: number): boolean =>
      unchangedIn(rows.chunkOf(row), rows.offsetOf(row), words, at),
    sameInode: (row: Scanned, words: Uint32Array, at: number): boolean =>
      sameInodeIn(rows.chunkOf(row), rows.offsetOf(row), words, at),
    // Inode and device, as one key; directories are not asked for.
    identity: (row: Scanned): Identity => identityIn(rows.chunkOf(row), rows.offsetOf(row), rows.get(0, trace.device)),
    release: (): void => {
      rows.release()
      texts.release()
    },
  }
}
