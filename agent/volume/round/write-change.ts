// Changes of a file that earlier rounds have made, in place: nobody uses the target yet, and a copy beside would cost the
// whole file. What is interrupted half-way leaves a file whose times have moved, which round/reconcile.ts finds.
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'
import { close, open, openAt, punchHole, seek, truncate, writeAll } from '../linux/libc.ts'
import { statFd } from '../linux/stat.ts'
import { lastTrace } from '../linux/trace.ts'
import { blockBytes } from '../tar/header.ts'
import type { Member } from '../tar/member.ts'
import { decodeSparseMap, type Segment } from '../tar/sparse-map.ts'
import {
  type BlockList,
  type BlockStore,
  type Blocks,
  beginBlockList,
  eachBlock,
  unknownBlock,
} from '../tree/block-store.ts'
import { contentBlockBytes, createContentHash, hashOfBlocks, mostBlocksKept } from '../tree/content-hash.ts'
import type { Metadata } from '../tree/entry.ts'
import type { Inode, Tree } from '../tree/tree.ts'
import type { ByteSource } from './byte-source.ts'
import type { Refusals } from './refusals.ts'
import { applyToOpen, applyToSpecial, type Place, type Written, writeContent, writeSegments } from './write-entry.ts'

export const openHeld = <T>({ dir, name, path }: Place, tree: Tree, node: Inode, use: (fd: number) => T): T => {
  if (tree.type(node) !== 'file') throw damaged('content comes for what is no file')
  const fd = openAt(dir, name, open.readAndWrite | open.noFollow | open.nonBlocking)
  try {
    const stat = statFd(fd)
    if (stat.type !== 'file' || !tree.sameInode(node, lastTrace(), 0)) {
      throw damaged(`${JSON.stringify(path)} in the target is not the file that an earlier round has made`)
    }
    return use(fd)
  } finally {
    close(fd)
  }
}

const segmentsOf = (
  { metadata, storedBytes, sparse }: Member,
  source: ByteSource,
): { readonly segments: readonly Segment[] | undefined; readonly dataBytes: number } => {
  if (!sparse) return { segments: undefined, dataBytes: storedBytes }
  const map = decodeSparseMap(() => source.take(blockBytes), metadata.size, storedBytes)
  return { segments: map.segments, dataBytes: storedBytes - map.mapBytes }
}

const zeros = Buffer.alloc(contentBlockBytes)

const writeZeros = (fd: number, offset: number, length: number): void => {
  if (punchHole(fd, offset, length)) return
  seek(fd, offset)
  for (let rest = length; rest > 0; rest -= contentBlockBytes) {
    writeAll(fd, zeros.subarray(0, Math.min(rest, contentBlockBytes)))
  }
}

// A file that is being changed part by part: what is settled of it until the metadata that ends it comes.
export type Unfinished = { readonly list: BlockList; size: number }

export type ChangeContext = {
  readonly tree: Tree
  readonly store: BlockStore | undefined
  readonly source: ByteSource
  readonly refusals: Refusals
  // Hears how many bytes of content are about to come, before they are written.
  readonly admit: (contentBytes: number) => void
}

// Hears of every block that is written, and what its hash is.
export type BlockWriter = (index: number, hash: ByteString) => void

