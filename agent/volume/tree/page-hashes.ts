// The hashes of a block's pages: what a changed file is compared by, and what the block's own hash is made of. A database
// writes pages of 4 to 16 KiB here and there; hashing pages of 8 KiB takes 2 % longer than hashing the whole at once, and
// keeping the hashes takes 0.4 % of the content (docs/adr/0022-pages-of-changed-files.md).
//
//   page        8 KiB of content, counted from the file's start; the last one may be shorter
//   page hash   SHA-256 of the page
//   block       1 MiB of content, counted from the file's start: 128 pages; the last one may be shorter
//   block hash  of a block of a single page its page hash; of others SHA-256 over the page hashes, in order
//
// A block hash is only ever compared with another for the same place in a file of the same size: both are made of the same
// number of pages, so that a page cannot be taken for a list of hashes.
import { createHash, type Hash, hash } from 'node:crypto'
import type { ByteString } from '../byte-string.ts'

export const contentPageBytes = 8 * 1024
export const contentBlockBytes = 1024 * 1024
export const hashBytes = 32
export const pagesInBlock = contentBlockBytes / contentPageBytes

// The hashes of a block's pages, one after the other.
export type PageHashes = Buffer

export const newPageHashes = (): PageHashes => Buffer.alloc(pagesInBlock * hashBytes)
export const pagesIn = (bytes: number): number => Math.ceil(bytes / contentPageBytes)
export const blocksIn = (bytes: number): number => Math.ceil(bytes / contentBlockBytes)

// How much of a file of `size` bytes lies in one of its blocks.
export const bytesOfBlock = (size: number, index: number): number =>
  Math.max(0, Math.min(contentBlockBytes, size - index * contentBlockBytes))

const zeroPage = Buffer.alloc(contentPageBytes)
export const zeroPageHash = hash('sha256', zeroPage, 'binary')

export const putPageHash = (pages: PageHashes, index: number, digest: ByteString): void => {
  pages.write(digest, index * hashBytes, 'latin1')
}

// Of no more than a block. What is returned lies in `into`.
export const hashPages = (bytes: Buffer, into: PageHashes): PageHashes => {
  const count = pagesIn(bytes.length)
  for (let index = 0, at = 0; index < count; index++, at += contentPageBytes) {
    putPageHash(into, index, hash('sha256', bytes.subarray(at, at + contentPageBytes), 'binary'))
  }
  return into.subarray(0, count * hashBytes)
}

// The same for bytes that are all zero.
export const hashZeroPages = (bytes: number, into: PageHashes): PageHashes => {
  const count = pagesIn(bytes)
  for (let index = 0; index < count; index++) putPageHash(into, index, zeroPageHash)
  const rest = bytes % contentPageBytes
  if (rest > 0) putPageHash(into, count - 1, hash('sha256', zeroPage.subarray(0, rest), 'binary'))
  return into.subarray(0, count * hashBytes)
}

// The block hash.
export const hashOfPages = (pages: PageHashes): ByteString =>
  pages.length === hashBytes ? pages.toString('latin1') : hash('sha256', pages, 'binary')

const scratch = newPageHashes()
export const hashOfBlock = (bytes: Buffer): ByteString => hashOfPages(hashPages(bytes, scratch))

export const zeroBlockPages = hashZeroPages(contentBlockBytes, newPageHashes())
export const zeroBlockHash = hashOfPages(zeroBlockPages)

export type PageHasher = {
  // The next bytes of the content. They are read before this returns.
  update(bytes: Buffer): void
  zeros(count: number): void
  // Ends the content, and with it the last page.
  end(): void
}

// Hears of pages in their order; `count` in succession have the hash. Zeros are told by it.
export const createPageHasher = (heard: (digest: ByteString, count: number) => void): PageHasher => {
  let page: Hash | undefined
  let filled = 0

  const end = (): void => {
    if (page !== undefined) heard(page.digest('binary'), 1)
    page = undefined
    filled = 0
  }
  const update = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + contentPageBytes - filled)
      if (piece.length === contentPageBytes) heard(hash('sha256', piece, 'binary'), 1)
      else {
        page ??= createHash('sha256')
        page.update(piece)
        filled += piece.length
        if (filled === contentPageBytes) end()
      }
      at += piece.length
    }
  }
  return {
    update,
    zeros: (count) => {
      const first = filled === 0 ? 0 : Math.min(count, contentPageBytes - filled)
      update(zeroPage.subarray(0, first))
      const rest = count - first
      if (rest >= contentPageBytes) heard(zeroPageHash, Math.floor(rest / contentPageBytes))
      update(zeroPage.subarray(0, rest % contentPageBytes))
    },
    end,
  }
}
