// Changes of a file that earlier rounds have made, in place: nobody uses the target yet, and a copy beside would cost the
// whole file. What is interrupted half-way leaves a file whose times have moved, which round/reconcile.ts finds.
import { damaged } from '../damaged.ts'
import { close, open, openAt, punchHole, seek, truncate, writeAll } from '../linux/libc.ts'
import { statFd } from '../linux/stat.ts'
import { lastTrace } from '../linux/trace.ts'
import { blockBytes } from '../tar/header.ts'
import type { Member } from '../tar/member.ts'
import { decodeSparseMap, type Segment } from '../tar/sparse-map.ts'
import type { BlockStore } from '../tree/block-store.ts'
import { isSmall } from '../tree/content-hash.ts'
import type { Metadata } from '../tree/entry.ts'
import { blocksIn, contentBlockBytes } from '../tree/page-hashes.ts'
import type { Inode, Tree } from '../tree/tree.ts'
import type { ByteSource } from './byte-source.ts'
import { beginChangingFile, type ChangingFile, type PageWriter, settledWhole } from './changing-file.ts'
import type { Refusals } from './refusals.ts'
import {
  applyToOpen,
  applyToSpecial,
  type Place,
  type Written,
  type WrittenContent,
  writeContent,
  writeSegments,
} from './write-entry.ts'

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

export type ChangeContext = {
  readonly tree: Tree
  readonly store: BlockStore | undefined
  readonly source: ByteSource
  readonly refusals: Refusals
  // Hears how many bytes of content are about to come, before they are written.
  readonly admit: (contentBytes: number) => void
}

export const createChanges = ({ tree, store, source, refusals, admit }: ChangeContext) => {
  // One at a time.
  let current: { readonly node: Inode; readonly file: ChangingFile } | undefined

  // `first`: the first block of it that is another one.
  const begin = (node: Inode, first: number): ChangingFile => {
    if (current?.node === node) return current.file
    const known = tree.blocks(node)
    if (current !== undefined || store === undefined || known === undefined) {
      throw damaged('a part of a file does not fit to what there is of it')
    }
    const file = beginChangingFile(store, known, tree.metadata(node).size, first)
    current = { node, file }
    return file
  }

  // Before the file is cut.
  const contentAfter = (fd: number, node: Inode, size: number): WrittenContent => {
    const known = tree.blocks(node)
    const sizeBefore = tree.metadata(node).size
    if (known === undefined || store === undefined) {
      if (size !== sizeBefore) throw damaged('a file changes its size, and its content does not come')
      return { content: tree.content(node), blocks: undefined }
    }
    if (current?.node !== node && size === sizeBefore) return settledWhole(store, known, size)
    const { content, blocks } = begin(node, Math.max(0, blocksIn(size) - 1)).end(fd, size)
    current = undefined
    return { content, blocks: isSmall(size) ? undefined : blocks }
  }

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

    // The bytes from `offset` on, of whole pages but at the file's end; the file's metadata is still to come. `wrote` hears
    // of the pages.
    part: (place: Place, node: Inode, offset: number, member: Member, wrote: PageWriter): void => {
      const range = { offset, length: member.metadata.size }
      const { segments, dataBytes } = segmentsOf(member, source)
      const file = begin(node, Math.floor(offset / contentBlockBytes))
      openHeld(place, tree, node, (fd) => {
        const pages = file.part(fd, range, wrote)
        admit(dataBytes)
        if (segments !== undefined) writeZeros(fd, offset, range.length)
        writeSegments(fd, range, segments ?? [{ offset: 0, length: range.length }], pages, source)
        pages.end()
      })
    },

    // Its metadata, which ends a file of parts.
    metadata: (place: Place, node: Inode, wanted: Metadata): Written => {
      if (wanted.type !== tree.type(node)) throw damaged('a change of metadata is for something of another type')
      if (wanted.type !== 'file') {
        return { ...applyToSpecial(place, wanted, refusals), content: '', blocks: undefined }
      }
      return openHeld(place, tree, node, (fd) => {
        const content = contentAfter(fd, node, wanted.size)
        truncate(fd, wanted.size)
        return { ...applyToOpen(fd, wanted, place.path, refusals), ...content }
      })
    },

    // The tree says of the file in progress what there is of it.
    settle: (): void => {
      if (current === undefined) return
      const { size, content, blocks } = current.file.settle()
      tree.setContent(current.node, size, content, blocks)
    },
  }
}
