// What of one entry goes into the stream: all of it, or what has changed since the other side was given it.
import { AppError } from '../../../shared/errors.ts'
import { type ByteString, displayPath } from '../byte-string.ts'
import { close, dropCached, protectPages, readLink, reopen } from '../linux/libc.ts'
import type { Stat } from '../linux/stat.ts'
import { paddingAfter } from '../tar/header.ts'
import { encodeLink, encodeMember, encodePart, encodeRemoval, mostRecordBytes } from '../tar/member.ts'
import { encodeSparseMap, type Segment } from '../tar/sparse-map.ts'
import { readAttributes, sameMetadata } from '../tree/attributes.ts'
import { type BlockStore, type Blocks, beginBlockList, blockOf, eachBlock, pagesOf } from '../tree/block-store.ts'
import {
  createContentHash,
  emptyContentHash,
  hashOfBlocks,
  hashOfSmallContent,
  isSmall,
  keepsBlocks,
} from '../tree/content-hash.ts'
import type { Attributes, Metadata } from '../tree/entry.ts'
import { blocksIn, bytesOfBlock, contentBlockBytes, pagesIn } from '../tree/page-hashes.ts'
import type { PieceSink } from './piece-sink.ts'
import type { BlockReader } from './read-blocks.ts'
import { readFully, segmentsOf, sendContent, sendSmallContent, within } from './read-file.ts'
import { sendChangedBlocks } from './send-changed-file.ts'
import type { SkippedList } from './summary.ts'

// What was sent of an inode, or found to be there already.
export type Given = {
  readonly metadata: Metadata
  readonly content: ByteString
  readonly blocks: Blocks | undefined
}

// Called in the middle of a large file, where the other side has all that was sent of it: `given` says what.
export type Pause = (given: () => Given) => void

export type EntrySender = {
  // Members that have been sent, and the bytes of content in them.
  readonly sent: { readonly entries: number; readonly contentBytes: number }
  metadataOf(fd: number, pathOnly: boolean, stat: Stat, path: ByteString): Metadata
  create(pathFd: number, stat: Stat, path: ByteString, pause: Pause): Given
  // `path`: a name by which the other side knows the inode; `before`: as it was given.
  update(pathFd: number, stat: Stat, path: ByteString, before: Given, pause: Pause): Given
  directory(path: ByteString, metadata: Metadata, base?: string): void
  directoryMetadata(path: ByteString, metadata: Metadata): void
  link(path: ByteString, linkTo: ByteString, metadata: Metadata): void
  remove(path: ByteString): void
}

export const unrepresentable = (path: ByteString, why: string): AppError =>
  new AppError(
    'DRAYAGE_UNREPRESENTABLE',
    `${displayPath(path)} cannot be carried: ${why}. Remove or change it first.`,
    {
      details: { paths: [displayPath(path)] },
    },
  )

type Options = {
  readonly sink: PieceSink
  readonly skipped: SkippedList
  readonly checkpoint: () => void
  // A file ended before the size that it had: throws where that must not be.
  readonly cutShort: (path: ByteString) => void
  // Where hashes of blocks are kept. Without it large files cross in one piece, and whole whenever they change.
  readonly store: BlockStore | undefined
  // Then large files cross in pieces of so many bytes of data, so that a round that is cut can go on in their middle.
  readonly runBytes: number
  readonly fromDisk: boolean
  // For files that are compared with what is known of them.
  readonly blockReader: BlockReader
  // Before a file is read, stores to it through mappings are made to show from here on.
  readonly protects: boolean
}

// Where the piece that begins at `from`, at or in the segment `next`, ends: at a block's end, or the file's.
const endOfRun = (segments: readonly Segment[], next: number, from: number, size: number, runBytes: number): number => {
  let rest = runBytes
  for (let index = next; index < segments.length; index++) {
    const { offset = 0, length = 0 } = segments[index] ?? {}
    const start = Math.max(offset, from)
    const end = offset + length
    if (end - start >= rest) return Math.min(size, blocksIn(start + rest) * contentBlockBytes)
    rest -= end - start
  }
  return size
}

