// One round, read: the whole volume as a PAX archive, and its tree digest.
//
// Order: record every stat, then sync, then read. The sync write-protects pages that a process has mapped and dirtied,
// so that any store after it moves the file's times; before it, such a store would change content and nothing else.
// In the final round everything is recorded once more at the end and compared with the first record: the round is good
// only if nothing in the volume has changed from before its first byte was read until after its last. In the rounds
// before, what changes is read as it is found, and is right again in the next round.
import { AppError } from '../../../shared/errors.ts'
import { type ByteString, displayPath } from '../byte-string.ts'
import { createCursor } from '../linux/cursor.ts'
import { close, open, openAt, readLink, reopen, syncFileSystem } from '../linux/libc.ts'
import { identityOf, isMountPoint, type Stat, sameInode, statFd } from '../linux/stat.ts'
import { blockBytes, paddingAfter } from '../tar/header.ts'
import { encodeLink, encodeMember, mostRecordBytes } from '../tar/member.ts'
import { deepestPath, longestPath } from '../tar/path.ts'
import { encodeSparseMap } from '../tar/sparse-map.ts'
import { readAttributes } from '../tree/attributes.ts'
import { changesBetween } from '../tree/changes.ts'
import { emptyContentHash } from '../tree/content-hash.ts'
import { directoryDigest, inodeDigest, treeDigest } from '../tree/digest.ts'
import type { Attributes, Metadata } from '../tree/entry.ts'
import { isGone, type ScannedNode, scan } from '../tree/scan.ts'
import type { PieceSink } from './piece-sink.ts'
import { segmentsOf, sendContent, sendSmallContent } from './read-file.ts'
import { createSkippedList, type Summary } from './summary.ts'
import { asReadError, openVolume, requireIdentity, statOfRoot } from './volume-root.ts'

export type ReadRequest = {
  readonly root: string
  readonly expectIdentity?: string
  readonly final: boolean
}

const mostNamed = 20

const sourceChanged = (paths: readonly ByteString[]): AppError => {
  const names = paths.map(displayPath)
  return new AppError(
    'DRAYAGE_SOURCE_CHANGED',
    `The volume changed during the last round, while nothing should be writing to it: ${names.join(', ')}${
      paths.length === mostNamed ? ', and perhaps more' : ''
    }. Find what else uses the volume, stop it, and try again.`,
    { details: { paths: names } },
  )
}

const unrepresentable = (path: ByteString, why: string): AppError =>
  new AppError(
    'DRAYAGE_UNREPRESENTABLE',
    `${displayPath(path)} cannot be carried: ${why}. Remove or change it first.`,
    {
      details: { paths: [displayPath(path)] },
    },
  )

// What has been sent of an inode with several names: later names become links to the first.
type SentInode = { readonly names: ByteString[]; readonly digest: ByteString; readonly metadata: Metadata }

type DigestedEntry = { readonly name: ByteString; readonly digest: ByteString }

// A directory being read: which child is next, and the digests of those before.
type OpenDirectory = {
  readonly node: ScannedNode
  readonly prefix: ByteString
  readonly metadata: Metadata
  readonly digests: DigestedEntry[]
  next: number
}

