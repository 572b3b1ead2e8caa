// The 512-byte header block of POSIX.1-1988 (ustar), which PAX keeps. Only what every tar understands goes here; what
// does not fit, or is not exact, goes into the pax records before it (tar/pax.ts) and overrides this block.
// Source: POSIX.1-2017, pax, "ustar Interchange Format".
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'

export const blockBytes = 512

export const memberTypes = {
  file: '0',
  link: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
  pax: 'x',
} as const

export type HeaderType = keyof typeof memberTypes

const typeOf = new Map<string, HeaderType>(
  (Object.keys(memberTypes) as HeaderType[]).map((type) => [memberTypes[type], type]),
)

export type Header = {
  readonly type: HeaderType
  readonly path: ByteString
  readonly permissions: number
  readonly uid: number
  readonly gid: number
  // Bytes of data that follow the header, before padding.
  readonly size: number
  readonly mtime: number
  readonly target: ByteString
  readonly major: number
  readonly minor: number
}

// The largest values that the fields hold; what is beyond them needs a pax record.
export const fieldLimits = { name: 100, id: 0o7777777, size: 0o77777777777, time: 0o77777777777, device: 0o7777777 }

export const headerAt = {
  name: 0,
  mode: 100,
  uid: 108,
  gid: 116,
  size: 124,
  mtime: 136,
  checksum: 148,
  type: 156,
  target: 157,
  magic: 257,
  major: 329,
  minor: 337,
  prefix: 345,
} as const

const at = headerAt

const writeOctal = (block: Buffer, offset: number, digits: number, value: number): void => {
  let rest = value
  for (let index = offset + digits - 1; index >= offset; index--) {
    block[index] = 48 + (rest % 8)
    rest = Math.floor(rest / 8)
  }
}

const checksum = (block: Buffer): number => {
  let sum = 8 * 32
  for (let index = 0; index < at.checksum; index++) sum += block[index] ?? 0
  for (let index = at.type; index < blockBytes; index++) sum += block[index] ?? 0
  return sum
}

const template = Buffer.alloc(blockBytes)
template.write('ustar\0' + '00', at.magic, 'latin1')

// Values beyond a field's limit are written as that limit, or cut: the caller has put them into pax records.
export const encodeHeader = (header: Header, into: Buffer, offset: number): void => {
  const block = into.subarray(offset, offset + blockBytes)
  template.copy(block)
  block.write(header.path, at.name, fieldLimits.name, 'latin1')
  writeOctal(block, at.mode, 7, header.permissions)
  writeOctal(block, at.uid, 7, Math.min(header.uid, fieldLimits.id))
  writeOctal(block, at.gid, 7, Math.min(header.gid, fieldLimits.id))
  writeOctal(block, at.size, 11, Math.min(header.size, fieldLimits.size))
  writeOctal(block, at.mtime, 11, Math.min(Math.max(header.mtime, 0), fieldLimits.time))
  block.write(memberTypes[header.type], at.type, 1, 'latin1')
  if (header.target !== '') block.write(header.target, at.target, fieldLimits.name, 'latin1')
  if (header.type === 'character' || header.type === 'block') {
    writeOctal(block, at.major, 7, Math.min(header.major, fieldLimits.device))
    writeOctal(block, at.minor, 7, Math.min(header.minor, fieldLimits.device))
  }
  writeOctal(block, at.checksum, 6, checksum(block))
  block[at.checksum + 6] = 0
  block[at.checksum + 7] = 32
}

const text = (block: Buffer, offset: number, length: number): ByteString => {
  const end = block.indexOf(0, offset)
  return block.toString('latin1', offset, end < 0 || end > offset + length ? offset + length : end)
}

// Big-endian, the first byte being 0x80 or, of what is negative, 0xff: an extension of GNU's, which libarchive uses in PAX
// archives too, for ids that do not fit. Nothing but a time may be negative.
const readBase256 = (block: Buffer, offset: number, length: number, field: string): number => {
  const sign = block[offset]
  let value = 0n
  for (const byte of block.subarray(offset + 1, offset + length)) value = value * 256n + BigInt(byte)
  if (sign === 0xff) value -= 256n ** BigInt(length - 1)
  if (BigInt(Number(value)) !== value || !Number.isSafeInteger(Number(value)) || (value < 0n && field !== 'mtime')) {
    throw damaged(`a header's ${field} is out of range`)
  }
  return Number(value)
}

// Octal digits, padded in front with spaces or zeros and ended by a space or NUL. An empty field is zero.
export const readNumber = (block: Buffer, offset: number, length: number, field: string): number => {
  const first = block[offset]
  return first === 0x80 || first === 0xff
    ? readBase256(block, offset, length, field)
    : readOctal(block, offset, length, field)
}

const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 0

const readOctal = (block: Buffer, offset: number, length: number, field: string): number => {
  const end = offset + length
  let at = offset
  let value = 0
  while (at < end && block[at] === 32) at++
  for (let digit = (block[at] ?? 0) - 48; at < end && digit >= 0 && digit < 8; digit = (block[at] ?? 0) - 48) {
    value = value * 8 + digit
    at++
  }
  while (at < end && isBlank(block[at])) at++
  if (at < end) throw damaged(`a header's ${field} is not an octal number`)
  return value
}

export const isZeroBlock = (block: Buffer): boolean => block.equals(zeroBlock)
const zeroBlock = Buffer.alloc(blockBytes)

export const requireChecksum = (block: Buffer): void => {
  if (readOctal(block, at.checksum, 8, 'checksum') !== checksum(block)) throw damaged("a header's checksum is wrong")
}

// prefixed: what POSIX has as the front of a long path; others have other things there.
export const decodeFields = (block: Buffer, prefixed: boolean): Omit<Header, 'type'> => {
  const prefix = prefixed ? text(block, at.prefix, 155) : ''
  const name = text(block, at.name, fieldLimits.name)
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    permissions: readOctal(block, at.mode, 8, 'mode') & 0o7777,
    uid: readNumber(block, at.uid, 8, 'uid'),
    gid: readNumber(block, at.gid, 8, 'gid'),
    size: readNumber(block, at.size, 12, 'size'),
    mtime: readNumber(block, at.mtime, 12, 'mtime'),
    target: text(block, at.target, fieldLimits.name),
    major: readNumber(block, at.major, 8, 'device major number'),
    minor: readNumber(block, at.minor, 8, 'device minor number'),
  }
}

export const decodeHeader = (block: Buffer): Header => {
  requireChecksum(block)
  if (block.toString('latin1', at.magic, at.magic + 6) !== 'ustar\0')
    throw damaged('a header is not of the POSIX format')
  const flag = block.toString('latin1', at.type, at.type + 1)
  const type = flag === '\0' ? 'file' : typeOf.get(flag)
  if (type === undefined) throw damaged(`a member has the type ${JSON.stringify(flag)}, which no volume has`)
  return { type, ...decodeFields(block, true) }
}

// Bytes that fill the last block of `size` bytes of data.
export const paddingAfter = (size: number): number => (blockBytes - (size % blockBytes)) % blockBytes
