import type { ByteString } from '../byte-string.ts'

// What a round carried, as reader and writer each find it.
export type Summary = {
  // Names in the tree, the root included; a file with two names counts twice.
  readonly entries: number
  // What the stream said something of: new, changed and removed names.
  readonly changedEntries: number
  // Bytes of file content in the stream: no holes, and a file with several names once.
  readonly contentBytes: number
  // Bytes of content in the tree, as a reader sees it: with holes, and a file with several names once.
  readonly volumeBytes: number
  readonly tarBytes: number
  readonly digest: string
  readonly skipped: readonly Skipped[]
  // Of a volume that was compared with what is remembered of it, where its digest is another.
  readonly differing?: readonly ByteString[]
}

export type Skipped = { readonly path: ByteString; readonly reason: string }

const mostSkipped = 1000

export type SkippedList = { add(path: ByteString, reason: string): void; list(): readonly Skipped[] }

// Bounded, since a volume may hold any number of sockets: the last line then says how many more there were.
export const createSkippedList = (): SkippedList => {
  const skipped: Skipped[] = []
  let more = 0
  return {
    add: (path, reason) => {
      if (skipped.length < mostSkipped) skipped.push({ path, reason })
      else more++
    },
    list: () => (more === 0 ? skipped : [...skipped, { path: '', reason: `and ${more} more entries` }]),
  }
}
