import type { ByteString } from '../byte-string.ts'
import {
  type AttributeHandle,
  close,
  listAttributes,
  makeNode,
  makeSymlink,
  open,
  openAt,
  readLink,
  removeAttribute,
  seek,
  setAttribute,
  setModified,
  setModifiedAt,
  setOwner,
  setOwnerOfPath,
  setPermissions,
  setPermissionsOfPath,
  startWriteBack,
  truncate,
  writeAll,
} from '../linux/libc.ts'
import { type Stat, statFd } from '../linux/stat.ts'
import { type Trace, takeTrace } from '../linux/trace.ts'
import { blockBytes } from '../tar/header.ts'
import type { Member } from '../tar/member.ts'
import { decodeSparseMap, type Segment, type SparseMap } from '../tar/sparse-map.ts'
import { isKeptAttribute, readAttributes, sameAttributes } from '../tree/attributes.ts'
import { type BlockStore, type Blocks, beginBlockList } from '../tree/block-store.ts'
import { createContentHash, hashOfSmallContent, keepsBlocks } from '../tree/content-hash.ts'
import type { Metadata } from '../tree/entry.ts'
import { blocksIn, type PageHasher } from '../tree/page-hashes.ts'
import type { ByteSource } from './byte-source.ts'
import type { Refusals } from './refusals.ts'

// Where an entry is made: an open directory of the target and a name in it. `path` is for messages.
export type Place = { readonly dir: number; readonly name: ByteString; readonly path: ByteString }

// What the target's file system says it now holds: the digest is made from this, not from the stream, so that what a
// file system loses in silence shows.
export type Found = { readonly metadata: Metadata; readonly seen: Trace }

// What has been made, with the hashes of what was written into it.
export type Written = Found & { readonly content: ByteString; readonly blocks: Blocks | undefined }

const readBack = (handle: AttributeHandle, target: ByteString): Found => {
  const stat: Stat = statFd(handle.fd)
  const seen = takeTrace()
  return { metadata: metadataFrom(stat, handle, target), seen }
}

const metadataFrom = (stat: Stat, handle: AttributeHandle, target: ByteString): Metadata => {
  if (stat.type === 'socket') throw new Error('a socket stands where another entry was made')
  const device = stat.type === 'character' || stat.type === 'block'
  return {
    type: stat.type,
    permissions: stat.permissions,
    uid: stat.uid,
    gid: stat.gid,
    modifiedSeconds: stat.modifiedSeconds,
    modifiedNanoseconds: stat.modifiedNanoseconds,
    size: stat.type === 'file' ? stat.size : 0,
    target,
    major: device ? stat.nodeMajor : 0,
    minor: device ? stat.nodeMinor : 0,
    attributes: readAttributes(handle),
  }
}

const differences = (wanted: Metadata, found: Metadata): string[] => {
  const names: string[] = []
  if (wanted.type !== found.type) names.push('type')
  // A symlink has no permissions of its own on Linux.
  if (wanted.type !== 'symlink' && wanted.permissions !== found.permissions) names.push('permissions')
  if (wanted.uid !== found.uid || wanted.gid !== found.gid) names.push('owner')
  if (wanted.modifiedSeconds !== found.modifiedSeconds || wanted.modifiedNanoseconds !== found.modifiedNanoseconds) {
    names.push('modification time')
  }
  if (wanted.size !== found.size) names.push('size')
  if (wanted.target !== found.target) names.push('link text')
  if (wanted.major !== found.major || wanted.minor !== found.minor) names.push('device number')
  if (!sameAttributes(wanted.attributes, found.attributes)) names.push('attributes')
  return names
}

const verified = (wanted: Metadata, found: Found, path: ByteString, refusals: Refusals): Found => {
  const differing = differences(wanted, found.metadata)
  if (differing.length > 0) refusals.note(path, `not kept as it was: ${differing.join(', ')}`)
  return found
}

// What was there before, or came from a default ACL of the directory.
const removeOtherAttributes = (
  handle: AttributeHandle,
  { attributes }: Metadata,
  path: ByteString,
  refusals: Refusals,
) => {
  for (const name of listAttributes(handle)) {
    if (!isKeptAttribute(name) || attributes.has(name)) continue
    refusals.attempt(path, `to be without the attribute ${name}`, () => removeAttribute(handle, name))
  }
}

// Attributes that are not wanted go first, since an ACL takes part in what permissions mean. Then the owner, since a
// change of owner clears setuid bits and capabilities; then permissions; then attributes, whose ACL may widen them; the
// time last, since all of that moves it.
const setAttributes = (handle: AttributeHandle, { attributes }: Metadata, path: ByteString, refusals: Refusals) => {
  for (const [name, value] of attributes) {
    refusals.attempt(path, `the attribute ${name}`, () => setAttribute(handle, name, value))
  }
}

// For a file or directory open at `fd`. Returns what the file system then says.
export const applyToOpen = (fd: number, wanted: Metadata, path: ByteString, refusals: Refusals): Found => {
  const handle = { fd, pathOnly: false }
  removeOtherAttributes(handle, wanted, path, refusals)
  refusals.attempt(path, 'its owner', () => setOwner(fd, wanted.uid, wanted.gid))
  refusals.attempt(path, 'its permissions', () => setPermissions(fd, wanted.permissions))
  setAttributes(handle, wanted, path, refusals)
  refusals.attempt(path, 'its time', () => setModified(fd, wanted.modifiedSeconds, wanted.modifiedNanoseconds))
  return verified(wanted, readBack(handle, ''), path, refusals)
}

