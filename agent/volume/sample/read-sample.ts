// How fast volumes are read just now: of the files themselves, cached or not as they are, confined as a round reads them, and
// never more than a moment's worth.
import { performance } from 'node:perf_hooks'
import type { ByteString } from '../byte-string.ts'
import { type Cursor, createCursor } from '../linux/cursor.ts'
import { close, listAttributes, namesIn, nextData, nextHole, open, openAt, readFullyAt, reopen } from '../linux/libc.ts'
import { isMountPoint, type Stat, sameInode, statAt, statFd } from '../linux/stat.ts'
import { asReadError, openVolume } from '../round/volume-root.ts'
import { isGone } from '../tree/scan.ts'
import { type Rates, rateOf } from './rates.ts'
import { evenly, stretchesOver } from './stretches.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

const mostFiles = 4_096
const mostEntriesLookedAt = 20_000
const lookingMs = 100
const readingMs = 150
const mostBytes = 32 * mebibyte
const leastStretches = 16
const leastBytes = 256 * kibibyte
const chunk = Buffer.alloc(512 * kibibyte)
// A file that takes about as long to open as to read.
const smallBytes = 64 * kibibyte
const mostSmallFiles = 500
const leastSmallFiles = 50
const smallFilesMs = 100

type Found = {
  readonly cursor: Cursor
  readonly directory: readonly ByteString[]
  readonly name: ByteString
  readonly stat: Stat
}

export const sampleReading = (roots: readonly string[], checkpoint: () => void): Rates => {
  const cursors: Cursor[] = []
  let root = ''
  try {
    const found: Found[] = []
    for (const [index, at] of roots.entries()) {
      root = at
      const cursor = createCursor(openVolume(at))
      cursors.push(cursor)
      // Each its share of what is left.
      collect(cursor, found, (mostFiles - found.length) / (roots.length - index), lookingMs / roots.length, checkpoint)
    }
    return {
      filesPerSecond: readSmall(
        found.filter(({ stat }) => stat.size <= smallBytes),
        checkpoint,
      ),
      bytesPerSecond: readStretches(found, checkpoint),
    }
  } catch (error) {
    throw asReadError(root, error)
  } finally {
    for (const cursor of cursors) cursor.close()
  }
}

// Regular files with content, from the top on, level by level.
const collect = (cursor: Cursor, into: Found[], most: number, forMs: number, checkpoint: () => void): void => {
  const until = performance.now() + forMs
  const enough = into.length + most
  const volume = cursor.stat
  let looked = 0
  const directories: ByteString[][] = [[]]
  for (let directory = directories.shift(); directory !== undefined; directory = directories.shift()) {
    checkpoint()
    if (!reaches(cursor, directory)) continue
    for (const name of namesIn(cursor.fd)) {
      if (into.length >= enough || ++looked > mostEntriesLookedAt || performance.now() > until) return
      const stat = unlessGone(() => statAt(cursor.fd, name))
      if (stat === undefined || isMountPoint(volume, stat)) continue
      if (stat.type === 'directory') directories.push([...directory, name])
      else if (stat.type === 'file' && stat.diskBytes > 0) into.push({ cursor, directory, name, stat })
    }
  }
}

const unlessGone = <T>(work: () => T): T | undefined => {
  try {
    return work()
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

const reaches = (cursor: Cursor, directory: readonly ByteString[]): boolean =>
  unlessGone(() => {
    cursor.moveTo(directory)
    return true
  }) === true

// undefined: what was found there is gone.
const withOpen = <T>({ cursor, directory, name, stat }: Found, work: (fd: number) => T): T | undefined => {
  if (!reaches(cursor, directory)) return undefined
  const path = unlessGone(() => openAt(cursor.fd, name, open.path | open.noFollow))
  if (path === undefined) return undefined
  try {
    const now = statFd(path)
    if (now.type !== 'file' || !sameInode(now, stat)) return undefined
    const fd = reopen(path)
    try {
      return work(fd)
    } finally {
      close(fd)
    }
  } finally {
    close(path)
  }
}

const readSmall = (found: readonly Found[], checkpoint: () => void): number => {
  const startedAt = performance.now()
  let files = 0
  let tookMs = 0
  for (const file of evenly(found, mostSmallFiles)) {
    checkpoint()
    const read = withOpen(file, (fd) => {
      listAttributes({ fd, pathOnly: false })
      return readFullyAt(fd, chunk.subarray(0, smallBytes), 0)
    })
    if (read !== undefined) files++
    tookMs = performance.now() - startedAt
    if (tookMs > smallFilesMs) break
  }
  return rateOf(files, tookMs, leastSmallFiles)
}

// Where there is data: to read holes takes no time, and they are not carried.
const readStretches = (found: readonly Found[], checkpoint: () => void): number => {
  const startedAt = performance.now()
  let bytes = 0
  let tookMs = 0
  const isOver = () => {
    checkpoint()
    tookMs = performance.now() - startedAt
    return tookMs > readingMs || bytes >= mostBytes
  }
  const sizes = found.map(({ stat }) => stat.size)
  // A stretch does not go beyond its file: of small ones many are read.
  const average = sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length)
  const count = Math.min(Math.max(leastStretches, Math.ceil(mostBytes / average)), mostFiles)
  for (const { file, offset, length } of stretchesOver(sizes, count, mostBytes / count)) {
    const one = found[file]
    if (one === undefined) continue
    withOpen(one, (fd) => {
      const from = nextData(fd, offset) ?? one.stat.size
      const end = Math.min(from + length, nextHole(fd, from) ?? from, one.stat.size)
      for (let at = from; at < end && !isOver(); at += chunk.length) {
        bytes += readFullyAt(fd, chunk.subarray(0, Math.min(chunk.length, end - at)), at)
      }
    })
    if (isOver()) break
  }
  return rateOf(bytes, tookMs, leastBytes)
}
