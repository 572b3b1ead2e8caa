// One entry of a volume as a member of a PAX archive: which facts go into the header block, which into pax records,
// and back. Pure; the data that follows a member is the business of whoever reads or writes it.
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'
import { type Metadata, noAttributes } from '../tree/entry.ts'
import { aclFromText, aclToText, isMinimalAcl, permissionsOfAcl } from './acl.ts'
import { baseFrom, type Change, changeFrom, encodeBase, encodeChange, isChangeKeyword } from './change.ts'
import { blockBytes, encodeHeader, fieldLimits, type Header, paddingAfter } from './header.ts'
import { decodeNumber, decodeTime, encodeRecord, encodeTime, type PaxRecords } from './pax.ts'
import type { Segment } from './sparse-map.ts'

export type Member = {
  // Relative to the volume's root, without a leading `./` or a trailing slash; the root is ''.
  readonly path: ByteString
  readonly metadata: Metadata
  // Bytes of data that follow, sparse map included, padding not.
  readonly storedBytes: number
  // The data begins with a sparse map.
  readonly sparse: boolean
  // Of a sparse file whose data does not begin with its map.
  readonly segments?: readonly Segment[]
  // Absent: a new entry.
  readonly change?: Change | undefined
  // On the root of a later round: the digest of what the round is for.
  readonly base?: string | undefined
}

// A further name of a file that came before.
export type Link = { readonly path: ByteString; readonly linkTo: ByteString }

// The pax records of one entry take no more than this; a hostile archive cannot ask for more memory.
export const mostRecordBytes = 8 * 1024 * 1024

const aclRecords = {
  'system.posix_acl_access': 'SCHILY.acl.access',
  'system.posix_acl_default': 'SCHILY.acl.default',
} as const
const isAcl = (name: string): name is keyof typeof aclRecords => Object.hasOwn(aclRecords, name)

const attributePrefix = 'SCHILY.xattr.'

// A keyword cannot contain `=`; GNU tar since 1.29 escapes it so.
const escapeAttribute = (name: ByteString): ByteString => name.replaceAll('%', '%25').replaceAll('=', '%3D')
const unescapeAttribute = (name: ByteString): ByteString => name.replaceAll('%3D', '=').replaceAll('%25', '%')

const beyondAscii = /[\u0080-\u00ff]/
const notUtf8 = (value: ByteString): boolean => {
  if (!beyondAscii.test(value)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'))
    return false
  } catch {
    return true
  }
}

const needsRecord = (name: ByteString): boolean => name.length > fieldLimits.name || beyondAscii.test(name)

const archivePath = (path: ByteString, directory: boolean): ByteString =>
  path === '' ? './' : `./${path}${directory ? '/' : ''}`

// The header block, preceded by a pax header where there are records.
const assemble = (header: Header, records: ByteString): Buffer => {
  if (records === '') {
    const block = Buffer.allocUnsafe(blockBytes)
    encodeHeader(header, block, 0)
    return block
  }
  const padding = paddingAfter(records.length)
  const bytes = Buffer.allocUnsafe(2 * blockBytes + records.length + padding)
  encodeHeader(
    { ...header, type: 'pax', path: './PaxHeaders/entry', target: '', permissions: 0o644, size: records.length },
    bytes,
    0,
  )
  bytes.write(records, blockBytes, 'latin1')
  bytes.fill(0, blockBytes + records.length, blockBytes + records.length + padding)
  encodeHeader(header, bytes, blockBytes + records.length + padding)
  return bytes
}

