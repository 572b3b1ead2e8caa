// Paths in volumes as text that can be shown, typed and read back. Names are bytes; those that are no UTF-8, and
// characters that a terminal would act on or not show, stand as \xHH for each byte, and a backslash as \\.
import { AppError } from '../../shared/errors.ts'

const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u

const escaped = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')

const sequenceLength = (first: number): number => (first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4)

// The character that begins there; undefined: none does.
const characterAt = (bytes: Buffer, at: number): string | undefined => {
  const sequence = bytes.subarray(at, at + sequenceLength(bytes[at] ?? 0))
  const text = sequence.toString('utf8')
  return Buffer.from(text, 'utf8').equals(sequence) && [...text].length === 1 ? text : undefined
}

export const toPathText = (bytes: Buffer): string => {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const character = characterAt(bytes, at)
    const length = character === undefined ? 1 : Buffer.byteLength(character)
    if (character === '\\') text += '\\\\'
    else
      text += character === undefined || hidden.test(character) ? escaped(bytes.subarray(at, at + length)) : character
    at += length
  }
  return text
}

// Throws DRAYAGE_INVALID_REQUEST for a backslash that begins nothing.
export const fromPathText = (text: string): Buffer =>
  Buffer.concat(
    [...text.matchAll(/\\x([0-9a-fA-F]{2})|\\(\\)|\\|[^\\]+/g)].map(([whole, hex, backslash]) => {
      if (hex !== undefined) return Buffer.from(hex, 'hex')
      if (backslash !== undefined) return Buffer.from(backslash)
      if (whole !== '\\') return Buffer.from(whole, 'utf8')
      throw new AppError(
        'DRAYAGE_INVALID_REQUEST',
        'In a path, a backslash is written \\\\, and \\xHH stands for a byte: this one begins neither.',
      )
    }),
  )
