// Members as they stand in an archive that others have written, each with all that was said of it beforehand: by pax headers,
// its own and those for all that follow, and by GNU tar's long names.
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'
import { type ArchiveBytes, requireEnd, takePadding } from './archive.ts'
import { isChangeKeyword } from './change.ts'
import { decodeForeignHeader, decodeOldSparse, type ForeignHeader } from './foreign-header.ts'
import { blockBytes, type Header, isZeroBlock, paddingAfter } from './header.ts'
import { decodeMember, isKnownKeyword, type Link, type Member, mostRecordBytes } from './member.ts'
import { longestPath } from './path.ts'
import { decodeRecords, type PaxRecords } from './pax.ts'

export type ForeignBytes = ArchiveBytes & { takeSome(most: number): Buffer }

// Something that the archive has and the volume will not: an entry, or what is said of one.
export type LeftOut = (path: ByteString, reason: string) => void

export const skipData = (bytes: ForeignBytes, count: number): void => {
  for (let rest = count + paddingAfter(count); rest > 0; ) rest -= bytes.takeSome(rest).length
}

// Holes told in other ways than GNU tar's format 1.0: what is stored is then not what the file holds.
const otherHoles = /^(GNU\.sparse\.(map|size|numblocks|offset|numbytes)|SCHILY\.realsize|SUN\.holesdata)$/
// A part of a file, the rest of which is in another archive.
const otherVolume = /^GNU\.volume\.(filename|size|offset)$/
const remarks = /^GNU\.volume\.label$/

const mostTold = 20
// For all that follows; what is said of one entry comes on top of it, to a limit of its own.
const mostDefaultBytes = 64 * 1024

// One member after the other as they stand, each with all that was said of it beforehand.
export const createForeignReader = (bytes: ForeignBytes, leftOut: LeftOut): (() => Member | Link | undefined) => {
  const defaults: PaxRecords = new Map()
  let defaultBytes = 0
  const told = new Set<string>()

  const body = (size: number, most: number): Buffer => {
    if (size > most) throw damaged(`what describes a member is ${size} bytes long`)
    const content = Buffer.from(bytes.take(size))
    takePadding(bytes, size)
    return content
  }
  const tell = (path: ByteString, keyword: string): void => {
    if (told.has(keyword) || told.size > mostTold) return
    told.add(keyword)
    const what = told.size > mostTold ? 'further records' : `the record ${keyword}`
    leftOut(path, `${what}, here and elsewhere in the archive, cannot be restored`)
  }
  const known = (records: PaxRecords, path: ByteString): PaxRecords => {
    const kept: PaxRecords = new Map()
    for (const [keyword, value] of records) {
      if (isChangeKeyword(keyword)) throw damaged('it is a round of a migration, and no archive')
      if (otherHoles.test(keyword)) {
        throw damaged('its sparse files are in a format that is not known here: make it with --sparse-version=1.0')
      }
      if (otherVolume.test(keyword)) throw damaged('it is one of several archives that belong together')
      if (isKnownKeyword(keyword)) kept.set(keyword, value)
      else if (!remarks.test(keyword)) tell(path, keyword)
    }
    return kept
  }

  return () => {
    const records: PaxRecords = new Map(defaults)
    let [path, target]: (ByteString | undefined)[] = []
    let describing = 0
    for (;;) {
      const block = Buffer.from(bytes.take(blockBytes))
      if (isZeroBlock(block)) {
        if (describing > 0) throw damaged('it ends where a member was described')
        return requireEnd(bytes)
      }
      const header = decodeForeignHeader(block)
      const { type, size } = header
      if (type === 'volume-label') skipData(bytes, size)
      else if (type === 'global-pax') {
        defaultBytes += size
        if (defaultBytes > mostDefaultBytes) throw damaged('it says too much of all its members')
        for (const [keyword, value] of decodeRecords(body(size, mostDefaultBytes))) {
          defaults.set(keyword, value)
          records.set(keyword, value)
        }
      } else if (type === 'pax' || type === 'long-name' || type === 'long-target') {
        describing += blockBytes + size
        if (describing > mostRecordBytes) throw damaged(`what describes a member is ${describing} bytes long`)
        if (type === 'pax') for (const [keyword, value] of decodeRecords(body(size, size))) records.set(keyword, value)
        else if (type === 'long-name') path = nameIn(body(size, longestPath))
        else target = nameIn(body(size, longestPath))
      } else {
        const whole = { ...header, path: path ?? header.path, target: target ?? header.target }
        const kept = known(records, whole.path)
        return type === 'old-sparse' ? oldSparse(whole, kept, block, bytes) : plain({ ...whole, type }, kept)
      }
    }
  }
}

const plain = (header: Header, records: PaxRecords): Member | Link => {
  // Some write the size of what a link leads to, or of a directory's own file; no data follows.
  const bare = header.type !== 'file'
  if (bare) records.delete('size')
  return decodeMember(bare ? { ...header, size: 0 } : header, records)
}

const oldSparse = (header: ForeignHeader, records: PaxRecords, block: Buffer, bytes: ForeignBytes): Member => {
  if (records.has('size') || records.has('GNU.sparse.major')) throw damaged('a sparse file is told of in two ways')
  const map = decodeOldSparse(block, header.size, () => bytes.take(blockBytes))
  const member = decodeMember({ ...header, type: 'file' }, records)
  if ('linkTo' in member) throw new Error('a file was decoded as a link')
  return { ...member, metadata: { ...member.metadata, size: map.size }, segments: map.segments }
}

// Ended by a NUL.
const nameIn = (bytes: Buffer): ByteString => {
  const end = bytes.indexOf(0)
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end)
}
