// The hash of a file's content, made from the hashes of its blocks, so that a later round can replace one block without
// reading the others, and a hole of any size costs nothing.
//
//   block         1 MiB of content, counted from the file's start; the last one may be shorter
//   block hash    SHA-256 of the block
//   content hash  SHA-256 over these items, in the order of the blocks:
//                   'B' and the 32 bytes of the block hash, or
//                   'Z' and a 64-bit big-endian count, for the longest run of full blocks of nothing but zeros
//
// Zeros hash the same whether they are stored or a hole.
import { createHash, type Hash, hash } from 'node:crypto'
import type { ByteString } from '../byte-string.ts'

export const contentBlockBytes = 1024 * 1024

const zeroBlock = Buffer.alloc(contentBlockBytes)
const zeroBlockHash = hash('sha256', zeroBlock, 'binary')

export type ContentHash = {
  // The next bytes of the content. They are read before this returns.
  update(bytes: Buffer): void
  zeros(count: number): void
  // 32 bytes; ends the content.
  digest(): ByteString
}

// Hears the hash of every block, in order; `count` blocks in succession have it.
export type BlockListener = (hash: ByteString, count: number) => void

// 128 MB of hashes, of 4 TiB of content. A larger file is sent whole when it changes.
export const mostBlocksKept = 4 * 1024 * 1024

// The list of items that the content hash is made of. A full block of zeros is told by its hash: a shorter block has
// another one.
const createContentList = (heard: BlockListener) => {
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
    add: (digest: ByteString): void => {
      heard(digest, 1)
      if (digest === zeroBlockHash) {
        zeroBlocks++
        return
      }
      endZeros()
      list.update(`B${digest}`, 'latin1')
    },
    addZeros: (count: number): void => {
      if (count > 0) heard(zeroBlockHash, count)
      zeroBlocks += count
    },
    digest: (): ByteString => {
      endZeros()
      return list.digest('binary')
    },
  }
}

export const hashOfZeros = (bytes: number): ByteString =>
  bytes === contentBlockBytes ? zeroBlockHash : hash('sha256', zeroBlock.subarray(0, bytes), 'binary')

export const hashOfBlock = (bytes: Buffer): ByteString => hash('sha256', bytes, 'binary')

const unheard: BlockListener = () => {}

// The content hash of blocks whose hashes are known.
export const hashOfBlocks = (blocks: Iterable<ByteString>): ByteString => {
  const list = createContentList(unheard)
  for (const digest of blocks) list.add(digest)
  return list.digest()
}

export const createContentHash = (heard: BlockListener = unheard): ContentHash => {
  const list = createContentList(heard)
  let block: Hash | undefined
  let blockFilled = 0

  const endBlock = (): void => {
    if (block !== undefined) list.add(block.digest('binary'))
    block = undefined
    blockFilled = 0
  }

  const update = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + contentBlockBytes - blockFilled)
      if (piece.length === contentBlockBytes) list.add(hash('sha256', piece, 'binary'))
      else {
        block ??= createHash('sha256')
        block.update(piece)
        blockFilled += piece.length
        if (blockFilled === contentBlockBytes) endBlock()
      }
      at += piece.length
    }
  }

  return {
    update,
    zeros: (count) => {
      const first = blockFilled === 0 ? 0 : Math.min(count, contentBlockBytes - blockFilled)
      update(zeroBlock.subarray(0, first))
      const rest = count - first
      list.addZeros(Math.floor(rest / contentBlockBytes))
      update(zeroBlock.subarray(0, rest % contentBlockBytes))
    },
    digest: () => {
      endBlock()
      return list.digest()
    },
  }
}

export const emptyContentHash = createContentHash().digest()

// The same for content that is in memory whole and fits in one block: most files of most volumes.
export const hashOfSmallContent = (bytes: Buffer): ByteString => {
  if (bytes.length === 0) return emptyContentHash
  const digest = hash('sha256', bytes, 'binary')
  if (bytes.length === contentBlockBytes && digest === zeroBlockHash) {
    const content = createContentHash()
    content.zeros(contentBlockBytes)
    return content.digest()
  }
  return hash('sha256', Buffer.from(`B${digest}`, 'latin1'), 'binary')
}
