// What a member of a later round does to what the rounds before have made, in pax records of our own. A member without
// them makes a new entry, as in any archive. A later round is for Drayage alone: no other tar knows these records.
//
//   DRAYAGE.base    on the root directory, which comes first: the digest of the tree that the round is to be applied to
//   DRAYAGE.change  remove     nothing has this path any more; a directory goes with all that is in it
//                   content    the file at this path gets this content and metadata
//                   part       the bytes from DRAYAGE.offset of the file at this path become these
//                   metadata   the entry at this path gets this metadata; a file, the size DRAYAGE.size too
//   DRAYAGE.checkpoint   on the root directory, in any round: the digest of the tree that all that came before makes
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'
import { decodeNumber, encodeRecord, type PaxRecords } from './pax.ts'

export type Change =
  | { readonly kind: 'remove' }
  | { readonly kind: 'content' }
  | { readonly kind: 'part'; readonly offset: number }
  | { readonly kind: 'metadata'; readonly size: number }
  | { readonly kind: 'checkpoint'; readonly digest: string }

export const isChangeKeyword = (keyword: ByteString): boolean =>
  /^DRAYAGE\.(base|change|offset|size|checkpoint)$/.test(keyword)

export const encodeBase = (base: string): ByteString => encodeRecord('DRAYAGE.base', base)

export const encodeChange = (change: Change): ByteString => {
  if (change.kind === 'checkpoint') return encodeRecord('DRAYAGE.checkpoint', change.digest)
  const record = encodeRecord('DRAYAGE.change', change.kind)
  if (change.kind === 'part') return record + encodeRecord('DRAYAGE.offset', String(change.offset))
  return change.kind === 'metadata' ? record + encodeRecord('DRAYAGE.size', String(change.size)) : record
}

const digestFrom = (records: PaxRecords, keyword: string, what: string): string | undefined => {
  const digest = records.get(keyword)
  if (digest !== undefined && !/^[0-9a-f]{64}$/.test(digest)) throw damaged(`its ${what} is not a digest`)
  return digest
}
export const baseFrom = (records: PaxRecords): string | undefined => digestFrom(records, 'DRAYAGE.base', 'base')

export const changeFrom = (records: PaxRecords): Change | undefined => {
  const kind = records.get('DRAYAGE.change')
  const numbers = { offset: records.get('DRAYAGE.offset'), size: records.get('DRAYAGE.size') }
  if ((numbers.offset !== undefined) !== (kind === 'part') || (numbers.size !== undefined) !== (kind === 'metadata')) {
    throw damaged('a change lacks a number, or has one that it has no use for')
  }
  const digest = digestFrom(records, 'DRAYAGE.checkpoint', 'checkpoint')
  if (digest !== undefined && kind !== undefined) throw damaged('a checkpoint is a change of an entry')
  if (digest !== undefined) return { kind: 'checkpoint', digest }
  if (kind === undefined) return undefined
  if (kind === 'remove' || kind === 'content') return { kind }
  if (kind === 'part') return { kind, offset: decodeNumber(numbers.offset ?? '', 'an offset') }
  if (kind === 'metadata') return { kind, size: decodeNumber(numbers.size ?? '', 'a size') }
  throw damaged(`a change is of the unknown kind ${JSON.stringify(kind)}`)
}
