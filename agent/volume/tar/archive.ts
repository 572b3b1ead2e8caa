import { damaged } from '../damaged.ts'
import { blockBytes, decodeHeader, isZeroBlock, paddingAfter } from './header.ts'
import { decodeMember, type Link, type Member, mostRecordBytes } from './member.ts'
import { decodeRecords, type PaxRecords } from './pax.ts'

// What an archive is read from; see round/byte-source.ts.
export type ArchiveBytes = {
  take(count: number): Buffer
  takeOrEnd(count: number): Buffer | undefined
}

const zeros = Buffer.alloc(blockBytes)
const noRecords: PaxRecords = new Map()

// After the two zero blocks that end an archive, tar may fill its record up with more of them; nothing else may follow.
export const requireEnd = (bytes: ArchiveBytes): undefined => {
  if (!isZeroBlock(bytes.take(blockBytes))) throw damaged('a single zero block stands between members')
  for (let block = bytes.takeOrEnd(blockBytes); block !== undefined; block = bytes.takeOrEnd(blockBytes)) {
    if (!isZeroBlock(block)) throw damaged('something follows the end of the archive')
  }
}

// The next member's description, without its data, which the caller takes before the next call; undefined at the
// archive's proper end.
export const nextMember = (bytes: ArchiveBytes, recordBytes = mostRecordBytes): Member | Link | undefined => {
  const block = bytes.take(blockBytes)
  if (isZeroBlock(block)) return requireEnd(bytes)
  const header = decodeHeader(block)
  if (header.type !== 'pax') return decodeMember(header, noRecords)
  if (header.size > recordBytes) throw damaged(`a pax header is ${header.size} bytes long`)
  const records = decodeRecords(bytes.take(header.size))
  takePadding(bytes, header.size)
  return decodeMember(decodeHeader(bytes.take(blockBytes)), records)
}

export const takePadding = (bytes: ArchiveBytes, size: number): void => {
  const padding = bytes.take(paddingAfter(size))
  if (!padding.equals(zeros.subarray(0, padding.length))) throw damaged('the padding after a member is not zeros')
}
