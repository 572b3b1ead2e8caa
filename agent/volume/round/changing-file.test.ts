import { closeSync, ftruncateSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../testing/streams.ts'
import { type BlockStore, type Blocks, beginBlockList, openBlockStore } from '../tree/block-store.ts'
import { createContentHash } from '../tree/content-hash.ts'
import { blocksIn, contentBlockBytes, contentPageBytes } from '../tree/page-hashes.ts'
import { beginChangingFile } from './changing-file.ts'

let place: Awaited<ReturnType<typeof temporaryDirectory>>
beforeAll(async () => {
  place = await temporaryDirectory()
})
afterAll(() => place[Symbol.asyncDispose]())

const page = contentPageBytes
const block = contentBlockBytes
const refused = { code: 'DRAYAGE_STREAM_DAMAGED' }

// Pages that differ from one another, and between versions.
const contentOf = (bytes: number, version: string): Buffer => {
  const content = Buffer.alloc(bytes, version)
  for (let at = 0; at + 4 <= bytes; at += page) content.writeUInt32LE(at, at)
  return content
}
const recorded = (store: BlockStore, content: Buffer): { readonly hash: string; readonly blocks: Blocks } => {
  const list = beginBlockList(store, undefined, 0)
  const hash = createContentHash((digest, pages, count) => {
    for (let one = 0; one < count; one++) list.add(digest, pages)
  })
  hash.update(content)
  const digest = hash.digest()
  return { hash: digest, blocks: list.whole(blocksIn(content.length)) }
}

type Part = { readonly offset: number; readonly bytes: Buffer }

const hashOf = (content: Buffer): string => {
  const hash = createContentHash()
  hash.update(content)
  return hash.digest()
}

// The target's file, given parts and then its size; what is settled of it, and what it then holds. `lost`: the hashes of
// pages are, but those of blocks; `found`: what the disk gives back.
const change = (before: Buffer, parts: readonly Part[], size: number, { lost = false, found = before } = {}) => {
  const path = join(place.path, 'file')
  writeFileSync(path, found)
  const store = openBlockStore(place.path)
  store.clear()
  const fd = openSync(path, 'r+')
  try {
    const { blocks } = recorded(store, before)
    if (lost) truncateSync(join(place.path, 'pages'), 0)
    const file = beginChangingFile(store, blocks, before.length, Math.floor((parts[0]?.offset ?? size) / block))
    for (const { offset, bytes } of parts) {
      const pages = file.part(fd, { offset, length: bytes.length }, () => {})
      pages.update(bytes)
      writeSync(fd, bytes, 0, bytes.length, offset)
      pages.end()
    }
    const settled = file.end(fd, size)
    ftruncateSync(fd, size)
    return { settled, holds: readFileSync(path) }
  } finally {
    closeSync(fd)
    store.close()
  }
}

describe('a file that is changed by parts', () => {
  const sizes = fc.oneof(
    fc.integer({ min: block + 1, max: 4 * block }),
    fc.constantFrom(block + 1, 2 * block, 2 * block + page, 3 * block - page, 3 * block + 1, 4 * block),
  )

  test('is settled as what it then holds, whether or not the hashes of its pages are known', () => {
    fc.assert(
      fc.property(sizes, sizes, fc.array(fc.nat(4 * 128), { maxLength: 12 }), fc.boolean(), (from, to, pages, lost) => {
        const before = contentOf(from, 'a')
        const after = contentOf(to, 'a')
        for (const one of pages) after.fill(`${one} `, Math.min(to, one * page), Math.min(to, (one + 1) * page))
        // Every page that is another: those chosen, and what the end of the file has moved.
        const parts: Part[] = []
        for (let at = 0; at < to; at += page) {
          const bytes = after.subarray(at, at + page)
          if (!bytes.equals(before.subarray(at, at + page))) parts.push({ offset: at, bytes })
        }
        const { settled, holds } = change(before, parts, to, { lost })
        expect(holds.equals(after)).toBe(true)
        expect(settled).toMatchObject({ size: to, content: hashOf(after) })
      }),
      { numRuns: 60 },
    )
  })

  const before = contentOf(2 * block + 3 * page, 'a')
  const part = (offset: number, length = page): Part => ({ offset, bytes: Buffer.alloc(length, 'x') })
  test.each<[string, Part[], number]>([
    ['begins in the middle of a page', [part(100)], before.length],
    ['has nothing in it', [part(page, 0)], before.length],
    ['comes before the one before it', [part(5 * page), part(4 * page)], before.length],
    ['lies in a block before that of the one before it', [part(block), part(0)], before.length],
    ['begins beyond the end of its last block', [part(2 * block + 4 * page)], 2 * block + 5 * page],
    ['begins blocks beyond its end', [part(5 * block)], 5 * block + page],
    ['leaves out the pages after it in a file that is to be longer', [part(0)], 2 * block + 4 * page],
  ])('refuses one that %s', (_, parts, size) => {
    expect(() => change(before, parts, size)).toThrow(expect.objectContaining(refused))
  })

  test('refuses to build upon a block that is not as it is remembered, where only the disk has its pages', () => {
    const how = { lost: true, found: contentOf(before.length, 'other') }
    expect(() => change(before, [part(page)], before.length, how)).toThrow(expect.objectContaining(refused))
  })
})
