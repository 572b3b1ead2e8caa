// The hash of a file's content, made from the hashes of its blocks, so that a later round can replace one block without
// reading the others, and a hole of any size costs nothing.
//
//   block, block hash   tree/page-hashes.ts
//   content hash        SHA-256 over these items, in the order of the blocks:
//                         'B' and the 32 bytes of the block hash, or
//                         'Z' and a 64-bit big-endian count, for the longest run of full blocks of nothing but zeros
//
// Zeros hash the same whether they are stored or a hole.
import { createHash, hash } from 'node:crypto'
import type { ByteString } from '../byte-string.ts'
import {
  contentBlockBytes,
  createPageHasher,
  hashBytes,
  hashOfBlock,
  hashOfPages,
  newPageHashes,
  type PageHasher,
  type PageHashes,
  pagesInBlock,
  putPageHash,
  zeroBlockHash,
  zeroBlockPages,
  zeroPageHash,
} from './page-hashes.ts'

export type ContentHash = Pick<PageHasher, 'update' | 'zeros'> & {
  // 32 bytes; ends the content.
  digest(): ByteString
}

// Hears the hash of every block, in order, and of the pages in it, which are another block's after it returns; `count`
// blocks in succession are such.
export type BlockListener = (hash: ByteString, pages: PageHashes, count: number) => void

// 150 MB of hashes, of 4 TiB of content. A larger file is sent whole when it changes.
export const mostBlocksKept = 4 * 1024 * 1024

// Small: in one block. Of others the hashes of the blocks are kept, unless there are too many.
export const isSmall = (size: number): boolean => size <= contentBlockBytes
export const keepsBlocks = (size: number): boolean => !isSmall(size) && size <= mostBlocksKept * contentBlockBytes

// The list of items that the content hash is made of. A full block of zeros is told by its hash: a shorter block has
// another one.
const createContentList = () => {
  const list = createHash('sha256')
  let zeroBlocks = 0

  const endZeros = (): void => {
    if (zeroBlocks === 0) return
    const item = Buffer.alloc(9)
    item.write('Z', 0, 'latin1')
    item.writeBigUInt64BE(BigInt(zeroBlocks), 1)
    list.update(item)
    zeroBlocks = 0
  }
  return {
    add: (digest: ByteString, count = 1): void => {
      if (digest === zeroBlockHash) {
        zeroBlocks += count
        return
      }
      endZeros()
      list.update(`B${digest}`, 'latin1')
    },
    digest: (): ByteString => {
      endZeros()
      return list.digest('binary')
    },
  }
}

// The content hash of blocks whose hashes are known.
export const hashOfBlocks = (blocks: Iterable<ByteString>): ByteString => {
  const list = createContentList()
  for (const digest of blocks) list.add(digest)
  return list.digest()
}

export const createContentHash = (heard: BlockListener = () => {}): ContentHash => {
  const list = createContentList()
  const pages = newPageHashes()
  let filled = 0

  const endBlock = (): void => {
    if (filled === 0) return
    const known = pages.subarray(0, filled * hashBytes)
    const digest = hashOfPages(known)
    list.add(digest)
    heard(digest, known, 1)
    filled = 0
  }
  const { update, zeros, end } = createPageHasher((digest, count) => {
    let rest = count
    while (rest > 0) {
      if (filled === 0 && rest >= pagesInBlock && digest === zeroPageHash) {
        const zeroBlocks = Math.floor(rest / pagesInBlock)
        list.add(zeroBlockHash, zeroBlocks)
        heard(zeroBlockHash, zeroBlockPages, zeroBlocks)
        rest -= zeroBlocks * pagesInBlock
        continue
      }
      putPageHash(pages, filled++, digest)
      rest--
      if (filled === pagesInBlock) endBlock()
    }
  })
  return {
    update,
    zeros,
    digest: () => {
      end()
      endBlock()
      return list.digest()
    },
  }
}

export const emptyContentHash = createContentHash().digest()

// The same for content that is in memory whole and is small: most files of most volumes.
export const hashOfSmallContent = (bytes: Buffer): ByteString => {
  if (bytes.length === 0) return emptyContentHash
  const digest = hashOfBlock(bytes)
  if (digest === zeroBlockHash) return hashOfBlocks([digest])
  return hash('sha256', Buffer.from(`B${digest}`, 'latin1'), 'binary')
}
