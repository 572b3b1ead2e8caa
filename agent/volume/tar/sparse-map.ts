// Holes, in GNU tar's sparse format 1.0: the member's data starts with a map of where its bytes belong, decimal
// numbers each ended by a newline (how many segments, then offset and length of each), padded to a block.
// Source: GNU tar manual, "Storing Sparse Files", PAX format version 1.0.
import { damaged } from '../damaged.ts'
import { blockBytes, paddingAfter } from './header.ts'

export type Segment = { readonly offset: number; readonly length: number }

// A million segments are 16 MB of map. A file with more holes than that keeps the first; what follows goes as data.
export const mostSegments = 1_000_000

// A file that ends in a hole gets an empty segment at its end: GNU tar sets the size by it.
export const encodeSparseMap = (segments: readonly Segment[], size: number): Buffer => {
  const last = segments.at(-1)
  const ends = last !== undefined && last.offset + last.length === size
  const listed = ends ? segments : [...segments, { offset: size, length: 0 }]
  const text = `${listed.length}\n${listed.map(({ offset, length }) => `${offset}\n${length}\n`).join('')}`
  const map = Buffer.alloc(text.length + paddingAfter(text.length))
  map.write(text, 0, 'latin1')
  return map
}

export type SparseMap = { readonly segments: readonly Segment[]; readonly mapBytes: number }

// Reads the map from the blocks that `nextBlock` gives. `size`: of the file with its holes; `stored`: bytes of the
// member's data, map included. The segments are in order, apart from one another, and inside the file.
export const decodeSparseMap = (nextBlock: () => Buffer, size: number, stored: number): SparseMap => {
  let block = nextBlock()
  let mapBytes = blockBytes
  let at = 0
  const byte = (): number => {
    if (at === blockBytes) {
      block = nextBlock()
      mapBytes += blockBytes
      at = 0
    }
    return block[at++] ?? 0
  }
  const number = (): number => {
    let value = 0
    for (let digits = 0; ; digits++) {
      const next = byte()
      if (next === 10 && digits > 0) return value
      if (next < 48 || next > 57 || digits === 16) throw damaged('a sparse map is not made of numbers')
      value = value * 10 + next - 48
    }
  }

  const count = number()
  if (count > mostSegments + 1) throw damaged(`a sparse map has ${count} segments`)
  const segments: Segment[] = []
  let end = 0
  let data = 0
  for (let index = 0; index < count; index++) {
    const [offset, length] = [number(), number()]
    if (offset < end || offset + length > size) throw damaged('a sparse map has segments in disorder or out of bounds')
    end = offset + length
    data += length
    if (length > 0) segments.push({ offset, length })
  }
  if (mapBytes + data !== stored) throw damaged('a sparse map disagrees with the size of its data')
  return { segments, mapBytes }
}