export const readRound = (request: ReadRequest, sink: PieceSink, checkpoint: () => void): Summary => {
  const skipped = createSkippedList()
  const attributesLeftOut = new Set<ByteString>()
  const sent = new Map<string, SentInode>()
  let entries = 0
  let contentBytes = 0

  const changedInFinal = (path: ByteString): void => {
    if (request.final) throw sourceChanged([path])
  }

  const cursor = createCursor(openVolume(request.root))
  const volume = cursor.stat

  const scanVolume = (first: boolean): ScannedNode =>
    scan(openAt(cursor.fd, '.', open.readOnly | open.directory), {
      checkpoint,
      leftOut: (path, reason) => {
        if (first) skipped.add(path, reason)
      },
      vanished: changedInFinal,
    })

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

  const metadataOf = (stat: Stat, path: ByteString, target: ByteString, attributes: Attributes): Metadata => {
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
      target,
      major: device ? stat.nodeMajor : 0,
      minor: device ? stat.nodeMinor : 0,
      attributes,
    }
  }

  const sendFile = (pathFd: number, stat: Stat, path: ByteString): { metadata: Metadata; digest: ByteString } => {
    const fd = reopen(pathFd)
    try {
      const metadata = metadataOf(stat, path, '', attributesOf(fd, false, path))
      const segments = stat.size === 0 ? undefined : segmentsOf(fd, stat)
      const map = segments === undefined ? undefined : encodeSparseMap(segments, stat.size)
      const dataBytes = segments === undefined ? stat.size : segments.reduce((sum, { length }) => sum + length, 0)
      const storedBytes = dataBytes + (map?.length ?? 0)
      sink.write(encodeMember({ path, metadata, storedBytes, sparse: map !== undefined }))
      if (map !== undefined) sink.write(map)
      let hash = emptyContentHash
      if (stat.size > 0) {
        const small = map === undefined ? sendSmallContent(fd, stat.size, sink) : undefined
        const content = small ?? sendContent(fd, stat.size, segments, sink, checkpoint)
        if (content.short) changedInFinal(path)
        hash = content.hash
        sink.zeros(paddingAfter(storedBytes))
      }
      contentBytes += dataBytes
      return { metadata, digest: inodeDigest(metadata, hash) }
    } finally {
      close(fd)
    }
  }

  const sendOther = (pathFd: number, stat: Stat, path: ByteString): { metadata: Metadata; digest: ByteString } => {
    const target = stat.type === 'symlink' ? readLink(pathFd) : ''
    const metadata = metadataOf(stat, path, target, attributesOf(pathFd, true, path))
    sink.write(encodeMember({ path, metadata, storedBytes: 0, sparse: false }))
    return { metadata, digest: inodeDigest(metadata, '') }
  }

  // Sends what is at this name now, which in a live round need not be what was recorded. Opening with O_PATH touches
  // nothing, so that a FIFO or a device in a file's place neither blocks nor acts. undefined: nothing that can be sent.
  const sendEntry = (dir: number, node: ScannedNode, path: ByteString): ByteString | undefined => {
    let pathFd: number
    try {
      pathFd = openAt(dir, node.name, open.path | open.noFollow)
    } catch (error) {
      if (!isGone(error)) throw error
      changedInFinal(path)
      return undefined
    }
    try {
      const stat = statFd(pathFd)
      if (!sameInode(stat, node.stat)) changedInFinal(path)
      // Asked of the type even of the same inode: its number may be another file's by now.
      if (stat.type === 'directory' || stat.type === 'socket' || isMountPoint(volume, stat)) {
        changedInFinal(path)
        return undefined
      }
      const known = stat.links > 1 ? sent.get(identityOf(stat)) : undefined
      if (known !== undefined) {
        const [linkTo = ''] = known.names
        sink.write(encodeLink({ path, linkTo }, known.metadata))
        known.names.push(path)
        return known.digest
      }
      const { metadata, digest } = stat.type === 'file' ? sendFile(pathFd, stat, path) : sendOther(pathFd, stat, path)
      if (stat.links > 1) sent.set(identityOf(stat), { names: [path], digest, metadata })
      return digest
    } finally {
      close(pathFd)
    }
  }

  try {
    requireIdentity(request.root, volume, request.expectIdentity)
    const recorded = scanVolume(true)
    checkpoint()
    syncFileSystem(cursor.fd)

    const sendDirectory = (node: ScannedNode): OpenDirectory => {
      const prefix = cursor.prefix()
      const path = prefix.slice(0, -1)
      if (path.length > longestPath || cursor.names.length > deepestPath) {
        throw unrepresentable(
          path,
          `it is ${cursor.names.length} directories deep, with a path of ${path.length} bytes`,
        )
      }
      // The stat is taken anew: what was recorded may be older than the entries about to be read.
      const metadata = metadataOf(statFd(cursor.fd), path, '', attributesOf(cursor.fd, false, path))
      sink.write(encodeMember({ path, metadata, storedBytes: 0, sparse: false }))
      entries++
      return { node, prefix, metadata, digests: [], next: 0 }
    }

    // Goes into a directory; undefined when it is no longer the one that was recorded.
    const enter = (node: ScannedNode, path: ByteString): OpenDirectory | undefined => {
      try {
        cursor.enter(node.name)
      } catch (error) {
        if (!isGone(error)) throw error
        changedInFinal(path)
        return undefined
      }
      if (sameInode(cursor.stat, node.stat)) return sendDirectory(node)
      cursor.leave()
      changedInFinal(path)
      return undefined
    }

    let rootDigest: ByteString = ''
    const path: OpenDirectory[] = [sendDirectory(recorded)]
    for (let here = path.at(-1); here !== undefined; here = path.at(-1)) {
      checkpoint()
      const child = here.node.children?.[here.next++]
      if (child === undefined) {
        const digest = directoryDigest(here.metadata, here.digests)
        path.pop()
        const above = path.at(-1)
        if (above === undefined) rootDigest = digest
        else {
          above.digests.push({ name: here.node.name, digest })
          cursor.leave()
        }
      } else if (child.children !== undefined) {
        const entered = enter(child, here.prefix + child.name)
        if (entered !== undefined) path.push(entered)
      } else {
        const digest = sendEntry(cursor.fd, child, here.prefix + child.name)
        if (digest === undefined) continue
        entries++
        here.digests.push({ name: child.name, digest })
      }
    }
    sink.zeros(2 * blockBytes)
    sink.finish()

    if (request.final) {
      const changed = changesBetween(recorded, scanVolume(false), mostNamed)
      if (changed.length > 0) throw sourceChanged(changed)
      requireIdentity(request.root, statOfRoot(request.root), identityOf(volume))
    }
    const digest = treeDigest(
      rootDigest,
      [...sent.values()].map(({ names }) => names),
    )
    return { entries, contentBytes, tarBytes: sink.total, digest, skipped: skipped.list() }
  } catch (error) {
    throw asReadError(request.root, error)
  } finally {
    cursor.close()
  }
}
