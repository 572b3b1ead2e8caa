// The hashes of the blocks of large files, on disk, and those of the pages in them: two files that only grow while rounds
// go on. In the one the tree names ranges. Its hashes are believed as far as they agree with what is recorded of the file:
// wrong ones are found by the digests of both ends, and what cannot be read is a block that is not known. The hashes of a
// block's pages are believed if the block's hash is of them.
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ByteString } from '../byte-string.ts'
import {
  hashBytes,
  hashOfPages,
  newPageHashes,
  type PageHashes,
  pagesInBlock,
  zeroBlockHash,
  zeroBlockPages,
} from './page-hashes.ts'

// The block's hash, and the number of the list of its pages (u32), from 1; 0: there is none.
const recordBytes = hashBytes + 4
const cachedRecords = 4096
const cacheBytes = cachedRecords * recordBytes
const pageListBytes = pagesInBlock * hashBytes

// Stands for a block that is not known.
export const unknownBlock: ByteString = '\0'.repeat(hashBytes)

// The hashes of a file's blocks: the first `newCount` of them at `newAt`, the others where they were, at `at` and the
// number of the block. The file has `count`.
export type Blocks = { readonly at: number; readonly count: number; readonly newAt: number; readonly newCount: number }

export type BlockStore = {
  // Blocks in it: where the next one will be.
  readonly end: number
  // `pages`: absent where they are not known.
  append(hash: ByteString, pages?: PageHashes): void
  // A block that is as another, at `at`.
  appendSame(at: number): void
  // Unknown beyond what is there.
  get(at: number): ByteString
  // Of a block of so many pages; undefined: not known. Valid until the next are asked for.
  pages(at: number, count: number): PageHashes | undefined
  // On disk, but for the hashes of pages.
  sync(): void
  // Forgets all.
  clear(): void
  close(): void
}

// The lists of page hashes, a file of its own.
const openPageLists = (memory: string) => {
  const fd = openSync(join(memory, 'pages'), 'a+', 0o600)
  let count = Math.floor(fstatSync(fd).size / pageListBytes)
  const found = newPageHashes()
  const padded = newPageHashes()
  ftruncateSync(fd, count * pageListBytes)
  return {
    // Its number, from 1.
    append: (pages: PageHashes): number => {
      padded.fill(0, pages.copy(padded))
      for (let at = 0; at < pageListBytes; ) at += writeSync(fd, padded, at)
      return ++count
    },
    get: (number: number): PageHashes | undefined => {
      if (number === 0 || number > count) return undefined
      return readSync(fd, found, 0, pageListBytes, (number - 1) * pageListBytes) === pageListBytes ? found : undefined
    },
    clear: () => {
      count = 0
      ftruncateSync(fd, 0)
    },
    close: () => closeSync(fd),
  }
}

const recordScratch = Buffer.alloc(recordBytes)