const smallScratch = Buffer.alloc(contentBlockBytes)

export const createEntrySender = ({
  sink,
  skipped,
  checkpoint,
  cutShort,
  store,
  runBytes,
  fromDisk,
  blockReader,
  protects,
}: Options): EntrySender => {
  const attributesLeftOut = new Set<ByteString>()
  const sent = { entries: 0, contentBytes: 0 }

  const attributesOf = (fd: number, pathOnly: boolean, path: ByteString): Attributes => {
    const attributes = readAttributes({ fd, pathOnly }, (name) => {
      if (attributesLeftOut.has(name)) return
      attributesLeftOut.add(name)
      skipped.add(path, `the attribute ${displayPath(name)}, here and elsewhere in the volume, belongs to this host`)
    })
    let bytes = 0
    for (const value of attributes.values()) bytes += value.length
    if (bytes > mostRecordBytes / 2) throw unrepresentable(path, `its attributes take ${bytes} bytes`)
    return attributes
  }

  const metadataOf = (fd: number, pathOnly: boolean, stat: Stat, path: ByteString): Metadata => {
    if (stat.type === 'socket') throw new Error('a socket is not an entry of a tree')
    const device = stat.type === 'character' || stat.type === 'block'
    const file = stat.type === 'file'
    if (!Number.isSafeInteger(stat.modifiedSeconds))
      throw unrepresentable(path, 'its modification time is out of range')
    if (file && !Number.isSafeInteger(stat.size)) throw unrepresentable(path, 'its size is out of range')
    return {
      type: stat.type,
      permissions: stat.permissions,
      uid: stat.uid,
      gid: stat.gid,
      modifiedSeconds: stat.modifiedSeconds,
      modifiedNanoseconds: stat.modifiedNanoseconds,
      size: file ? stat.size : 0,
      target: stat.type === 'symlink' ? readLink(fd) : '',
      major: device ? stat.nodeMajor : 0,
      minor: device ? stat.nodeMinor : 0,
      attributes: attributesOf(fd, pathOnly, path),
    }
  }

  const sendMetadata = (path: ByteString, metadata: Metadata): void => {
    const change = { kind: 'metadata', size: metadata.size } as const
    sink.write(encodeMember({ path, metadata, storedBytes: 0, sparse: false, change }))
  }

  const sendMetadataOf = (path: ByteString, metadata: Metadata): void => {
    sendMetadata(path, metadata)
    sent.entries++
  }

  // Of a member with content; returns how many bytes follow.
  const begin = (
    path: ByteString,
    metadata: Metadata,
    segments: readonly Segment[] | undefined,
    inPlace: boolean,
  ): number => {
    const map = segments === undefined ? undefined : encodeSparseMap(segments, metadata.size)
    const dataBytes = segments === undefined ? metadata.size : segments.reduce((sum, { length }) => sum + length, 0)
    const storedBytes = dataBytes + (map?.length ?? 0)
    const change = inPlace ? ({ kind: 'content' } as const) : undefined
    sink.write(encodeMember({ path, metadata, storedBytes, sparse: map !== undefined, change }))
    if (map !== undefined) sink.write(map)
    sent.entries++
    sent.contentBytes += dataBytes
    return storedBytes
  }

  const sendPart = (path: ByteString, { offset, length }: Segment, inside: readonly Segment[]): number => {
    const whole = inside.length === 1 && inside[0]?.length === length
    const map = whole ? undefined : encodeSparseMap(inside, length)
    const dataBytes = inside.reduce((sum, segment) => sum + segment.length, 0)
    const storedBytes = dataBytes + (map?.length ?? 0)
    sink.write(encodePart({ path, offset, length }, storedBytes, map !== undefined))
    if (map !== undefined) sink.write(map)
    sent.contentBytes += dataBytes
    return storedBytes
  }

  const sendWhole = (
    fd: number,
    stat: Stat,
    path: ByteString,
    metadata: Metadata,
    inPlace: boolean,
    pause: Pause,
  ): Given => {
    const holes = stat.size === 0 ? undefined : segmentsOf(fd, stat)
    if (holes === undefined && isSmall(stat.size)) {
      const storedBytes = begin(path, metadata, undefined, inPlace)
      if (stat.size === 0) return { metadata, content: emptyContentHash, blocks: undefined }
      const small = sendSmallContent(fd, stat.size, sink)
      if (small !== undefined) {
        if (small.short) cutShort(path)
        sink.zeros(paddingAfter(storedBytes))
        return { metadata, content: small.hash, blocks: undefined }
      }
      const content = createContentHash()
      const all = { offset: 0, length: stat.size }
      if (sendContent(fd, all, [all], content, sink, checkpoint)) cutShort(path)
      sink.zeros(paddingAfter(storedBytes))
      return { metadata, content: content.digest(), blocks: undefined }
    }
    return sendLarge(fd, path, metadata, holes, inPlace, pause)
  }

  const sendLarge = (
    fd: number,
    path: ByteString,
    metadata: Metadata,
    holes: readonly Segment[] | undefined,
    inPlace: boolean,
    pause: Pause,
  ): Given => {
    const { size } = metadata
    const segments = holes ?? [{ offset: 0, length: size }]
    const list = store !== undefined && keepsBlocks(size) ? beginBlockList(store, undefined, 0) : undefined
    const content = createContentHash((hash, pages, count) => {
      for (let index = 0; index < count; index++) list?.add(hash, pages)
    })
    let nextSegment = 0
    let reached = 0
    let short = false
    while (reached < size && !short) {
      const offset = reached
      const end = list === undefined ? size : endOfRun(segments, nextSegment, offset, size, runBytes)
      const range = { offset, length: end - offset }
      const { inside, next } = within(segments, nextSegment, offset, range.length)
      nextSegment = next
      if (offset > 0 && list !== undefined && store !== undefined) {
        pause(() => {
          const blocks = list.blocks(offset / contentBlockBytes)
          return { metadata: { ...metadata, size: offset }, content: hashOfBlocks(eachBlock(store, blocks)), blocks }
        })
      }
      const storedBytes =
        offset === 0
          ? begin(path, { ...metadata, size: end }, holes === undefined ? undefined : inside, inPlace)
          : sendPart(path, range, inside)
      short = sendContent(fd, range, inside, content, sink, checkpoint)
      sink.zeros(paddingAfter(storedBytes))
      reached = end
      if (offset > 0 && (reached === size || short)) sendMetadata(path, { ...metadata, size: reached })
    }
    if (short) cutShort(path)
    const given = { ...metadata, size: reached }
    const hash = content.digest()
    const blocks = isSmall(reached) ? undefined : list?.whole(blocksIn(reached))
    return { metadata: given, content: hash, blocks }
  }

  // A file of no more than a block: compared by its content hash.
  const updateSmall = (fd: number, stat: Stat, path: ByteString, found: Metadata, before: Given): Given => {
    const segments = stat.size === 0 ? undefined : segmentsOf(fd, stat)
    const bytes = smallScratch.subarray(0, readFully(fd, smallScratch.subarray(0, stat.size)))
    const short = bytes.length < stat.size
    if (short) cutShort(path)
    const metadata = { ...found, size: bytes.length }
    const content = hashOfSmallContent(bytes)
    if (content === before.content && metadata.size === before.metadata.size) {
      if (!sameMetadata(metadata, before.metadata)) sendMetadataOf(path, metadata)
    } else {
      const data = short ? undefined : segments
      const storedBytes = begin(path, metadata, data, true)
      for (const { offset, length } of data ?? [{ offset: 0, length: bytes.length }]) {
        sink.write(bytes.subarray(offset, offset + length))
      }
      sink.zeros(paddingAfter(storedBytes))
    }
    return { metadata, content, blocks: undefined }
  }

  const updateLarge = (
    fd: number,
    stat: Stat,
    path: ByteString,
    found: Metadata,
    before: Given,
    kept: { readonly store: BlockStore; readonly known: Blocks },
    pause: Pause,
  ): Given => {
    const list = beginBlockList(kept.store, kept.known, 0)
    const given = (blocks: Blocks, metadata: Metadata): Given => ({
      metadata,
      content: hashOfBlocks(eachBlock(kept.store, blocks)),
      blocks,
    })
    const alreadySent = sent.contentBytes
    const changes = sendChangedBlocks(
      {
        fd,
        path,
        size: stat.size,
        segments: segmentsOf(fd, stat),
        known: {
          hash: (block) => blockOf(kept.store, kept.known, block),
          pages: (block) => pagesOf(kept.store, kept.known, block, pagesIn(bytesOfBlock(before.metadata.size, block))),
        },
        found: list,
      },
      blockReader,
      sink,
      checkpoint,
      (dataBytes, reached) => {
        sent.contentBytes = alreadySent + dataBytes
        pause(() => {
          const size = Math.max(before.metadata.size, reached)
          return given(list.blocks(blocksIn(size)), { ...before.metadata, size })
        })
      },
    )
    sent.contentBytes = alreadySent + changes.dataBytes
    if (changes.short) cutShort(path)
    const metadata = { ...found, size: changes.size }
    if (changes.parts > 0 || !sameMetadata(metadata, before.metadata)) {
      sendMetadata(path, metadata)
      sent.entries++
    }
    const all = given(list.whole(blocksIn(changes.size)), metadata)
    return isSmall(changes.size) ? { ...all, blocks: undefined } : all
  }

  const withFile = (pathFd: number, use: (fd: number) => Given): Given => {
    const fd = reopen(pathFd)
    try {
      if (protects) protectPages(fd)
      if (fromDisk) dropCached(fd)
      return use(fd)
    } finally {
      close(fd)
    }
  }

  return {
    sent,
    metadataOf,
    create: (pathFd, stat, path, pause) => {
      if (stat.type === 'file') {
        return withFile(pathFd, (fd) => sendWhole(fd, stat, path, metadataOf(fd, false, stat, path), false, pause))
      }
      const metadata = metadataOf(pathFd, true, stat, path)
      sink.write(encodeMember({ path, metadata, storedBytes: 0, sparse: false }))
      sent.entries++
      return { metadata, content: '', blocks: undefined }
    },
    update: (pathFd, stat, path, before, pause) => {
      if (stat.type === 'file') {
        return withFile(pathFd, (fd) => {
          const metadata = metadataOf(fd, false, stat, path)
          if (isSmall(stat.size)) return updateSmall(fd, stat, path, metadata, before)
          const { blocks: known } = before
          return store === undefined || known === undefined || !keepsBlocks(stat.size)
            ? sendWhole(fd, stat, path, metadata, true, pause)
            : updateLarge(fd, stat, path, metadata, before, { store, known }, pause)
        })
      }
      const metadata = metadataOf(pathFd, true, stat, path)
      if (!sameMetadata(metadata, before.metadata)) sendMetadataOf(path, metadata)
      return { metadata, content: '', blocks: undefined }
    },
    directory: (path, metadata, base) => {
      sink.write(encodeMember({ path, metadata, storedBytes: 0, sparse: false, base }))
      sent.entries++
    },
    directoryMetadata: sendMetadataOf,
    link: (path, linkTo, metadata) => {
      sink.write(encodeLink({ path, linkTo }, metadata))
      sent.entries++
    },
    remove: (path) => {
      sink.write(encodeRemoval(path))
      sent.entries++
    },
  }
}
