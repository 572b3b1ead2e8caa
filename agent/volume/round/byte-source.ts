import { damaged } from '../damaged.ts'
import { contentBlockBytes } from '../tree/page-hashes.ts'

// A stream of pieces of any size, taken in the portions that a format asks for. Bytes are read where they came in; only
// what straddles two pieces is copied. What is returned is valid until the next call.
export type ByteSource = {
  // Bytes taken so far.
  readonly total: number
  // Exactly `count` bytes; a stream that ends before them is damaged.
  take(count: number): Buffer
  // At least one and at most `most` bytes, as many as are at hand without copying.
  takeSome(most: number): Buffer
  // Exactly `count` bytes, if the piece at hand has them and they are no more than a block of content; else nothing
  // is taken.
  takeWhole(count: number): Buffer | undefined
  // As take, but undefined where the stream ends before the first byte.
  takeOrEnd(count: number): Buffer | undefined
}

const nothing = Buffer.alloc(0)

// `next`: the next piece, or undefined at the end. The one before may be gone from memory when it is called.
export const createByteSource = (next: () => Buffer | undefined): ByteSource => {
  let piece: Buffer = nothing
  let at = 0
  let total = 0

  const refill = (): boolean => {
    while (at === piece.length) {
      piece = nothing
      at = 0
      const arrived = next()
      if (arrived === undefined) return false
      piece = arrived
    }
    return true
  }
  const takeSome = (most: number): Buffer => {
    if (!refill()) throw damaged('it ends too early', { bytes: total })
    const part = piece.subarray(at, at + most)
    at += part.length
    total += part.length
    return part
  }
  const take = (count: number): Buffer => {
    if (count === 0) return Buffer.alloc(0)
    const first = takeSome(count)
    if (first.length === count) return first
    const whole = Buffer.allocUnsafe(count)
    for (let filled = first.copy(whole); filled < count; ) filled += takeSome(count - filled).copy(whole, filled)
    return whole
  }
  return {
    get total() {
      return total
    },
    take,
    takeSome,
    takeWhole: (count) =>
      count <= contentBlockBytes && refill() && piece.length - at >= count ? takeSome(count) : undefined,
    takeOrEnd: (count) => (refill() ? take(count) : undefined),
  }
}

// Of what is in memory already.
export const byteSourceOf = (bytes: Buffer): ByteSource => {
  let rest: Buffer | undefined = bytes
  return createByteSource(() => {
    const piece = rest
    rest = undefined
    return piece
  })
}
