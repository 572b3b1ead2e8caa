// The tree digest: two volumes have the same one if and only if (as far as SHA-256 goes) every entry has the same name,
// type, permissions, owner, group, modification time, size, link text, device, attributes and content, and the same
// names share an inode. It does not depend on the order in which a directory lists its entries, on holes, on inode
// numbers, or on access and change times.
//
// Integers are big-endian. A string is its length (u32) and its bytes.
//
//   inode record   type            1 byte: f file, d directory, l symlink, p FIFO, c character device, b block device
//                  permissions     u32, the lower 12 bits of the mode
//                  uid, gid        u32 each
//                  mtime           i64 seconds, u32 nanoseconds
//                  f               u64 size, 32 bytes content hash (tree/content-hash.ts)
//                  l               string: the link's text
//                  c, b            u32 major, u32 minor
//                  attributes      u32 count; each, in byte order of the names: string name, string value
//                  d               u32 count of entries; each, in byte order of the names: string name, 32 bytes
//                                  inode digest
//   inode digest   SHA-256 of the inode record
//   link groups    every set of two or more names that share an inode: u32 count of sets; each set, in byte order of
//                  the first names: u32 count of names; the names as paths from the root (a/b), in byte order, as strings
//   tree digest    SHA-256 of "drayage tree 2\n", the root directory's inode digest, and the link groups
import { createHash, type Hash, hash } from 'node:crypto'
import { type ByteString, inByteOrder } from '../byte-string.ts'
import type { Metadata, NodeType } from './entry.ts'

const letters: Readonly<Record<NodeType, string>> = {
  file: 'f',
  directory: 'd',
  symlink: 'l',
  fifo: 'p',
  character: 'c',
  block: 'b',
}

// Small records are built here; attribute values may be larger than any fixed buffer and are appended as text.
const fixed = Buffer.alloc(74)

const u32 = (value: number): ByteString => {
  fixed.writeUInt32BE(value, 70)
  return fixed.toString('latin1', 70, 74)
}
const lengthAnd = (value: ByteString): ByteString => u32(value.length) + value

const record = (metadata: Metadata, content: ByteString): ByteString => {
  fixed.write(letters[metadata.type], 0, 'latin1')
  fixed.writeUInt32BE(metadata.permissions, 1)
  fixed.writeUInt32BE(metadata.uid, 5)
  fixed.writeUInt32BE(metadata.gid, 9)
  fixed.writeInt32BE(Math.floor(metadata.modifiedSeconds / 2 ** 32), 13)
  fixed.writeUInt32BE(metadata.modifiedSeconds - Math.floor(metadata.modifiedSeconds / 2 ** 32) * 2 ** 32, 17)
  fixed.writeUInt32BE(metadata.modifiedNanoseconds, 21)
  let end = 25
  if (metadata.type === 'file') {
    fixed.writeUInt32BE(Math.floor(metadata.size / 2 ** 32), 25)
    fixed.writeUInt32BE(metadata.size % 2 ** 32, 29)
    fixed.write(content, 33, 'latin1')
    end = 65
  } else if (metadata.type === 'character' || metadata.type === 'block') {
    fixed.writeUInt32BE(metadata.major, 25)
    fixed.writeUInt32BE(metadata.minor, 29)
    end = 33
  }
  let bytes = fixed.toString('latin1', 0, end)
  if (metadata.type === 'symlink') bytes += lengthAnd(metadata.target)
  bytes += u32(metadata.attributes.size)
  if (metadata.attributes.size > 0) {
    for (const [name, value] of [...metadata.attributes].sort(([a], [b]) => inByteOrder(a, b))) {
      bytes += lengthAnd(name) + lengthAnd(value)
    }
  }
  return bytes
}

// Of anything but a directory. `content`: a file's content hash, else ''.
export const inodeDigest = (metadata: Metadata, content: ByteString): ByteString =>
  hash('sha256', Buffer.from(record(metadata, content), 'latin1'), 'binary')

export const directoryDigest = (
  metadata: Metadata,
  entries: readonly { readonly name: ByteString; readonly digest: ByteString }[],
): ByteString => {
  const sum = createHash('sha256')
  sum.update(record(metadata, ''), 'latin1')
  sum.update(u32(entries.length), 'latin1')
  for (const { name, digest } of entries.toSorted((a, b) => inByteOrder(a.name, b.name))) {
    sum.update(lengthAnd(name) + digest, 'latin1')
  }
  return sum.digest('binary')
}

const addGroup = (sum: Hash, paths: readonly ByteString[]): void => {
  sum.update(u32(paths.length), 'latin1')
  for (const path of paths) sum.update(lengthAnd(path), 'latin1')
}

// Hex. Groups of a single name do not count.
export const treeDigest = (root: ByteString, linkGroups: Iterable<readonly ByteString[]>): string => {
  const groups = [...linkGroups]
    .filter((paths) => paths.length > 1)
    .map((paths) => paths.toSorted(inByteOrder))
    .sort(([a = ''], [b = '']) => inByteOrder(a, b))
  const sum = createHash('sha256')
  sum.update('drayage tree 2\n', 'latin1').update(root, 'latin1').update(u32(groups.length), 'latin1')
  for (const paths of groups) addGroup(sum, paths)
  return sum.digest('hex')
}
