// A compressed tarball is a mistake that is made often, and its own message helps more than "damaged".
import { AppError } from '../../shared/errors.ts'

// First bytes: RFC 1952, RFC 8878, the xz and bzip2 formats, and the lz4 frame format.
const formats = [
  { name: 'gzip', command: 'gzip -dc', magic: [0x1f, 0x8b] },
  { name: 'zstd', command: 'zstd -dc', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'xz', command: 'xz -dc', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'bzip2', command: 'bzip2 -dc', magic: [0x42, 0x5a, 0x68] },
  { name: 'lz4', command: 'lz4 -dc', magic: [0x04, 0x22, 0x4d, 0x18] },
] as const

// first: the first bytes of what should be a tarball. Throws DRAYAGE_TARBALL_REFUSED.
export const requireUncompressed = (first: Buffer): void => {
  const format = formats.find(({ magic }) => magic.every((byte, index) => first[index] === byte))
  if (format === undefined) return
  throw new AppError(
    'DRAYAGE_TARBALL_REFUSED',
    `This is no tarball but one compressed with ${format.name}. Send it unpacked: ${format.command} FILE | dray volume import …`,
  )
}