export const openBlockStore = (memory: string): BlockStore => {
  const fd = openSync(join(memory, 'blocks'), 'a+', 0o600)
  const lists = openPageLists(memory)
  // What was cut in the middle of a record.
  let written = Math.floor(fstatSync(fd).size / recordBytes)
  const pending = Buffer.alloc(cacheBytes)
  let pendingRecords = 0
  const caches = [
    { first: -1, length: 0, bytes: Buffer.alloc(cacheBytes) },
    { first: -1, length: 0, bytes: Buffer.alloc(cacheBytes) },
  ]
  let turn = 0
  ftruncateSync(fd, written * recordBytes)

  const flush = (): void => {
    for (let at = 0; at < pendingRecords * recordBytes; ) {
      at += writeSync(fd, pending, at, pendingRecords * recordBytes - at)
    }
    written += pendingRecords
    pendingRecords = 0
    for (const cache of caches) if (cache.length < cachedRecords) cache.first = -1
  }
  const cacheOf = (first: number) => {
    for (const cache of caches) if (cache.first === first) return cache
    turn = 1 - turn
    const cache = caches[turn === 0 ? 0 : 1]
    if (cache === undefined) throw new RangeError('there is no such cache')
    cache.first = first
    cache.length = Math.floor(readSync(fd, cache.bytes, 0, cacheBytes, first * recordBytes) / recordBytes)
    return cache
  }
  // Where the record at `at` begins in `bytes`; undefined: there is none.
  const recordAt = (at: number): { readonly bytes: Buffer; readonly from: number } | undefined => {
    if (at >= written) {
      return at < written + pendingRecords ? { bytes: pending, from: (at - written) * recordBytes } : undefined
    }
    const { first, length, bytes } = cacheOf(at - (at % cachedRecords))
    return at - first < length ? { bytes, from: (at - first) * recordBytes } : undefined
  }
  const add = (record: Buffer): void => {
    record.copy(pending, pendingRecords * recordBytes)
    pendingRecords++
    if (pendingRecords === cachedRecords) flush()
  }
  const get = (at: number): ByteString => {
    const record = recordAt(at)
    return record?.bytes.toString('latin1', record.from, record.from + hashBytes) ?? unknownBlock
  }
  const append = (hash: ByteString, pages?: PageHashes): void => {
    const list = pages === undefined || pages.length === 0 || hash === zeroBlockHash ? 0 : lists.append(pages)
    recordScratch.write(hash, 0, 'latin1')
    recordScratch.writeUInt32LE(list, hashBytes)
    add(recordScratch)
  }

  return {
    get end() {
      return written + pendingRecords
    },
    append,
    appendSame: (at) => {
      const record = recordAt(at)
      if (record === undefined) append(unknownBlock)
      else add(record.bytes.subarray(record.from, record.from + recordBytes))
    },
    get,
    pages: (at, count) => {
      const hash = get(at)
      if (hash === zeroBlockHash) return zeroBlockPages
      const record = recordAt(at)
      const list = record === undefined ? undefined : lists.get(record.bytes.readUInt32LE(record.from + hashBytes))
      const pages = list?.subarray(0, count * hashBytes)
      return pages !== undefined && hashOfPages(pages) === hash ? pages : undefined
    },
    sync: () => {
      flush()
      fdatasyncSync(fd)
    },
    clear: () => {
      pendingRecords = 0
      written = 0
      for (const cache of caches) cache.first = -1
      ftruncateSync(fd, 0)
      lists.clear()
    },
    close: () => {
      flush()
      closeSync(fd)
      lists.close()
    },
  }
}

// Where one block is in the store; beyond all of them where it is not known.
const placeOf = (blocks: Blocks, index: number): number => {
  if (index < blocks.newCount) return blocks.newAt + index
  return index < blocks.count ? blocks.at + index : Number.MAX_SAFE_INTEGER
}

// The hash of one block; unknown beyond the last.
export const blockOf = (store: BlockStore, blocks: Blocks, index: number): ByteString =>
  store.get(placeOf(blocks, index))

// Those of its pages, of which it has `count`.
export const pagesOf = (store: BlockStore, blocks: Blocks, index: number, count: number): PageHashes | undefined =>
  count === 0 ? undefined : store.pages(placeOf(blocks, index), count)

export function* eachBlock(store: BlockStore, blocks: Blocks): Generator<ByteString, void, undefined> {
  for (let index = 0; index < blocks.count; index++) yield blockOf(store, blocks, index)
}

// The hashes of a file that is being written or read from its beginning to its end, some of its blocks being as before.
// One at a time: its hashes stand together.
export type BlockList = {
  // As many as are settled.
  readonly count: number
  add(hash: ByteString, pages?: PageHashes): void
  // Those before `index` that are not settled are as they were.
  keepUntil(index: number): void
  // The file as it now is, with `count` blocks.
  blocks(count: number): Blocks
  // The same, all of them settled: in one range.
  whole(count: number): Blocks
}

// `first`: the first block that is another than before.
export const beginBlockList = (store: BlockStore, before: Blocks | undefined, first: number): BlockList => {
  let known = before ?? { at: 0, count: 0, newAt: 0, newCount: 0 }
  if (known.newCount > 0) {
    const copyAt = store.end
    for (let index = 0; index < known.count; index++) store.appendSame(placeOf(known, index))
    known = { at: copyAt, count: known.count, newAt: 0, newCount: 0 }
  }
  // What stands at the end already is gone on with.
  const goesOn = known.count > 0 && first >= known.count && known.at + known.count === store.end
  const at = goesOn ? known.at : store.end
  let count = goesOn ? known.count : 0
  const begin = (): void => {
    if (at + count !== store.end) throw new Error('hashes of two files are mixed')
    count++
  }
  const list: BlockList = {
    get count() {
      return count
    },
    add: (hash, pages) => {
      begin()
      store.append(hash, pages)
    },
    keepUntil: (index) => {
      while (count < index) {
        begin()
        store.appendSame(placeOf(known, count - 1))
      }
    },
    blocks: (wanted) => ({ at: known.at, count: wanted, newAt: at, newCount: Math.min(count, wanted) }),
    whole: (wanted) => {
      list.keepUntil(wanted)
      return { at, count: wanted, newAt: 0, newCount: 0 }
    },
  }
  return list
}
