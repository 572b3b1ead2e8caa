// Changes of a file that earlier rounds have made, in place: nobody uses the target yet, and a copy beside would cost the
// whole file. What is interrupted half-way leaves a file whose times have moved, which round/reconcile.ts finds.
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'
import { close, open, openAt, punchHole, seek, truncate, writeAll } from '../linux/libc.ts'
import { sameInode, statFd } from '../linux/stat.ts'
import { blockBytes } from '../tar/header.ts'
import type { Member } from '../tar/member.ts'
import { decodeSparseMap, type Segment } from '../tar/sparse-map.ts'
import { contentBlockBytes, hashOfBlock, hashOfBlocks, hashOfZeros, mostBlocksKept } from '../tree/content-hash.ts'
import type { Metadata } from '../tree/entry.ts'
import type { Leaf } from '../tree/manifest.ts'
import type { ByteSource } from './byte-source.ts'
import type { Refusals } from './refusals.ts'
import { applyToOpen, applyToSpecial, type Place, type Written, writeContent } from './write-entry.ts'

export const openHeld = <T>({ dir, name, path }: Place, leaf: Leaf, use: (fd: number) => T): T => {
  if (leaf.metadata.type !== 'file') throw damaged('content comes for what is no file')
  const fd = openAt(dir, name, open.readAndWrite | open.noFollow | open.nonBlocking)
  try {
    const stat = statFd(fd)
    if (stat.type !== 'file' || !sameInode(stat, leaf.seen)) {
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

// All of its content, and its metadata.
export const changeContent = (
  place: Place,
  leaf: Leaf,
  member: Member,
  source: ByteSource,
  refusals: Refusals,
  admit: (contentBytes: number) => void,
): Written => {
  const { metadata } = member
  const { segments, dataBytes } = segmentsOf(member, source)
  admit(dataBytes)
  return openHeld(place, leaf, (fd) => {
    truncate(fd, 0)
    if (segments !== undefined) truncate(fd, metadata.size)
    const content = writeContent(fd, metadata.size, segments, source)
    return { ...applyToOpen(fd, metadata, place.path, refusals), ...content }
  })
}

const scratch = Buffer.alloc(contentBlockBytes)
const zeros = Buffer.alloc(contentBlockBytes)

const writeZeros = (fd: number, offset: number, length: number): void => {
  if (punchHole(fd, offset, length)) return
  seek(fd, offset)
  for (let rest = length; rest > 0; rest -= contentBlockBytes) {
    writeAll(fd, zeros.subarray(0, Math.min(rest, contentBlockBytes)))
  }
}

// One block, or a hole of any number of blocks. The hashes of the leaf's blocks follow; its metadata is still to come.
// Answers the hash of the data that was written, if any, by the number of its block.
export const changePart = (
  place: Place,
  leaf: Leaf,
  offset: number,
  member: Member,
  source: ByteSource,
  admit: (contentBytes: number) => void,
): { readonly index: number; readonly hash: ByteString } | undefined => {
  const { blocks } = leaf
  const length = member.metadata.size
  const first = offset / contentBlockBytes
  const { segments, dataBytes } = segmentsOf(member, source)
  const hole = segments?.length === 0
  const last = Math.ceil((offset + length) / contentBlockBytes)
  if (blocks === undefined || !Number.isInteger(first) || first > blocks.length || length === 0) {
    throw damaged('a part of a file does not fit to what there is of it')
  }
  if (last > mostBlocksKept || (!hole && length > contentBlockBytes)) throw damaged('a part of a file is too large')
  admit(dataBytes)
  return openHeld(place, leaf, (fd) => {
    if (hole) {
      writeZeros(fd, offset, length)
      for (let index = first; index < last; index++) {
        blocks[index] = hashOfZeros(Math.min(contentBlockBytes, offset + length - index * contentBlockBytes))
      }
      return undefined
    }
    const block = scratch.subarray(0, length)
    if (segments !== undefined) {
      block.fill(0)
      writeZeros(fd, offset, length)
    }
    for (const segment of segments ?? [{ offset: 0, length }]) {
      const part = block.subarray(segment.offset, segment.offset + segment.length)
      for (let at = 0; at < part.length; ) at += source.takeSome(part.length - at).copy(part, at)
      seek(fd, offset + segment.offset)
      writeAll(fd, part)
    }
    const hash = hashOfBlock(block)
    blocks[first] = hash
    return { index: first, hash }
  })
}

const contentAfter = (leaf: Leaf, size: number): Pick<Written, 'content' | 'blocks'> => {
  if (leaf.blocks === undefined) {
    if (size !== leaf.metadata.size) throw damaged('a file changes its size, and its content does not come')
    return { content: leaf.content, blocks: undefined }
  }
  const count = Math.ceil(size / contentBlockBytes)
  const blocks = leaf.blocks.slice(0, count)
  if (blocks.length < count || blocks.includes('')) throw damaged('parts of a file are missing')
  return { content: hashOfBlocks(blocks), blocks: size > contentBlockBytes ? blocks : undefined }
}

export const changeMetadata = (place: Place, leaf: Leaf, wanted: Metadata, refusals: Refusals): Written => {
  if (wanted.type !== leaf.metadata.type) throw damaged('a change of metadata is for something of another type')
  if (wanted.type !== 'file') {
    return { ...applyToSpecial(place, wanted, refusals), content: '', blocks: undefined }
  }
  const content = contentAfter(leaf, wanted.size)
  return openHeld(place, leaf, (fd) => {
    truncate(fd, wanted.size)
    return { ...applyToOpen(fd, wanted, place.path, refusals), ...content }
  })
}