// A symlink, FIFO or device. undefined: this file system cannot hold it, which has been noted.
export const writeSpecial = (place: Place, wanted: Metadata, refusals: Refusals): Written | undefined => {
  const { dir, name, path } = place
  const { type } = wanted
  const made = refusals.attempt(path, `a ${type}`, () => {
    if (type === 'symlink') makeSymlink(dir, name, wanted.target)
    else if (type === 'fifo' || type === 'character' || type === 'block') makeNode(dir, name, type, wanted)
    else throw new Error(`a ${type} is not made here`)
  })
  if (!made) return undefined
  return { ...applyToSpecial(place, wanted, refusals), content: '', blocks: undefined }
}

// The same for one that is there already.
export const applyToSpecial = ({ dir, name, path }: Place, wanted: Metadata, refusals: Refusals): Found => {
  const { type } = wanted
  const fd = openAt(dir, name, open.path | open.noFollow)
  try {
    const handle = { fd, pathOnly: true }
    removeOtherAttributes(handle, wanted, path, refusals)
    refusals.attempt(path, 'its owner', () => setOwnerOfPath(fd, wanted.uid, wanted.gid))
    if (type !== 'symlink') {
      refusals.attempt(path, 'its permissions', () => setPermissionsOfPath(fd, wanted.permissions))
    }
    setAttributes(handle, wanted, path, refusals)
    refusals.attempt(path, 'its time', () =>
      setModifiedAt(dir, name, wanted.modifiedSeconds, wanted.modifiedNanoseconds),
    )
    return verified(wanted, readBack(handle, type === 'symlink' ? readLink(fd) : ''), path, refusals)
  } finally {
    close(fd)
  }
}

export type WrittenContent = Pick<Written, 'content' | 'blocks'>

// The disk works while the next bytes come: what is left to be waited for at the end of a round is about as much.
const writeBackBytes = 16 * 1024 * 1024

// What there is of a file from `from` on, zeros between the segments, whose offsets count from there.
export const writeSegments = (
  fd: number,
  { offset: from, length }: Segment,
  segments: readonly Segment[],
  content: Pick<PageHasher, 'update' | 'zeros'>,
  source: ByteSource,
): void => {
  let position = 0
  for (const segment of segments) {
    content.zeros(segment.offset - position)
    seek(fd, from + segment.offset)
    position = segment.offset + segment.length
    let begun = segment.offset
    for (let rest = segment.length; rest > 0; ) {
      const part = source.takeSome(rest)
      content.update(part)
      writeAll(fd, part)
      rest -= part.length
      const reached = position - rest
      if (reached - begun < writeBackBytes) continue
      startWriteBack(fd, from + begun, reached - begun)
      begun = reached
    }
  }
  content.zeros(length - position)
}

export const writeContent = (
  fd: number,
  size: number,
  segments: readonly Segment[] | undefined,
  source: ByteSource,
  store: BlockStore | undefined,
): WrittenContent => {
  const small = segments !== undefined ? undefined : size > 0 ? source.takeWhole(size) : Buffer.alloc(0)
  if (small !== undefined) {
    if (size > 0) writeAll(fd, small)
    return { content: hashOfSmallContent(small), blocks: undefined }
  }
  const list = store !== undefined && keepsBlocks(size) ? beginBlockList(store, undefined, 0) : undefined
  const content = createContentHash((hash, pages, count) => {
    for (let index = 0; index < count; index++) list?.add(hash, pages)
  })
  const all = { offset: 0, length: size }
  writeSegments(fd, all, segments ?? [all], content, source)
  return { content: content.digest(), blocks: list?.whole(blocksIn(size)) }
}

const sparseMapOf = (
  { metadata, storedBytes, sparse, segments }: Member,
  source: ByteSource,
): SparseMap | undefined => {
  if (segments !== undefined) return { segments, mapBytes: 0 }
  return sparse ? decodeSparseMap(() => source.take(blockBytes), metadata.size, storedBytes) : undefined
}

// Takes the member's data from the source, whole, whatever becomes of it. `admit` hears how many bytes of content are
// about to come, before they are written.
export const writeFile = (
  place: Place,
  member: Member,
  source: ByteSource,
  refusals: Refusals,
  admit: (contentBytes: number) => void,
  store: BlockStore | undefined,
): Written | undefined => {
  const { metadata, storedBytes } = member
  const { dir, name, path } = place
  const map = sparseMapOf(member, source)
  admit(storedBytes - (map?.mapBytes ?? 0))
  let fd = -1
  const made = refusals.attempt(path, 'a file of this name and size', () => {
    fd = openAt(dir, name, open.create | open.exclusive | open.writeOnly | open.noFollow, 0o600)
    if (map !== undefined) truncate(fd, metadata.size)
  })
  try {
    if (!made) {
      const data = storedBytes - (map?.mapBytes ?? 0)
      for (let rest = data; rest > 0; ) rest -= source.takeSome(rest).length
      return undefined
    }
    const content = writeContent(fd, metadata.size, map?.segments, source, store)
    return { ...applyToOpen(fd, metadata, path, refusals), ...content }
  } finally {
    if (fd >= 0) close(fd)
  }
}
