import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blockBytes } from './header.ts'
import { decodeSparseMap, encodeSparseMap, type Segment } from './sparse-map.ts'

const blocksOf = (map: Buffer) => {
  let at = 0
  return () => {
    if (at >= map.length) throw new Error('read beyond the map')
    at += blockBytes
    return map.subarray(at - blockBytes, at)
  }
}

// Segments apart from one another, and the size of their file.
const sparseFile = fc
  .tuple(
    fc.array(fc.record({ hole: fc.integer({ min: 1, max: 2 ** 40 }), length: fc.integer({ min: 1, max: 2 ** 34 }) })),
    fc.nat(2 ** 40),
  )
  .map(([parts, tail]) => {
    const segments: Segment[] = []
    let end = 0
    for (const { hole, length } of parts) {
      segments.push({ offset: end + hole, length })
      end += hole + length
    }
    return { segments, size: end + tail }
  })

const dataBytes = (segments: readonly Segment[]) => segments.reduce((sum, { length }) => sum + length, 0)

describe('sparse maps', () => {
  test('any segments in order come back as they were, and the map says how long it is', () => {
    fc.assert(
      fc.property(sparseFile, ({ segments, size }) => {
        const map = encodeSparseMap(segments, size)
        expect(map.length % blockBytes).toBe(0)
        const decoded = decodeSparseMap(blocksOf(map), size, map.length + dataBytes(segments))
        expect(decoded).toEqual({ segments, mapBytes: map.length })
      }),
    )
  })

  test('a file that ends in a hole is given an empty segment there, by which GNU tar sets its size', () => {
    expect(encodeSparseMap([], 4096).toString('latin1').replaceAll('\0', '')).toBe('1\n4096\n0\n')
    expect(
      encodeSparseMap([{ offset: 0, length: 10 }], 10)
        .toString('latin1')
        .replaceAll('\0', ''),
    ).toBe('1\n0\n10\n')
  })

  test.each([
    ['segments that overlap', '2\n0\n10\n5\n10\n', 20],
    ['segments out of order', '2\n10\n5\n0\n5\n', 10],
    ['a segment beyond the end of the file', '1\n95\n10\n', 10],
    ['data that the member does not have', '1\n0\n10\n', 11],
    ['a number that is none', '1\n0\nten\n', 10],
    ['an endless number', `${'1'.repeat(400)}\n`, 10],
    ['more segments than any file is given', '99999999\n', 10],
    ['an empty line', '\n', 0],
  ])('%s are refused', (_, text, stored) => {
    const map = Buffer.alloc(blockBytes)
    map.write(text, 'latin1')
    expect(() => decodeSparseMap(blocksOf(map), 100, blockBytes + stored)).toThrow(
      expect.objectContaining({ code: 'DRAYAGE_STREAM_DAMAGED' }),
    )
  })
})
