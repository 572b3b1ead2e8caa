// What a round announces before its first byte, and what is held against it: a stream that brings more is refused before
// it is written, however it came to it. The reader keeps within what it announced; in a live round a file that has grown
// beyond it waits for the next.
import { damaged } from '../damaged.ts'
import { mostRecordBytes } from '../tar/member.ts'
import { contentPageBytes } from '../tree/page-hashes.ts'
import type { Scan } from '../tree/scan.ts'
import type { Tree } from '../tree/tree.ts'

export type RoundLimits = {
  // Members of the archive: entries, removals, links, and the parts of changed files.
  readonly entries: number
  // Bytes of content in the archive.
  readonly contentBytes: number
  // Components of a path, and bytes of it.
  readonly depth: number
  readonly pathBytes: number
  // Of the pax records of one member.
  readonly recordBytes: number
}

// A live round may find more in a file than was recorded a moment before.
const growth = 2
const roomToGrow = 1024 ** 3
const longestName = 255
// What one name may need: it goes, it comes, and it is linked to.
const membersPerName = 3
// Places in a round from which it can go on (round/checkpoint.ts).
export const mostCheckpoints = 10_000
// Beside names and attributes: numbers, times, and keywords.
const recordsBeside = 64 * 1024

export const announce = (recorded: Scan, held: Tree, final: boolean): RoundLimits => {
  const content = recorded.contentBytes
  const contentBytes = final ? content : content * growth + roomToGrow
  // Something that goes has a name in a directory that is there, of any length.
  const pathBytes = recorded.longestPath + longestName
  return {
    entries:
      membersPerName * recorded.count +
      held.totals.entries +
      Math.ceil(contentBytes / contentPageBytes) +
      mostCheckpoints,
    contentBytes,
    depth: recorded.deepest + 1,
    pathBytes,
    recordBytes: Math.min(mostRecordBytes, mostRecordBytes / 2 + 2 * pathBytes + recordsBeside),
  }
}

export type Gate = {
  // Members and bytes of content that have been let through.
  readonly entries: number
  readonly contentBytes: number
  readonly recordBytes: number
  admitEntry(): void
  admitPath(names: readonly { readonly length: number }[]): void
  // Before they are written.
  admitContent(bytes: number): void
}

// `limits` is asked at every member: what was announced arrives with the stream.
export const createGate = (limits: () => Partial<RoundLimits> | undefined): Gate => {
  let entries = 0
  let contentBytes = 0
  const within = (what: string, found: number, most: number | undefined): void => {
    if (most !== undefined && found > most) throw damaged(`it has more than the ${most} ${what} announced`)
  }
  return {
    get entries() {
      return entries
    },
    get contentBytes() {
      return contentBytes
    },
    get recordBytes() {
      return Math.min(limits()?.recordBytes ?? mostRecordBytes, mostRecordBytes)
    },
    admitEntry: () => within('entries', ++entries, limits()?.entries),
    admitPath: (names) => {
      const { depth, pathBytes } = limits() ?? {}
      if (depth === undefined && pathBytes === undefined) return
      within('levels of directories', names.length, depth)
      let bytes = Math.max(0, names.length - 1)
      for (const { length } of names) bytes += length
      within('bytes in a path', bytes, pathBytes)
    },
    admitContent: (bytes) => {
      contentBytes += bytes
      within('bytes of content', contentBytes, limits()?.contentBytes)
    },
  }
}
