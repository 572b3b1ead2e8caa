import type { ByteString } from '../byte-string.ts'
import { nextData, nextHole, read, seek } from '../linux/libc.ts'
import type { Stat } from '../linux/stat.ts'
import { mostSegments, type Segment } from '../tar/sparse-map.ts'
import { type ContentHash, hashOfSmallContent, isSmall } from '../tree/content-hash.ts'
import type { PieceSink } from './piece-sink.ts'

// Where a file's data is, when it has holes; undefined when it has none. A file system that knows nothing of holes
// says that everything is data. The file may change while it is asked: the answer is always in order and within size.
export const segmentsOf = (fd: number, stat: Stat): readonly Segment[] | undefined => {
  if (stat.diskBytes >= stat.size) return undefined
  const segments: Segment[] = []
  for (let offset = 0; offset < stat.size; ) {
    const data = nextData(fd, offset)
    if (data === undefined || data >= stat.size || data < offset) break
    const hole = segments.length === mostSegments - 1 ? undefined : nextHole(fd, data)
    const end = Math.min(hole === undefined || hole <= data ? stat.size : hole, stat.size)
    segments.push({ offset: data, length: end - data })
    offset = end
  }
  const [first] = segments
  seek(fd, 0)
  return segments.length === 1 && first?.offset === 0 && first.length === stat.size ? undefined : segments
}

// What of the segments lies within [offset, offset + length), counted from there. `from`: the first that may.
export const within = (
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

// Sends the announced bytes of each segment, counted from `offset`, exactly, whatever happens to the file meanwhile: the
// header before them has promised their number. Answers whether the file ended before them; zeros were sent in place of
// what was gone.
export const sendContent = (
  fd: number,
  { offset, length }: Segment,
  segments: readonly Segment[],
  content: ContentHash,
  sink: PieceSink,
  checkpoint: () => void,
): boolean => {
  let short = false
  let position = 0
  for (const segment of segments) {
    content.zeros(segment.offset - position)
    seek(fd, offset + segment.offset)
    position = segment.offset + segment.length
    for (let rest = segment.length; rest > 0; ) {
      checkpoint()
      const into = sink.space().subarray(0, rest)
      const count = short ? 0 : read(fd, into)
      if (count === 0) {
        short = true
        into.fill(0)
      }
      const sent = count === 0 ? into.length : count
      content.update(into.subarray(0, sent))
      rest -= sent
      // Last: a full piece is given away, memory and all.
      sink.advance(sent)
    }
  }
  content.zeros(length - position)
  return short
}

// As much of the file, from where it stands, as there is and fits: how many bytes.
export const readFully = (fd: number, into: Buffer): number => {
  let filled = 0
  while (filled < into.length) {
    const count = read(fd, filled === 0 ? into : into.subarray(filled))
    if (count === 0) break
    filled += count
  }
  return filled
}

export type SmallContent = {
  readonly hash: ByteString
  // The file ended before its announced size; zeros were sent in place of what was gone.
  readonly short: boolean
}

// The same as sendContent for a file that fits in what is left of the current piece: one read and one hash.
export const sendSmallContent = (fd: number, size: number, sink: PieceSink): SmallContent | undefined => {
  const space = sink.space()
  if (!isSmall(size) || size > space.length) return undefined
  const into = space.subarray(0, size)
  const filled = readFully(fd, into)
  into.fill(0, filled)
  const hash = hashOfSmallContent(into)
  sink.advance(size)
  return { hash, short: filled < size }
}
