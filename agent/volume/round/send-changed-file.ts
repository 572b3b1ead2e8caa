// A file that the other side holds as it was, sent as what has changed in it: the blocks whose hash is another than the
// one kept from the round before. The file is read whole, since only that tells; what is equal does not cross.
import type { ByteString } from '../byte-string.ts'
import { seek } from '../linux/libc.ts'
import { paddingAfter } from '../tar/header.ts'
import { encodePart } from '../tar/member.ts'
import { encodeSparseMap, type Segment } from '../tar/sparse-map.ts'
import { contentBlockBytes, hashOfBlock, hashOfBlocks, hashOfZeros } from '../tree/content-hash.ts'
import type { PieceSink } from './piece-sink.ts'
import { readFully } from './read-file.ts'

export type SentBlocks = {
  // As far as the file reached when it was read: it may have been cut meanwhile.
  readonly size: number
  readonly short: boolean
  readonly hash: ByteString
  readonly blocks: ByteString[]
  // Anything at all; and how much of it was data.
  readonly parts: number
  readonly dataBytes: number
}

const scratch = Buffer.alloc(contentBlockBytes)

// What of the segments lies within [offset, offset + length), counted from there. `from`: the first that may.
const within = (
  segments: readonly Segment[],
  from: number,
  offset: number,
  length: number,
): { readonly inside: readonly Segment[]; readonly next: number } => {
  const inside: Segment[] = []
  let next = from
  for (let segment = segments[next]; segment !== undefined; segment = segments[next]) {
    const start = Math.max(segment.offset, offset)
    const end = Math.min(segment.offset + segment.length, offset + length)
    if (end > start) inside.push({ offset: start - offset, length: end - start })
    if (segment.offset + segment.length > offset + length) break
    next++
  }
  return { inside, next }
}

export const sendChangedBlocks = (
  fd: number,
  path: ByteString,
  size: number,
  segments: readonly Segment[] | undefined,
  known: readonly ByteString[],
  sink: PieceSink,
  checkpoint: () => void,
): SentBlocks => {
  const blocks: ByteString[] = []
  let parts = 0
  let dataBytes = 0
  let nextSegment = 0
  // A run of blocks that have become a hole.
  let hole = { offset: 0, length: 0 }

  const sendPart = (offset: number, length: number, inside: readonly Segment[]): void => {
    const whole = inside.length === 1 && inside[0]?.length === length
    const map = whole ? undefined : encodeSparseMap(inside, length)
    const bytes = inside.reduce((sum, segment) => sum + segment.length, 0)
    const storedBytes = bytes + (map?.length ?? 0)
    sink.write(encodePart({ path, offset, length }, storedBytes, map !== undefined))
    if (map !== undefined) sink.write(map)
    for (const segment of inside) sink.write(scratch.subarray(segment.offset, segment.offset + segment.length))
    sink.zeros(paddingAfter(storedBytes))
    parts++
    dataBytes += bytes
  }
  const endHole = (): void => {
    if (hole.length > 0) sendPart(hole.offset, hole.length, [])
    hole = { offset: 0, length: 0 }
  }
  // The bytes of the segments, zeros between them. How far the file reached.
  const readBlock = (offset: number, length: number, inside: readonly Segment[]): number => {
    if (segments !== undefined) scratch.fill(0, 0, length)
    for (const segment of inside) {
      if (segments !== undefined) seek(fd, offset + segment.offset)
      const filled = readFully(fd, scratch.subarray(segment.offset, segment.offset + segment.length))
      if (filled < segment.length) return segment.offset + filled
    }
    return length
  }

  let reached = 0
  for (let offset = 0; offset < size; offset += contentBlockBytes) {
    checkpoint()
    const wanted = Math.min(contentBlockBytes, size - offset)
    const found = within(segments ?? [{ offset: 0, length: size }], nextSegment, offset, wanted)
    nextSegment = found.next
    const length = readBlock(offset, wanted, found.inside)
    reached = offset + length
    if (length > 0) {
      const hash = found.inside.length === 0 ? hashOfZeros(length) : hashOfBlock(scratch.subarray(0, length))
      const changed = hash !== known[blocks.length]
      blocks.push(hash)
      if (changed && found.inside.length === 0) {
        if (hole.length === 0) hole = { offset, length }
        else hole = { offset: hole.offset, length: hole.length + length }
      } else {
        endHole()
        if (changed) sendPart(offset, length, length === wanted ? found.inside : [{ offset: 0, length }])
      }
    }
    if (length < wanted) break
  }
  endHole()
  return { size: reached, short: reached < size, hash: hashOfBlocks(blocks), blocks, parts, dataBytes }
}