export const createChanges = ({ tree, store, source, refusals, admit }: ChangeContext) => {
  // One at a time.
  let current: { readonly node: Inode; readonly unfinished: Unfinished } | undefined

  const begin = (node: Inode, first: number): Unfinished => {
    if (current?.node === node) return current.unfinished
    const known = tree.blocks(node)
    const { size } = tree.metadata(node)
    if (current !== undefined || store === undefined || known === undefined) {
      throw damaged('a part of a file does not fit to what there is of it')
    }
    const unfinished = { list: beginBlockList(store, known, first), size }
    current = { node, unfinished }
    return unfinished
  }

  const blocksOf = ({ list, size }: Unfinished): Blocks => list.blocks(Math.ceil(size / contentBlockBytes))

  return {
    // Whether parts of this file have come, and not the metadata that ends them.
    isUnfinished: (node: Inode): boolean => current?.node === node,
    abandon: (): void => {
      current = undefined
    },

    // All of its content, and its metadata.
    content: (place: Place, node: Inode, member: Member): Written => {
      const { metadata } = member
      const { segments, dataBytes } = segmentsOf(member, source)
      admit(dataBytes)
      if (current?.node === node) current = undefined
      return openHeld(place, tree, node, (fd) => {
        truncate(fd, 0)
        if (segments !== undefined) truncate(fd, metadata.size)
        const content = writeContent(fd, metadata.size, segments, source, store)
        return { ...applyToOpen(fd, metadata, place.path, refusals), ...content }
      })
    },

    // The bytes from `offset` on, of whole blocks but at the file's end; the file's metadata is still to come. `wrote` hears
    // of its blocks.
    part: (place: Place, node: Inode, offset: number, member: Member, wrote: BlockWriter): void => {
      const length = member.metadata.size
      const first = offset / contentBlockBytes
      const last = Math.ceil((offset + length) / contentBlockBytes)
      const known = tree.blocks(node)?.count ?? 0
      const { segments, dataBytes } = segmentsOf(member, source)
      if (!Number.isInteger(first) || length === 0 || last > mostBlocksKept) {
        throw damaged('a part of a file does not fit to what there is of it')
      }
      const unfinished = begin(node, first)
      if (first > Math.max(known, unfinished.list.count)) throw damaged('a part of a file begins beyond its end')
      if (first < unfinished.list.count) throw damaged('parts of a file are not in order')
      unfinished.list.keepUntil(first)
      admit(dataBytes)
      const content = createContentHash((hash, count) => {
        for (let index = 0; index < count; index++) {
          wrote(unfinished.list.count, hash)
          unfinished.list.add(hash)
        }
      })
      const range = { offset, length }
      openHeld(place, tree, node, (fd) => {
        if (segments !== undefined) writeZeros(fd, offset, length)
        writeSegments(fd, range, segments ?? [{ offset: 0, length }], content, source)
      })
      content.digest()
      unfinished.size = Math.max(unfinished.size, offset + length)
    },

    // Its metadata, which ends a file of parts.
    metadata: (place: Place, node: Inode, wanted: Metadata): Written => {
      if (wanted.type !== tree.type(node)) throw damaged('a change of metadata is for something of another type')
      if (wanted.type !== 'file') {
        return { ...applyToSpecial(place, wanted, refusals), content: '', blocks: undefined }
      }
      const content = contentAfter(node, wanted.size)
      return openHeld(place, tree, node, (fd) => {
        truncate(fd, wanted.size)
        return { ...applyToOpen(fd, wanted, place.path, refusals), ...content }
      })
    },

    // The tree says of the file in progress what there is of it.
    settle: (): void => {
      if (current === undefined || store === undefined) return
      const blocks = blocksOf(current.unfinished)
      tree.setContent(current.node, current.unfinished.size, hashOfBlocks(eachBlock(store, blocks)), blocks)
    },
  }

  function contentAfter(
    node: Inode,
    size: number,
  ): { readonly content: ByteString; readonly blocks: Blocks | undefined } {
    const unfinished = current?.node === node ? current.unfinished : undefined
    if (unfinished !== undefined) current = undefined
    const known = tree.blocks(node)
    if (known === undefined || store === undefined) {
      if (size !== tree.metadata(node).size) throw damaged('a file changes its size, and its content does not come')
      return { content: tree.content(node), blocks: undefined }
    }
    const count = Math.ceil(size / contentBlockBytes)
    const most = Math.max(known.count, unfinished?.list.count ?? 0)
    if (count > most) throw damaged('parts of a file are missing')
    const blocks = unfinished?.list.whole(count) ?? { ...known, count }
    let missing = false
    const hash = hashOfBlocks(
      (function* () {
        for (const block of eachBlock(store, blocks)) {
          if (block === unknownBlock) missing = true
          yield block
        }
      })(),
    )
    if (missing) throw damaged('parts of a file are missing')
    return { content: hash, blocks: size > contentBlockBytes ? blocks : undefined }
  }
}
