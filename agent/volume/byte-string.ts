// Names, link texts and attribute values are bytes, not text: Linux only forbids NUL and, in a name, the slash. They are
// held as strings in which every character is one byte (latin1). Such strings are Map keys, concatenate cheaply, and
// compare in byte order with `<`, because UTF-16 code units below 256 are the bytes themselves.
export type ByteString = string

export const bytesOf = (value: ByteString): Buffer => Buffer.from(value, 'latin1')

export const fromBytes = (bytes: Uint8Array): ByteString =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

export const inByteOrder = (a: ByteString, b: ByteString): number => (a < b ? -1 : a > b ? 1 : 0)

// For people, never for a file operation: UTF-8 where it is that, control characters escaped so that a hostile name
// cannot forge lines in a log or move a terminal's cursor.
export const displayName = (path: ByteString): string =>
  (path === '' ? '.' : bytesOf(path).toString('utf8')).replace(
    /[\p{Cc}\p{Cf}\u2028\u2029\\]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )

const longestDisplay = 300

// Paths may be a megabyte long; messages must not be.
export const displayPath = (path: ByteString): string =>
  path.length <= longestDisplay
    ? displayName(path)
    : `${displayName(path.slice(0, longestDisplay / 2))}…${displayName(path.slice(-longestDisplay / 2))}`