// `sparse`: the data is a sparse map and the segments it lists.
export const encodeMember = ({ path, metadata, storedBytes, sparse, change, base }: Member): Buffer => {
  const { type, uid, gid, target } = metadata
  const name = archivePath(path, type === 'directory')
  let records = ''
  if (notUtf8(name) || notUtf8(target)) records += encodeRecord('hdrcharset', 'BINARY')
  if (base !== undefined) records += encodeBase(base)
  if (change !== undefined) records += encodeChange(change)
  if (sparse) {
    records += encodeRecord('GNU.sparse.major', '1') + encodeRecord('GNU.sparse.minor', '0')
    records += encodeRecord('GNU.sparse.name', name) + encodeRecord('GNU.sparse.realsize', String(metadata.size))
  } else if (needsRecord(name)) records += encodeRecord('path', name)
  if (needsRecord(target)) records += encodeRecord('linkpath', target)
  if (uid > fieldLimits.id) records += encodeRecord('uid', String(uid))
  if (gid > fieldLimits.id) records += encodeRecord('gid', String(gid))
  if (storedBytes > fieldLimits.size) records += encodeRecord('size', String(storedBytes))
  const [seconds, nanoseconds] = [metadata.modifiedSeconds, metadata.modifiedNanoseconds]
  if (nanoseconds !== 0 || seconds < 0 || seconds > fieldLimits.time) {
    records += encodeRecord('mtime', encodeTime({ seconds, nanoseconds }))
  }
  for (const [attribute, value] of metadata.attributes) {
    const acl = isAcl(attribute) ? aclToText(value) : undefined
    records +=
      isAcl(attribute) && acl !== undefined
        ? encodeRecord(aclRecords[attribute], acl)
        : encodeRecord(attributePrefix + escapeAttribute(attribute), value)
  }
  const header: Header = {
    type,
    path: name,
    permissions: metadata.permissions,
    uid,
    gid,
    size: storedBytes,
    mtime: seconds,
    target,
    major: metadata.major,
    minor: metadata.minor,
  }
  return assemble(header, records)
}

const nothing: Metadata = {
  type: 'file',
  permissions: 0,
  uid: 0,
  gid: 0,
  modifiedSeconds: 0,
  modifiedNanoseconds: 0,
  size: 0,
  target: '',
  major: 0,
  minor: 0,
  attributes: noAttributes,
}

export const encodeRemoval = (path: ByteString): Buffer =>
  encodeMember({ path, metadata: nothing, storedBytes: 0, sparse: false, change: { kind: 'remove' } })

export const encodeCheckpoint = (digest: string): Buffer =>
  encodeMember({
    path: '',
    metadata: { ...nothing, type: 'directory' },
    storedBytes: 0,
    sparse: false,
    change: { kind: 'checkpoint', digest },
  })

// Bytes of a file that is there. `length`: with holes; what is stored follows.
export const encodePart = (
  part: { readonly path: ByteString; readonly offset: number; readonly length: number },
  storedBytes: number,
  sparse: boolean,
): Buffer =>
  encodeMember({
    path: part.path,
    metadata: { ...nothing, size: part.length },
    storedBytes,
    sparse,
    change: { kind: 'part', offset: part.offset },
  })

// The link carries its inode's metadata for readers that look at it; ours does not.
export const encodeLink = ({ path, linkTo }: Link, { permissions, uid, gid, modifiedSeconds }: Metadata): Buffer => {
  const [name, target] = [archivePath(path, false), archivePath(linkTo, false)]
  let records = ''
  if (notUtf8(name) || notUtf8(target)) records += encodeRecord('hdrcharset', 'BINARY')
  if (needsRecord(name)) records += encodeRecord('path', name)
  if (needsRecord(target)) records += encodeRecord('linkpath', target)
  const fields = { permissions, uid, gid, mtime: modifiedSeconds, size: 0, major: 0, minor: 0 }
  return assemble({ type: 'link', path: name, target, ...fields }, records)
}

// Records that say nothing about a volume's entry: times that are not kept, names of ids, remarks.
// Where and how often the inode was there is nothing that a copy keeps.
const ignored =
  /^(atime|ctime|uname|gname|comment|hdrcharset|LIBARCHIVE\..*|RHT\.security\.selinux|SCHILY\.(dev|ino|nlink))$/
const handled =
  /^(path|linkpath|uid|gid|size|mtime|GNU\.sparse\.(major|minor|name|realsize)|SCHILY\.acl\.(access|default)|SCHILY\.dev(major|minor)|SCHILY\.xattr\..+)$/s

export const isKnownKeyword = (keyword: string): boolean => handled.test(keyword) || ignored.test(keyword)

const mostId = 0xffffffff

const id = (records: PaxRecords, keyword: 'uid' | 'gid', field: number): number => {
  const value = records.get(keyword)
  const number = value === undefined ? field : decodeNumber(value, `a ${keyword}`)
  // The largest 32-bit number stands for "leave it as it is" in chown(2): no file has it.
  if (number >= mostId) throw damaged(`a ${keyword} is larger than any id`)
  return number
}

