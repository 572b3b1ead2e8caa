import type { ByteString } from '../byte-string.ts'
import { createCursor } from '../linux/cursor.ts'
import { namesIn, statxAt } from '../linux/libc.ts'
import { lastTrace } from '../linux/trace.ts'
import { isGone, type Scan, type Scanned } from './scan.ts'

// Paths of entries that are not as they were scanned: changed, gone or new. A directory in which names come or go has
// changed itself: what is new in it need not be looked for otherwise. Takes over the descriptor; ends at `most`.
export const changesSince = (
  scan: Scan,
  rootFd: number,
  checkpoint: () => void,
  most: number,
): readonly ByteString[] => {
  const cursor = createCursor(rootFd)
  const changed: ByteString[] = []

  const isAsScanned = (row: Scanned, name: ByteString): boolean => {
    try {
      statxAt(cursor.fd, name)
    } catch (error) {
      if (!isGone(error)) throw error
      return false
    }
    return scan.unchanged(row, lastTrace(), 0)
  }
  const nameNew = (directory: Scanned): void => {
    const known = new Set<ByteString>()
    for (let row = scan.first(directory); row < scan.end(directory); row++) known.add(scan.nameOf(row))
    for (const name of namesIn(cursor.fd)) if (!known.has(name)) changed.push(cursor.prefix() + name)
  }
  const open: { next: Scanned; readonly end: Scanned }[] = []
  const begin = (directory: Scanned): void => {
    checkpoint()
    if (!isAsScanned(directory, '.')) {
      changed.push(cursor.prefix().slice(0, -1))
      nameNew(directory)
    }
    open.push({ next: scan.first(directory), end: scan.end(directory) })
  }

  try {
    begin(0)
    for (let here = open.at(-1); here !== undefined && changed.length < most; here = open.at(-1)) {
      if (here.next === here.end) {
        open.pop()
        if (open.length > 0) cursor.leave()
        continue
      }
      const row = here.next++
      const name = scan.nameOf(row)
      if (!scan.isDirectory(row)) {
        if (!isAsScanned(row, name)) changed.push(cursor.prefix() + name)
        continue
      }
      try {
        cursor.enter(name)
      } catch (error) {
        if (!isGone(error)) throw error
        changed.push(cursor.prefix() + name)
        continue
      }
      begin(row)
    }
  } finally {
    cursor.close()
  }
  return changed.slice(0, most)
}
