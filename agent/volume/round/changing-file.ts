// A file of the target that is being changed part by part: what is known of its blocks until the metadata comes that ends it.
// Parts come in order, and each begins at a page; what they leave of a block is as it was.
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'
import { seek } from '../linux/libc.ts'
import type { Segment } from '../tar/sparse-map.ts'
import {
  type BlockStore,
  type Blocks,
  beginBlockList,
  blockOf,
  eachBlock,
  pagesOf,
  unknownBlock,
} from '../tree/block-store.ts'
import { hashOfBlocks, mostBlocksKept } from '../tree/content-hash.ts'
import {
  blocksIn,
  bytesOfBlock,
  contentBlockBytes,
  contentPageBytes,
  createPageHasher,
  hashBytes,
  hashOfPages,
  hashPages,
  newPageHashes,
  type PageHasher,
  type PageHashes,
  pagesIn,
  pagesInBlock,
  putPageHash,
  zeroBlockPages,
} from '../tree/page-hashes.ts'
import { readFully } from './read-file.ts'

// Hears of the pages that are written, by their numbers in the file: `count` in succession have the hash.
export type PageWriter = (page: number, count: number, hash: ByteString) => void

// What is settled of a file: so many bytes of it.
export type Settled = { readonly size: number; readonly content: ByteString; readonly blocks: Blocks }

export type ChangingFile = {
  // For a part that is written to `fd`; it hears of the bytes before they are written.
  part(fd: number, range: Segment, wrote: PageWriter): PageHasher
  // What there is of it so far.
  settle(): Settled
  // All of it: it is cut there, or ends there.
  end(fd: number, size: number): Settled
}

const scratch = Buffer.alloc(contentBlockBytes)
const pageScratch = newPageHashes()
const noPages = pageScratch.subarray(0, 0)

const missing = () => damaged('parts of a file are missing')

const settled = (store: BlockStore, blocks: Blocks, size: number): Settled => ({
  size,
  content: hashOfBlocks(eachBlock(store, blocks)),
  blocks,
})

// The same of a file of which nothing may be missing.
export const settledWhole = (store: BlockStore, blocks: Blocks, size: number): Settled => {
  for (const hash of eachBlock(store, blocks)) if (hash === unknownBlock) throw missing()
  return settled(store, blocks, size)
}

// `known`: as the file was, with `sizeBefore` bytes; `first`: the first block that is another one.
export const beginChangingFile = (
  store: BlockStore,
  known: Blocks,
  sizeBefore: number,
  first: number,
): ChangingFile => {
  const list = beginBlockList(store, known, first)
  let size = sizeBefore
  // The block that parts are being written to, if any: its pages, as far as they are known, and where the next part may begin.
  let block: number | undefined
  const pages = newPageHashes()
  let count = 0
  let next = 0

  const pagesBefore = (fd: number, index: number): PageHashes => {
    const bytes = bytesOfBlock(sizeBefore, index)
    const hash = blockOf(store, known, index)
    if (bytes === 0 || hash === unknownBlock) return noPages
    const kept = pagesOf(store, known, index, pagesIn(bytes))
    if (kept !== undefined) return kept
    seek(fd, index * contentBlockBytes)
    const found = hashPages(scratch.subarray(0, readFully(fd, scratch.subarray(0, bytes))), pageScratch)
    if (hashOfPages(found) !== hash) throw damaged('a block of a file is not what it is remembered to be')
    return found
  }
  const close = (): void => {
    if (block === undefined) return
    if (count < pagesIn(bytesOfBlock(size, block))) throw missing()
    const hashes = pages.subarray(0, count * hashBytes)
    list.add(hashOfPages(hashes), hashes)
    block = undefined
  }
  // `fd`: where pages of it may stay as they were.
  const openAs = (index: number, fd?: number): void => {
    close()
    if (index > Math.max(known.count, list.count)) throw damaged('a part of a file begins beyond its end')
    list.keepUntil(index)
    block = index
    count = fd === undefined ? 0 : pagesBefore(fd, index).copy(pages) / hashBytes
    next = 0
  }
  return {
    part: (fd, { offset, length }, wrote) => {
      const [index, at] = [Math.floor(offset / contentBlockBytes), (offset % contentBlockBytes) / contentPageBytes]
      if (!Number.isInteger(at) || length === 0 || blocksIn(offset + length) > mostBlocksKept) {
        throw damaged('a part of a file does not fit to what there is of it')
      }
      if (index < list.count || index < (block ?? 0) || (index === block && at < next)) {
        throw damaged('parts of a file are not in order')
      }
      if (index !== block) {
        const all = at === 0 && length >= bytesOfBlock(sizeBefore, index)
        openAs(index, all ? undefined : fd)
      }
      if (at > count) throw damaged('a part of a file begins beyond its end')
      next = at
      size = Math.max(size, offset + length)
      let page = offset / contentPageBytes
      return createPageHasher((hash, times) => {
        wrote(page, times, hash)
        page += times
        for (let rest = times; rest > 0; ) {
          if (next === pagesInBlock) openAs((block ?? 0) + 1)
          const here = Math.min(rest, pagesInBlock - next)
          if (here === pagesInBlock) zeroBlockPages.copy(pages)
          else for (let one = 0; one < here; one++) putPageHash(pages, next + one, hash)
          next += here
          rest -= here
          count = Math.max(count, next)
        }
      })
    },
    settle: () => {
      close()
      return settled(store, list.blocks(blocksIn(size)), size)
    },
    end: (fd, wanted) => {
      size = wanted
      const last = blocksIn(wanted) - 1
      const cut = last >= list.count && bytesOfBlock(wanted, last) !== bytesOfBlock(sizeBefore, last)
      if (cut && block !== last) openAs(last, fd)
      if (block === last) count = Math.min(count, pagesIn(bytesOfBlock(wanted, last)))
      close()
      return settledWhole(store, list.whole(blocksIn(wanted)), wanted)
    },
  }
}
