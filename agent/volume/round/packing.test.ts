import { randomBytes } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPacker, isPacked, unpack } from './packing.ts'

const mebibyte = 1024 * 1024
const damaged = expect.objectContaining({ code: 'DRAYAGE_STREAM_DAMAGED' })
const text = (bytes: number): Buffer => Buffer.alloc(bytes, 'how much of this is new? ')

test('a piece that shrinks is packed in its own memory, and unpacks to what it was', () => {
  const sizes = fc.oneof(fc.integer({ min: 200, max: mebibyte }), fc.constant(mebibyte))
  fc.assert(
    fc.property(sizes, fc.uint8Array({ maxLength: 100 }), (size, start) => {
      const piece = text(size)
      piece.set(start)
      const original = Buffer.from(piece)
      const packed = createPacker('zstd').pack(piece)
      if (!isPacked(packed)) throw new Error('it went as it is')
      expect(packed.zstd.length).toBeLessThan(piece.length)
      expect(packed.zstd.buffer).toBe(piece.buffer)
      expect(unpack(packed).equals(original)).toBe(true)
    }),
    { numRuns: 100 },
  )
})

test('a piece that does not shrink goes as it is', () => {
  const random = randomBytes(mebibyte)
  const original = Buffer.from(random)
  expect(createPacker('zstd').pack(random)).toBe(random)
  expect(random.equals(original)).toBe(true)
  // Its middle promised more than the whole holds.
  const deceptive = randomBytes(mebibyte)
  text(65_536).copy(deceptive, (mebibyte - 65_536) / 2)
  const packed = createPacker('zstd').pack(deceptive)
  expect(!isPacked(packed) || packed.zstd.length < mebibyte).toBe(true)
})

test('what unpacks to more than was announced is refused, and so is what announces more than a piece', () => {
  const bomb = zstdCompressSync(Buffer.alloc(64 * mebibyte))
  expect(bomb.length).toBeLessThan(10_000)
  for (const bytes of [1, 1000, mebibyte, 64 * mebibyte, 0, -1, 1.5, Number.NaN]) {
    expect(() => unpack({ zstd: bomb, bytes })).toThrow(damaged)
  }
  // In frames of the size that is allowed.
  const small = zstdCompressSync(Buffer.alloc(mebibyte))
  expect(unpack({ zstd: small, bytes: mebibyte }).length).toBe(mebibyte)
  expect(() => unpack({ zstd: Buffer.concat(Array(50).fill(small)), bytes: mebibyte })).toThrow(damaged)
  expect(() => unpack({ zstd: small, bytes: mebibyte - 1 })).toThrow(damaged)
})

test('what unpacks to less, is cut, or is nothing of the kind is refused', () => {
  const packed = zstdCompressSync(text(5_000))
  expect(() => unpack({ zstd: packed, bytes: 5_001 })).toThrow(damaged)
  for (let length = 0; length < packed.length; length++) {
    expect(() => unpack({ zstd: packed.subarray(0, length), bytes: 5_000 })).toThrow(damaged)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(() => unpack({ zstd: Buffer.from(bytes), bytes: 5_000 })).toThrow(damaged)
    }),
  )
})
