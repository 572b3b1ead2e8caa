// The header block as others write it: POSIX with and without pax, GNU tar's own format, and the one before both (v7).
// Sources: GNU tar manual, "Basic Tar Format" (struct posix_header, oldgnu_header, sparse); tar(5) of libarchive.
import { damaged } from '../damaged.ts'
import {
  decodeFields,
  type Header,
  type HeaderType,
  headerAt,
  memberTypes,
  readNumber,
  requireChecksum,
} from './header.ts'
import { mostSegments, type Segment } from './sparse-map.ts'

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

const posixMagic = 'ustar\0'
const otherMagics = ['ustar  \0', '\0'.repeat(8)]

export const decodeForeignHeader = (block: Buffer): ForeignHeader => {
  requireChecksum(block)
  const magic = block.toString('latin1', headerAt.magic, headerAt.magic + 8)
  const posix = magic.startsWith(posixMagic)
  if (!posix && !otherMagics.includes(magic)) throw damaged('a header is of no known format')
  const flag = block.toString('latin1', headerAt.type, headerAt.type + 1)
  const type = types.get(flag)
  if (type === undefined) throw damaged(`a member has the type ${JSON.stringify(flag)}, which no volume has`)
  const fields = decodeFields(block, posix)
  // Before POSIX a slash was what made a directory.
  return { ...fields, type: type === 'file' && fields.path.endsWith('/') ? 'directory' : type }
}

export type OldSparse = { readonly size: number; readonly segments: readonly Segment[] }

const numberBytes = 12
const inHeader = { from: 386, count: 4, more: 482, size: 483 }
const inBlock = { from: 0, count: 21, more: 504 }

// GNU's sparse format before pax: four segments in the header, 21 in each block that follows it.
export const decodeOldSparse = (header: Buffer, stored: number, nextBlock: () => Buffer): OldSparse => {
  const size = readNumber(header, inHeader.size, numberBytes, "sparse file's size")
  const segments: Segment[] = []
  let end = 0
  let data = 0
  const takeFrom = (block: Buffer, { from, count }: { readonly from: number; readonly count: number }): void => {
    for (let index = 0; index < count; index++) {
      const at = from + index * 2 * numberBytes
      const offset = readNumber(block, at, numberBytes, 'sparse map')
      const length = readNumber(block, at + numberBytes, numberBytes, 'sparse map')
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
