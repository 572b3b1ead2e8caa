// The hashes of the blocks of large files, on disk: a file that only grows while rounds go on, in which the tree names
// ranges. They are believed as far as they agree with what is recorded of the file: wrong ones are found by the digests
// of both ends, and what cannot be read is a block that is not known.
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ByteString } from '../byte-string.ts'

export const hashBytes = 32
const pageHashes = 4096
const pageBytes = pageHashes * hashBytes

// Stands for a block that is not known.
export const unknownBlock: ByteString = '\0'.repeat(hashBytes)

// The hashes of a file's blocks: the first `newCount` of them at `newAt`, the others where they were, at `at` and the
// number of the block. The file has `count`.
export type Blocks = { readonly at: number; readonly count: number; readonly newAt: number; readonly newCount: number }

export type BlockStore = {
  // Hashes in it: where the next one will be.
  readonly end: number
  append(hash: ByteString): void
  // Empty, or unknown, beyond what is there.
  get(at: number): ByteString
  // On disk.
  sync(): void
  // Forgets all.
  clear(): void
  close(): void
}

export const openBlockStore = (memory: string): BlockStore => {
  const fd = openSync(join(memory, 'blocks'), 'a+', 0o600)
  // What was cut in the middle of a hash.
  let written = Math.floor(fstatSync(fd).size / hashBytes)
  const pending = Buffer.alloc(pageBytes)
  let pendingHashes = 0
  const pages = [
    { first: -1, length: 0, bytes: Buffer.alloc(pageBytes) },
    { first: -1, length: 0, bytes: Buffer.alloc(pageBytes) },
  ]
  let turn = 0
  ftruncateSync(fd, written * hashBytes)

  const flush = (): void => {
    for (let at = 0; at < pendingHashes * hashBytes; ) {
      at += writeSync(fd, pending, at, pendingHashes * hashBytes - at)
    }
    written += pendingHashes
    pendingHashes = 0
    for (const page of pages) if (page.length < pageHashes) page.first = -1
  }
  const pageOf = (first: number) => {
    for (const page of pages) if (page.first === first) return page
    turn = 1 - turn
    const page = pages[turn === 0 ? 0 : 1]
    if (page === undefined) throw new RangeError('there is no such page')
    page.first = first
    page.length = Math.floor(readSync(fd, page.bytes, 0, pageBytes, first * hashBytes) / hashBytes)
    return page
  }

  return {
    get end() {
      return written + pendingHashes
    },
    append: (hash) => {
      pending.write(hash, pendingHashes * hashBytes, 'latin1')
      pendingHashes++
      if (pendingHashes === pageHashes) flush()
    },
    get: (at) => {
      if (at >= written) {
        const from = (at - written) * hashBytes
        return at < written + pendingHashes ? pending.toString('latin1', from, from + hashBytes) : unknownBlock
      }
      const { first, length, bytes } = pageOf(at - (at % pageHashes))
      const from = (at - first) * hashBytes
      return at - first < length ? bytes.toString('latin1', from, from + hashBytes) : unknownBlock
    },
    sync: () => {
      flush()
      fdatasyncSync(fd)
    },
    clear: () => {
      pendingHashes = 0
      written = 0
      for (const page of pages) page.first = -1
      ftruncateSync(fd, 0)
    },
    close: () => {
      flush()
      closeSync(fd)
    },
  }
}

// The hash of one block; unknown beyond the last.
export const blockOf = (store: BlockStore, blocks: Blocks, index: number): ByteString => {
  if (index < blocks.newCount) return store.get(blocks.newAt + index)
  return index < blocks.count ? store.get(blocks.at + index) : unknownBlock
}

export function* eachBlock(store: BlockStore, blocks: Blocks): Generator<ByteString, void, undefined> {
  for (let index = 0; index < blocks.count; index++) yield blockOf(store, blocks, index)
}

// The hashes of a file that is being written or read from its beginning to its end, some of its blocks being as before.
// One at a time: its hashes stand together.
export type BlockList = {
  // As many as are settled.
  readonly count: number
  add(hash: ByteString): void
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
    for (let index = 0; index < known.count; index++) store.append(blockOf(store, known, index))
    known = { at: copyAt, count: known.count, newAt: 0, newCount: 0 }
  }
  // What stands at the end already is gone on with.
  const goesOn = known.count > 0 && first >= known.count && known.at + known.count === store.end
  const at = goesOn ? known.at : store.end
  let count = goesOn ? known.count : 0
  const list: BlockList = {
    get count() {
      return count
    },
    add: (hash) => {
      if (at + count !== store.end) throw new Error('hashes of two files are mixed')
      store.append(hash)
      count++
    },
    keepUntil: (index) => {
      while (count < index) list.add(blockOf(store, known, count))
    },
    blocks: (wanted) => ({ at: known.at, count: wanted, newAt: at, newCount: Math.min(count, wanted) }),
    whole: (wanted) => {
      list.keepUntil(wanted)
      return { at, count: wanted, newAt: 0, newCount: 0 }
    },
  }
  return list
}
