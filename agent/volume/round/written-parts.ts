// What has been written of a file that came in parts, for reading it back: its pages while they are few, else the blocks
// that they lie in.
import { type BlockStore, type Blocks, blockOf } from '../tree/block-store.ts'
import { contentBlockBytes, contentPageBytes, pagesInBlock } from '../tree/page-hashes.ts'
import type { PageWriter } from './changing-file.ts'
import type { WrittenFile } from './written-log.ts'

// More are not kept in memory: 400 MB in pages, 50 GB in blocks.
const mostNoted = 50_000

export type WrittenParts = {
  readonly wrote: PageWriter
  // Of the file as it then is; undefined: too much has been written to name it.
  hash(store: BlockStore, blocks: Blocks): WrittenFile['hash'] | undefined
}

export const createWrittenParts = (): WrittenParts => {
  const pages = new Map<number, string>()
  const blocks = new Set<number>()
  let inPages = true
  let inBlocks = true
  return {
    wrote: (first, count, hash) => {
      const end = first + count
      if (pages.size + count > mostNoted) {
        inPages = false
        pages.clear()
      }
      for (let page = first; inPages && page < end; page++) pages.set(page, hash)
      const lastBlock = Math.floor((end - 1) / pagesInBlock)
      for (let block = Math.floor(first / pagesInBlock); inBlocks && block <= lastBlock; block++) {
        blocks.add(block)
        if (blocks.size > mostNoted) inBlocks = false
      }
    },
    hash: (store, now) => {
      if (inPages) return { unitBytes: contentPageBytes, units: pages }
      if (!inBlocks) return undefined
      return {
        unitBytes: contentBlockBytes,
        units: new Map([...blocks].map((block) => [block, blockOf(store, now, block)])),
      }
    },
  }
}
