// A file that the other side holds as it was, sent as what has changed in it: the pages whose hash is another than the one
// kept from the round before; of a block whose pages are not known, all of it. The file is read whole, since only that
// tells; what is equal does not cross.
import type { ByteString } from '../byte-string.ts'
import { paddingAfter } from '../tar/header.ts'
import { encodePart } from '../tar/member.ts'
import { encodeSparseMap, type Segment } from '../tar/sparse-map.ts'
import type { BlockList } from '../tree/block-store.ts'
import {
  contentBlockBytes,
  contentPageBytes,
  hashBytes,
  hashOfPages,
  type PageHashes,
  zeroBlockHash,
} from '../tree/page-hashes.ts'
import type { PieceSink } from './piece-sink.ts'
import type { BlockReader } from './read-blocks.ts'
import { within } from './read-file.ts'

export type SentBlocks = {
  // As far as the file reached when it was read: it may have been cut meanwhile.
  readonly size: number
  readonly short: boolean
  // Anything at all; and how much of it was data.
  readonly parts: number
  readonly dataBytes: number
}

type Changed = {
  readonly fd: number
  readonly path: ByteString
  readonly size: number
  readonly segments: readonly Segment[] | undefined
  // What the other side has: the hash of a block, and those of its pages where they are known.
  readonly known: {
    readonly hash: (block: number) => ByteString
    readonly pages: (block: number) => PageHashes | undefined
  }
  // Takes the hashes as they are found.
  readonly found: BlockList
}

// A run of pages of a block that are others than they were, in bytes from the block's start.
type Run = { readonly start: number; readonly end: number }

const changedRuns = (pages: PageHashes, known: PageHashes | undefined, length: number): readonly Run[] => {
  if (known === undefined) return [{ start: 0, end: length }]
  const runs: Run[] = []
  let start = -1
  const endRun = (at: number): void => {
    if (start >= 0) runs.push({ start, end: Math.min(at, length) })
    start = -1
  }
  for (let at = 0, page = 0; at < length; at += contentPageBytes, page += hashBytes) {
    const same = page < known.length && pages.compare(known, page, page + hashBytes, page, page + hashBytes) === 0
    if (same) endRun(at)
    else if (start < 0) start = at
  }
  endRun(length)
  return runs
}

const nothing = Buffer.alloc(0)

// `pause` is called where the other side has all that was found so far: data bytes sent, and how far the last part reaches.
export const sendChangedBlocks = (
  { fd, path, size, segments, known, found }: Changed,
  reader: BlockReader,
  sink: PieceSink,
  checkpoint: () => void,
  pause: (dataBytes: number, reached: number) => void,
): SentBlocks => {
  let parts = 0
  let dataBytes = 0
  let lastPartEnd = 0
  // A run of blocks that have become a hole.
  let hole = { offset: 0, length: 0 }

  // `bytes`: the block's; `block`: where it begins in the file; `inside`: where the data of the part is, from the part's start.
  const sendPart = (bytes: Buffer, block: number, { start, end }: Run, inside: readonly Segment[]): void => {
    const length = end - start
    const whole = inside.length === 1 && inside[0]?.length === length
    const map = whole ? undefined : encodeSparseMap(inside, length)
    const data = inside.reduce((sum, segment) => sum + segment.length, 0)
    const storedBytes = data + (map?.length ?? 0)
    sink.write(encodePart({ path, offset: block + start, length }, storedBytes, map !== undefined))
    if (map !== undefined) sink.write(map)
    for (const segment of inside) {
      sink.write(bytes.subarray(start + segment.offset, start + segment.offset + segment.length))
    }
    sink.zeros(paddingAfter(storedBytes))
    parts++
    dataBytes += data
    lastPartEnd = block + end
  }
  const endHole = (): void => {
    if (hole.length > 0) sendPart(nothing, hole.offset, { start: 0, end: hole.length }, [])
    hole = { offset: 0, length: 0 }
  }

  let reached = 0
  for (const { index, wanted, inside, bytes, length, pages } of reader.blocks(fd, size, segments, checkpoint)) {
    const offset = index * contentBlockBytes
    reached = offset + length
    if (length === 0) break
    const empty = inside.length === 0
    const hash = empty && length === contentBlockBytes ? zeroBlockHash : hashOfPages(pages)
    const changed = hash !== known.hash(index)
    if (!changed) sink.standsStill()
    if (!changed) found.keepUntil(index + 1)
    else found.add(hash, pages)
    if (changed && empty) {
      if (hole.length === 0) hole = { offset, length }
      else hole = { offset: hole.offset, length: hole.length + length }
      continue
    }
    endHole()
    if (changed) {
      const data = length === wanted ? inside : [{ offset: 0, length }]
      for (const run of changedRuns(pages, known.pages(index), length)) {
        sendPart(bytes, offset, run, within(data, 0, run.start, run.end - run.start).inside)
      }
    }
    // Not in a block that is not full: where the file was longer, the other side has the rest of it still.
    if (length === contentBlockBytes) pause(dataBytes, lastPartEnd)
  }
  endHole()
  return { size: reached, short: reached < size, parts, dataBytes }
}
