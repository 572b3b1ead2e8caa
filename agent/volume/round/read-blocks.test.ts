import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statFd } from '../linux/stat.ts'
import { contentBlockBytes, hashPages, newPageHashes } from '../tree/page-hashes.ts'
import { openBlockSlots } from './block-slots.ts'
import { createBlockReader, type ReadBlock } from './read-blocks.ts'
import { segmentsOf } from './read-file.ts'

const parent = mkdtempSync(join(tmpdir(), 'drayage-blocks-'))
const path = join(parent, 'file')
const blocks = 20
const rest = 12_345
let fd = -1
// Blocks that hold something, and one that does for a part.
const isFull = (index: number): boolean => index % 5 !== 3 && index !== 7
beforeAll(() => {
  writeFileSync(path, '')
  fd = openSync(path, 'r+')
  ftruncateSync(fd, blocks * contentBlockBytes + rest)
  for (let index = 0; index <= blocks; index++) {
    const length = index === 7 ? 64 * 1024 : index === blocks ? rest : contentBlockBytes
    if (isFull(index) || index === 7)
      writeSync(fd, Buffer.alloc(length, `${index} `), 0, length, index * contentBlockBytes)
  }
})
afterAll(() => {
  closeSync(fd)
  rmSync(parent, { recursive: true })
})

const expectBlock = ({ index, wanted, inside, bytes, length, pages }: ReadBlock): void => {
  const before = Buffer.alloc(wanted)
  const held = index === 7 ? 64 * 1024 : isFull(index) ? wanted : 0
  Buffer.alloc(held, `${index} `).copy(before)
  expect(length).toBe(wanted)
  expect(inside).toEqual(held === 0 ? [] : [{ offset: 0, length: held }])
  if (held > 0) expect(bytes.equals(before)).toBe(true)
  expect(pages.equals(hashPages(before, newPageHashes()))).toBe(true)
}

// The other thread is this one: it works when it is told to, between two blocks.
const readAll = (helping: readonly number[]): void => {
  let shared: SharedArrayBuffer | undefined
  const reader = createBlockReader((memory) => {
    shared = memory
  }, 1)
  try {
    for (let file = 0; file < 2; file++) {
      const stat = statFd(fd)
      let next = 0
      for (const block of reader.blocks(fd, stat.size, segmentsOf(fd, stat), () => {})) {
        expect(block.index).toBe(next)
        // Valid although others are read meanwhile.
        for (let times = helping[next] ?? 0; times > 0; times--) shared && openBlockSlots(shared).work(times)
        expectBlock(block)
        next++
      }
      expect(next).toBe(blocks + 1)
    }
  } finally {
    reader.close()
  }
  expect(shared && openBlockSlots(shared).signs.isClosed()).toBe(true)
}

describe('blocks of a large file', () => {
  test('come in their order and as they are, holes too, whoever reads which of them', () => {
    fc.assert(fc.property(fc.array(fc.nat(4), { minLength: blocks, maxLength: blocks }), readAll), {
      numRuns: 10,
      endOnFailure: true,
    })
  })

  test('are all read by the one that wants them, where no other comes', () => readAll([]))

  test('end where the file ends by then', () => {
    const short = join(parent, 'short')
    writeFileSync(short, Buffer.alloc(3 * contentBlockBytes + 17, 'x'))
    const cut = openSync(short, 'r')
    const reader = createBlockReader(() => {}, 1)
    const lengths: number[] = []
    const size = 18 * contentBlockBytes
    for (const { length } of reader.blocks(cut, size, undefined, () => {})) lengths.push(length)
    reader.close()
    closeSync(cut)
    expect(lengths).toEqual([contentBlockBytes, contentBlockBytes, contentBlockBytes, 17])
  })

  test('that cannot be read say why, whichever thread had tried', () => {
    // A directory opens, and cannot be read.
    const directory = openSync(parent, 'r')
    let shared: SharedArrayBuffer | undefined
    const reader = createBlockReader((memory) => {
      shared = memory
    }, 1)
    const iterator = reader.blocks(directory, 17 * contentBlockBytes, undefined, () => {
      while (shared && openBlockSlots(shared).work());
    })
    expect(() => iterator.next()).toThrow(/EISDIR/)
    reader.close()
    closeSync(directory)
  })

  test('that are not wanted any more are let go: the file may be closed', () => {
    let shared: SharedArrayBuffer | undefined
    const reader = createBlockReader((memory) => {
      shared = memory
    }, 1)
    const stat = statFd(fd)
    for (const _ of reader.blocks(fd, stat.size, undefined, () => {})) break
    const slots = shared && openBlockSlots(shared)
    expect(slots?.all.every(slots.isFree)).toBe(true)
    expect(slots?.work()).toBe(false)
    reader.close()
  })

  test('of which a thread has begun one and died end the round', () => {
    let shared: SharedArrayBuffer | undefined
    const reader = createBlockReader((memory) => {
      shared = memory
    }, 1)
    const iterator = reader.blocks(fd, 17 * contentBlockBytes, undefined, () => {
      const slots = shared && openBlockSlots(shared)
      if (slots === undefined || slots.signs.hasFailed()) return
      slots.take()
      slots.signs.fail()
    })
    expect(() => {
      while (!iterator.next().done);
    }).toThrow('has died')
    reader.close()
  })
})
