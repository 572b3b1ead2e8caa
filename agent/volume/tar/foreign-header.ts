// The header block as others write it: POSIX with and without pax, GNU tar's own format, and the one before both (v7).
// Sources: GNU tar manual, "Basic Tar Format" (struct posix_header, oldgnu_header, sparse); tar(5) of libarchive.
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'
import { checksum, fieldsAt, type Header, type HeaderType, memberTypes, text } from './header.ts'
import type { Segment } from './sparse-map.ts'

// Besides members: what speaks of the next one, or of none.
export type ForeignType = HeaderType | 'global-pax' | 'long-name' | 'long-target' | 'old-sparse' | 'volume-label'

export type ForeignHeader = Omit<Header, 'type'> & { readonly type: ForeignType }

const types = new Map<string, ForeignType>([
  ...(Object.keys(memberTypes) as HeaderType[]).map((type) => [memberTypes[type], type] as const),
  ['\0', 'file'],
  // "Contiguous", which has come to mean nothing.
  ['7', 'file'],
  ['g', 'global-pax'],
  ['L', 'long-name'],
  ['K', 'long-target'],
  ['S', 'old-sparse'],
  ['V', 'volume-label'],
])

// Octal, or where the first bit is set a big-endian number in two's complement: GNU's base-256.
const readNumber = (block: Buffer, offset: number, length: number, field: string): number => {
  const first = block[offset] ?? 0
  if ((first & 0x80) === 0) {
    const digits = /^[ \0]*([0-7]*)[ \0]*$/.exec(block.toString('latin1', offset, offset + length))?.[1]
    if (digits === undefined) throw damaged(`a header's ${field} is not a number`)
    return digits === '' ? 0 : Number.parseInt(digits, 8)
  }
  const negative = (first & 0x40) !== 0
  let value = BigInt(first & 0x3f) - (negative ? 0x40n : 0n)
  for (let at = offset + 1; at < offset + length; at++) value = value * 256n + BigInt(block[at] ?? 0)
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw damaged(`a header's ${field} is larger than any that is`)
  return number
}

const natural = (block: Buffer, offset: number, length: number, field: string): number => {
  const value = readNumber(block, offset, length, field)
  if (value < 0) throw damaged(`a header's ${field} is negative`)
  return value
}

const at = fieldsAt

export const decodeForeignHeader = (block: Buffer): ForeignHeader => {
  if (natural(block, at.checksum, 8, 'checksum') !== checksum(block)) throw damaged("a header's checksum is wrong")
  const flag = block.toString('latin1', at.type, at.type + 1)
  const type = types.get(flag)
  if (type === undefined) throw damaged(`a member has the type ${JSON.stringify(flag)}, which no volume has`)
  const magic = block.toString('latin1', at.magic, at.magic + 8)
  const posix = magic.startsWith('ustar\0')
  if (!posix && magic !== 'ustar  \0' && magic !== '\0'.repeat(8)) throw damaged('a header is of no known format')
  // GNU has other things where POSIX has the prefix.
  const prefix = posix ? text(block, at.prefix, 155) : ''
  const name = text(block, at.name, 100)
  const path = prefix === '' ? name : `${prefix}/${name}`
  const device = type === 'character' || type === 'block'
  return {
    // Before POSIX a slash was what made a directory.
    type: type === 'file' && path.endsWith('/') ? 'directory' : type,
    path,
    permissions: natural(block, at.mode, 8, 'mode') & 0o7777,
    uid: natural(block, at.uid, 8, 'uid'),
    gid: natural(block, at.gid, 8, 'gid'),
    size: natural(block, at.size, 12, 'size'),
    mtime: readNumber(block, at.mtime, 12, 'mtime'),
    target: text(block, at.target, 100),
    major: device ? natural(block, at.major, 8, 'device major number') : 0,
    minor: device ? natural(block, at.minor, 8, 'device minor number') : 0,
  }
}

export type OldSparse = { readonly size: number; readonly segments: readonly Segment[] }

const inHeader = { from: 386, count: 4, more: 482, size: 483 }
const inBlock = { from: 0, count: 21, more: 504 }
const mostSegments = 1_000_000

// GNU's sparse format before pax: four segments in the header, 21 in each block that follows it.
export const decodeOldSparse = (header: Buffer, stored: number, nextBlock: () => Buffer): OldSparse => {
  const size = natural(header, inHeader.size, 12, "a sparse file's size")
  const segments: Segment[] = []
  let end = 0
  let data = 0
  const takeFrom = (block: Buffer, { from, count }: { readonly from: number; readonly count: number }): void => {
    for (let index = 0; index < count; index++) {
      const offset = natural(block, from + index * 24, 12, 'sparse map')
      const length = natural(block, from + index * 24 + 12, 12, 'sparse map')
      if (offset === 0 && length === 0) continue
      if (offset < end || offset + length > size)
        throw damaged('a sparse map has segments in disorder or out of bounds')
      end = offset + length
      data += length
      if (length > 0) segments.push({ offset, length })
      if (segments.length > mostSegments) throw damaged('a sparse map has more than a million segments')
    }
  }
  takeFrom(header, inHeader)
  for (let more = header[inHeader.more] !== 0; more; ) {
    const block = nextBlock()
    takeFrom(block, inBlock)
    more = block[inBlock.more] !== 0
  }
  if (data !== stored) throw damaged('a sparse map disagrees with the size of its data')
  return { size, segments }
}

export const pathOfBytes = (bytes: Buffer): ByteString => {
  const end = bytes.indexOf(0)
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end)
}