// libarchive writes numbers of devices so that do not fit its header, and others of that time as well.
const deviceNumber = (records: PaxRecords, keyword: string, field: number): number => {
  const value = records.get(keyword)
  const number = value === undefined ? field : decodeNumber(value, `a ${keyword}`)
  if (number > mostId) throw damaged(`a ${keyword} is larger than that of any device`)
  return number
}

const sparseRecords = (records: PaxRecords): { name: ByteString; size: number } | undefined => {
  const [major, minor] = [records.get('GNU.sparse.major'), records.get('GNU.sparse.minor')]
  const [name, size] = [records.get('GNU.sparse.name'), records.get('GNU.sparse.realsize')]
  if (major === undefined && minor === undefined && name === undefined && size === undefined) return undefined
  if (major !== '1' || minor !== '0' || name === undefined || size === undefined) {
    throw damaged('a sparse file is not in the sparse format 1.0')
  }
  return { name, size: decodeNumber(size, "a sparse file's size") }
}

const attributesFrom = (records: PaxRecords): Map<ByteString, ByteString> => {
  const attributes = new Map<ByteString, ByteString>()
  for (const [keyword, value] of records) {
    if (keyword.startsWith(attributePrefix)) {
      attributes.set(unescapeAttribute(keyword.slice(attributePrefix.length)), value)
    }
  }
  for (const attribute of ['system.posix_acl_access', 'system.posix_acl_default'] as const) {
    const text = records.get(aclRecords[attribute])
    // GNU tar writes the attribute itself as well: it is exact, where the text may name users of the other host. And it
    // writes an ACL for entries that have none: one that says no more than the permissions do, or nothing at all.
    if (text === undefined || text.trim() === '' || attributes.has(attribute)) continue
    const acl = aclFromText(text)
    if (attribute === 'system.posix_acl_default' || !isMinimalAcl(acl)) attributes.set(attribute, acl)
  }
  return attributes
}

// Checks what can be checked of one entry by itself; whether its path may be written is for tar/path.ts.
// Paths are as they stand in the archive.
export const decodeMember = (header: Header, records: PaxRecords): Member | Link => {
  for (const keyword of records.keys()) {
    if (!isKnownKeyword(keyword) && !isChangeKeyword(keyword)) {
      throw damaged(`the pax record ${JSON.stringify(keyword)} is unknown, so what it changes cannot be restored`)
    }
  }
  const size = records.get('size')
  const storedBytes = size === undefined ? header.size : decodeNumber(size, 'a size')
  const path = records.get('path') ?? header.path
  const target = records.get('linkpath') ?? header.target
  const sparse = sparseRecords(records)
  if (header.type === 'pax') throw damaged('a pax header stands before another one')
  if (header.type !== 'file' && (storedBytes !== 0 || sparse !== undefined)) {
    throw damaged('an entry that is not a file has data')
  }
  const change = changeFrom(records)
  if (header.type === 'link') {
    if (change !== undefined) throw damaged('a hard link is a change of an entry')
    return { path, linkTo: target }
  }
  if (header.type !== 'directory' && change?.kind === 'checkpoint') throw damaged('a checkpoint is not on a directory')
  if (header.type !== 'file' && change !== undefined && change.kind !== 'metadata' && change.kind !== 'checkpoint') {
    throw damaged('what is no file has its content changed')
  }
  const mtime = records.get('mtime')
  const time = mtime === undefined ? { seconds: header.mtime, nanoseconds: 0 } : decodeTime(mtime)
  const device = header.type === 'character' || header.type === 'block'
  const attributes = attributesFrom(records)
  const ofAcl = permissionsOfAcl(attributes.get('system.posix_acl_access') ?? '')
  const metadata: Metadata = {
    type: header.type,
    permissions: ofAcl === undefined ? header.permissions : (header.permissions & 0o7000) | ofAcl,
    uid: id(records, 'uid', header.uid),
    gid: id(records, 'gid', header.gid),
    modifiedSeconds: time.seconds,
    modifiedNanoseconds: time.nanoseconds,
    size: header.type === 'file' && change?.kind === 'metadata' ? change.size : (sparse?.size ?? storedBytes),
    target: header.type === 'symlink' ? target : '',
    major: device ? deviceNumber(records, 'SCHILY.devmajor', header.major) : 0,
    minor: device ? deviceNumber(records, 'SCHILY.devminor', header.minor) : 0,
    attributes,
  }
  const base = baseFrom(records)
  return { path: sparse?.name ?? path, metadata, storedBytes, sparse: sparse !== undefined, change, base }
}
