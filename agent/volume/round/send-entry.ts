// What of one entry goes into the stream: all of it, or what has changed since the other side was given it.
import { AppError } from '../../../shared/errors.ts'
import { type ByteString, displayPath } from '../byte-string.ts'
import { close, dropCached, readLink, reopen } from '../linux/libc.ts'
import type { Stat } from '../linux/stat.ts'
import { paddingAfter } from '../tar/header.ts'
import { encodeLink, encodeMember, encodeRemoval, mostRecordBytes } from '../tar/member.ts'
import { encodeSparseMap, type Segment } from '../tar/sparse-map.ts'
import { readAttributes } from '../tree/attributes.ts'
import { contentBlockBytes, emptyContentHash, hashOfSmallContent, mostBlocksKept } from '../tree/content-hash.ts'
import type { Attributes, Metadata } from '../tree/entry.ts'
import { type Leaf, sameMetadata } from '../tree/manifest.ts'
import type { PieceSink } from './piece-sink.ts'
import { readFully, segmentsOf, sendContent, sendSmallContent } from './read-file.ts'
import { sendChangedBlocks } from './send-changed-file.ts'
import type { SkippedList } from './summary.ts'

// What was sent of an inode, or found to be there already.
export type Given = Pick<Leaf, 'metadata' | 'content' | 'blocks'>

export type EntrySender = {
  // Members that have been sent, and the bytes of content in them.
  readonly sent: { readonly entries: number; readonly contentBytes: number }
  metadataOf(fd: number, pathOnly: boolean, stat: Stat, path: ByteString): Metadata
  create(pathFd: number, stat: Stat, path: ByteString): Given
  // `path`: a name by which the other side knows the inode; `before`: as it was given.
  update(pathFd: number, stat: Stat, path: ByteString, before: Leaf): Given
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
  readonly fromDisk: boolean
}

const smallScratch = Buffer.alloc(contentBlockBytes)

export const createEntrySender = ({ sink, skipped, checkpoint, cutShort, fromDisk }: Options): EntrySender => {
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
    sent.entries++
  }

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

  const sendWhole = (fd: number, stat: Stat, path: ByteString, metadata: Metadata, inPlace: boolean): Given => {
    const segments = stat.size === 0 ? undefined : segmentsOf(fd, stat)
    const storedBytes = begin(path, metadata, segments, inPlace)
    if (stat.size === 0) return { metadata, content: emptyContentHash, blocks: undefined }
    const small = segments === undefined ? sendSmallContent(fd, stat.size, sink) : undefined
    const content = small ?? sendContent(fd, stat.size, segments, sink, checkpoint)
    if (content.short) cutShort(path)
    sink.zeros(paddingAfter(storedBytes))
    return { metadata, content: content.hash, blocks: content.blocks }
  }

  // A file of no more than a block: compared by its content hash.
  const updateSmall = (fd: number, stat: Stat, path: ByteString, found: Metadata, before: Leaf): Given => {
    const segments = stat.size === 0 ? undefined : segmentsOf(fd, stat)
    const bytes = smallScratch.subarray(0, readFully(fd, smallScratch.subarray(0, stat.size)))
    const short = bytes.length < stat.size
    if (short) cutShort(path)
    const metadata = { ...found, size: bytes.length }
    const content = hashOfSmallContent(bytes)
    if (content === before.content && metadata.size === before.metadata.size) {
      if (!sameMetadata(metadata, before.metadata)) sendMetadata(path, metadata)
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
    before: Leaf,
    known: readonly ByteString[],
  ): Given => {
    const given = sendChangedBlocks(fd, path, stat.size, segmentsOf(fd, stat), known, sink, checkpoint)
    if (given.short) cutShort(path)
    sent.contentBytes += given.dataBytes
    const metadata = { ...found, size: given.size }
    if (given.parts > 0 || !sameMetadata(metadata, before.metadata)) sendMetadata(path, metadata)
    return { metadata, content: given.hash, blocks: given.size > contentBlockBytes ? given.blocks : undefined }
  }

  const withFile = (pathFd: number, use: (fd: number) => Given): Given => {
    const fd = reopen(pathFd)
    try {
      if (fromDisk) dropCached(fd)
      return use(fd)
    } finally {
      close(fd)
    }
  }

  return {
    sent,
    metadataOf,
    create: (pathFd, stat, path) => {
      if (stat.type === 'file') {
        return withFile(pathFd, (fd) => sendWhole(fd, stat, path, metadataOf(fd, false, stat, path), false))
      }
      const metadata = metadataOf(pathFd, true, stat, path)
      sink.write(encodeMember({ path, metadata, storedBytes: 0, sparse: false }))
      sent.entries++
      return { metadata, content: '', blocks: undefined }
    },
    update: (pathFd, stat, path, before) => {
      if (stat.type === 'file') {
        return withFile(pathFd, (fd) => {
          const metadata = metadataOf(fd, false, stat, path)
          if (stat.size <= contentBlockBytes) return updateSmall(fd, stat, path, metadata, before)
          const { blocks } = before
          return blocks === undefined || stat.size > mostBlocksKept * contentBlockBytes
            ? sendWhole(fd, stat, path, metadata, true)
            : updateLarge(fd, stat, path, metadata, before, blocks)
        })
      }
      const metadata = metadataOf(pathFd, true, stat, path)
      if (!sameMetadata(metadata, before.metadata)) sendMetadata(path, metadata)
      return { metadata, content: '', blocks: undefined }
    },
    directory: (path, metadata, base) => {
      sink.write(encodeMember({ path, metadata, storedBytes: 0, sparse: false, base }))
      sent.entries++
    },
    directoryMetadata: sendMetadata,
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
