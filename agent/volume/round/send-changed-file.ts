// A file that the other side holds as it was, sent as what has changed in it: the blocks whose hash is another than the
// one kept from the round before. The file is read whole, since only that tells; what is equal does not cross.
import type { ByteString } from '../byte-string.ts'
import { seek } from '../linux/libc.ts'
import { paddingAfter } from '../tar/header.ts'
import { encodePart } from '../tar/member.ts'
import { encodeSparseMap, type Segment } from '../tar/sparse-map.ts'
import type { BlockList } from '../tree/block-store.ts'
import { contentBlockBytes, hashOfBlock, hashOfZeros } from '../tree/content-hash.ts'
import type { PieceSink } from './piece-sink.ts'
import { readFully, within } from './read-file.ts'

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
  // The hash of a block as the other side has it.
  readonly known: (index: number) => ByteString
  // Takes the hashes as they are found.
  readonly found: BlockList
}

const scratch = Buffer.alloc(contentBlockBytes)

// `pause` is called where the other side has all that was found so far: data bytes sent, and how far the last part reaches.
export const sendChangedBlocks = (
  { fd, path, size, segments, known, found }: Changed,
  sink: PieceSink,
  checkpoint: () => void,
  pause: (dataBytes: number, reached: number) => void,
): SentBlocks => {
  let parts = 0
  let dataBytes = 0
  let nextSegment = 0
  let lastPartEnd = 0
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
    lastPartEnd = offset + length
  }
  const endHole = (): void => {
    if (hole.length > 0) sendPart(hole.offset, hole.length, [])
    hole = { offset: 0, length: 0 }
  }
  // The bytes of the segments, zeros between them. How far the file reached.
  const readBlock = (offset: number, length: number, inside: readonly Segment[]): number => {
    if (segments !== undefined) scratch.fill(0, 0, length)
    for (const segment of inside) {
      seek(fd, offset + segment.offset)
      const filled = readFully(fd, scratch.subarray(segment.offset, segment.offset + segment.length))
      if (filled < segment.length) return segment.offset + filled
    }
    return length
  }

  let reached = 0
  for (let offset = 0; offset < size; offset += contentBlockBytes) {
    checkpoint()
    const wanted = Math.min(contentBlockBytes, size - offset)
    const range = within(segments ?? [{ offset: 0, length: size }], nextSegment, offset, wanted)
    nextSegment = range.next
    const length = readBlock(offset, wanted, range.inside)
    reached = offset + length
    if (length > 0) {
      const hash = range.inside.length === 0 ? hashOfZeros(length) : hashOfBlock(scratch.subarray(0, length))
      const changed = hash !== known(found.count)
      found.add(hash)
      if (changed && range.inside.length === 0) {
        if (hole.length === 0) hole = { offset, length }
        else hole = { offset: hole.offset, length: hole.length + length }
      } else {
        endHole()
        if (changed) sendPart(offset, length, length === wanted ? range.inside : [{ offset: 0, length }])
        pause(dataBytes, lastPartEnd)
      }
    }
    if (length < wanted) break
  }
  endHole()
  return { size: reached, short: reached < size, parts, dataBytes }
}
