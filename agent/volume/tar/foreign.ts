// Archives that others have written, as the members of ours: the root first, every directory before what is in it, each once
// or as a change of its metadata. What an archive cannot carry is not asked of it; what it says is believed as little as
// of ours.
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'
import { type Metadata, noAttributes } from '../tree/entry.ts'
import { type ArchiveBytes, requireEnd, takePadding } from './archive.ts'
import { isChangeKeyword } from './change.ts'
import { decodeForeignHeader, decodeOldSparse, type ForeignHeader, pathOfBytes } from './foreign-header.ts'
import { blockBytes, type HeaderType, isZeroBlock, paddingAfter } from './header.ts'
import { decodeMember, isKnownKeyword, type Link, type Member, mostRecordBytes } from './member.ts'
import { componentsOf, longestPath } from './path.ts'
import { decodeRecords, type PaxRecords } from './pax.ts'

export type ForeignBytes = ArchiveBytes & { takeSome(most: number): Buffer }

export type ForeignOptions = {
  // Directories to take off the front of every path.
  readonly stripComponents: number
  // Of directories that the archive does not have.
  readonly nowSeconds: number
  // What the archive says of an entry that is not kept; once for each keyword.
  readonly leftOut: (path: ByteString, keyword: string) => void
}

// What a directory is given that something lies in and nothing is said of.
const impliedDirectory = (nowSeconds: number): Metadata => ({
  type: 'directory',
  permissions: 0o755,
  uid: 0,
  gid: 0,
  modifiedSeconds: nowSeconds,
  modifiedNanoseconds: 0,
  size: 0,
  target: '',
  major: 0,
  minor: 0,
  attributes: noAttributes,
})

// As archives name the root.
const named = (path: ByteString): ByteString => (path === '' ? '.' : path)

export type NextMember = () => Member | Link | undefined

export const createForeignMembers = (bytes: ForeignBytes, options: ForeignOptions): NextMember => {
  const { stripComponents, nowSeconds, leftOut } = options
  const read = createReader(bytes, leftOut)
  const directories = new Set<ByteString>()
  const waiting: (Member | Link)[] = []
  let begun = false
  let ended = false

  const imply = (path: ByteString): void => {
    directories.add(path)
    const metadata = impliedDirectory(nowSeconds)
    waiting.push({ path: named(path), metadata, storedBytes: 0, sparse: false })
  }
  // The directories on the way to it, as far as they are not there.
  const implyAbove = (names: readonly ByteString[]): void => {
    if (!directories.has('')) imply('')
    for (let depth = 1; depth < names.length; depth++) {
      const path = names.slice(0, depth).join('/')
      if (!directories.has(path)) imply(path)
    }
  }
  const stripped = (path: ByteString, directory: boolean): readonly ByteString[] | undefined => {
    const names = componentsOf(path, directory)
    return names.length < stripComponents ? undefined : names.slice(stripComponents)
  }

  const take = (member: Member | Link): void => {
    const directory = !('linkTo' in member) && member.metadata.type === 'directory'
    const names = stripped(member.path, directory)
    if (names === undefined || (names.length === 0 && !directory)) {
      if (stripComponents === 0) throw damaged('the root is not a directory')
      if (!('linkTo' in member)) skip(bytes, member.storedBytes)
      return
    }
    const path = names.join('/')
    if ('linkTo' in member) {
      const from = stripped(member.linkTo, false)
      if (from === undefined) throw damaged('a hard link leads to something that was left out')
      implyAbove(names)
      waiting.push({ path, linkTo: from.join('/') })
      return
    }
    if (directory && directories.has(path)) {
      waiting.push({ ...member, path: named(path), change: { kind: 'metadata', size: 0 } })
      return
    }
    if (path !== '') implyAbove(names)
    if (directory) directories.add(path)
    waiting.push({ ...member, path: named(path) })
  }

  return () => {
    for (;;) {
      const next = waiting.shift()
      if (next !== undefined) return next
      if (ended) return undefined
      const member = read()
      if (member !== undefined) {
        begun = true
        take(member)
        continue
      }
      ended = true
      if (!begun) throw damaged('it holds nothing')
      if (!directories.has('')) throw damaged('it holds nothing that is left when directories are taken off its paths')
    }
  }
}

const skip = (bytes: ForeignBytes, count: number): void => {
  for (let rest = count + paddingAfter(count); rest > 0; ) rest -= bytes.takeSome(rest).length
}

// One member after the other as they stand, each with all that was said of it beforehand.
const createReader = (bytes: ForeignBytes, leftOut: ForeignOptions['leftOut']): NextMember => {
  let defaults: PaxRecords = new Map()
  const told = new Set<string>()

  const body = (size: number, most: number): Buffer => {
    if (size > most) throw damaged(`what describes a member is ${size} bytes long`)
    const content = Buffer.from(bytes.take(size))
    takePadding(bytes, size)
    return content
  }
  const known = (records: PaxRecords, path: ByteString): PaxRecords => {
    const kept: PaxRecords = new Map()
    for (const [keyword, value] of records) {
      if (isChangeKeyword(keyword)) throw damaged('it is a round of a migration, and no archive')
      if (isKnownKeyword(keyword)) kept.set(keyword, value)
      else if (!told.has(keyword)) {
        told.add(keyword)
        leftOut(path, keyword)
      }
    }
    return kept
  }

  return () => {
    let records: PaxRecords = new Map(defaults)
    let path: ByteString | undefined
    let target: ByteString | undefined
    for (;;) {
      const block = Buffer.from(bytes.take(blockBytes))
      if (isZeroBlock(block)) return requireEnd(bytes)
      const header = decodeForeignHeader(block)
      const { type, size } = header
      if (type === 'pax') records = new Map([...records, ...decodeRecords(body(size, mostRecordBytes))])
      else if (type === 'global-pax') defaults = new Map([...defaults, ...decodeRecords(body(size, mostRecordBytes))])
      else if (type === 'long-name') path = pathOfBytes(body(size, longestPath))
      else if (type === 'long-target') target = pathOfBytes(body(size, longestPath))
      else if (type === 'volume-label') skip(bytes, size)
      else {
        const whole = { ...header, path: path ?? header.path, target: target ?? header.target }
        return memberOf(whole, type, known(records, whole.path), () =>
          decodeOldSparse(block, storedOf(header, records), () => Buffer.from(bytes.take(blockBytes))),
        )
      }
    }
  }
}

const storedOf = ({ size }: ForeignHeader, records: PaxRecords): number => {
  if (records.has('size')) throw damaged('a sparse file of the old kind has its size told twice')
  return size
}

const memberOf = (
  header: ForeignHeader,
  type: Exclude<ForeignHeader['type'], 'global-pax' | 'long-name' | 'long-target' | 'volume-label'>,
  records: PaxRecords,
  oldSparse: () => ReturnType<typeof decodeOldSparse>,
): Member | Link => {
  if (type !== 'old-sparse') {
    // Some write the size of what a link leads to, or of a directory's own file; no data follows.
    const bare = type !== 'file'
    return decodeMember({ ...header, type: type satisfies HeaderType, size: bare ? 0 : header.size }, records)
  }
  const { size, segments } = oldSparse()
  const member = decodeMember({ ...header, type: 'file' }, records)
  if ('linkTo' in member) throw damaged('a sparse file is a link')
  return { ...member, metadata: { ...member.metadata, size }, segments }
}
