import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createContentHash, hashOfSmallContent } from './content-hash.ts'
import { contentBlockBytes, contentPageBytes } from './page-hashes.ts'

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
const hex = (digest: string) => Buffer.from(digest, 'latin1').toString('hex')

const inParts = (content: Buffer, cuts: readonly number[]): string => {
  const hash = createContentHash()
  let at = 0
  for (const cut of [...cuts.toSorted((a, b) => a - b), content.length]) {
    hash.update(content.subarray(at, cut))
    at = cut
  }
  return hash.digest()
}

const content = Buffer.alloc(3 * contentBlockBytes + 1000, 'some text of no particular length, ')
content.fill(0, contentBlockBytes, 2 * contentBlockBytes)

describe('the content hash', () => {
  test('is as it is written down: of pages those of blocks, in order, full blocks of zeros as a count', () => {
    const pages = (block: Buffer) =>
      Array.from({ length: Math.ceil(block.length / contentPageBytes) }, (_, page) =>
        sha256(block.subarray(page * contentPageBytes, (page + 1) * contentPageBytes)),
      )
    const blockHash = (block: Buffer) => (block.length <= contentPageBytes ? sha256(block) : sha256(...pages(block)))
    const block = (index: number) => content.subarray(index * contentBlockBytes, (index + 1) * contentBlockBytes)
    const item = (index: number) => Buffer.concat([Buffer.from('B'), blockHash(block(index))])
    const zeros = Buffer.from('5a0000000000000001', 'hex')
    expect(hex(inParts(content, []))).toBe(sha256(item(0), zeros, item(2), item(3)).toString('hex'))
  })

  test('does not depend on the pieces in which the content comes', () => {
    const whole = inParts(content, [])
    fc.assert(
      fc.property(fc.array(fc.nat(content.length), { maxLength: 10 }), (cuts) => {
        expect(inParts(content, cuts)).toBe(whole)
      }),
      { numRuns: 20 },
    )
  })

  test('is the same for zeros that are stored and zeros that are a hole', () => {
    fc.assert(
      fc.property(fc.nat(contentBlockBytes + 5), fc.nat(3 * contentBlockBytes), fc.nat(100), (before, hole, after) => {
        const head = Buffer.alloc(before, 1)
        const tail = Buffer.alloc(after, 2)
        const sparse = createContentHash()
        sparse.update(head)
        sparse.zeros(hole)
        sparse.update(tail)
        expect(sparse.digest()).toBe(inParts(Buffer.concat([head, Buffer.alloc(hole), tail]), []))
      }),
      { numRuns: 30 },
    )
  })

  test('of content in one block is the same by the short way', () => {
    for (const size of [0, 1, contentPageBytes, contentPageBytes + 1, contentBlockBytes - 1, contentBlockBytes]) {
      for (const fill of [0, 7]) {
        const small = Buffer.alloc(size, fill)
        expect(hashOfSmallContent(small)).toBe(inParts(small, []))
      }
    }
  })

  test('of a hole of eight exbibytes takes no time', () => {
    const hash = createContentHash()
    hash.zeros(2 ** 53 - 1)
    expect(hash.digest()).toHaveLength(32)
  })
})
