// What is kept of an inode, as the words of a row: the fourteen of its trace (linux/trace.ts), and these. The trace is the
// stat by which it is seen whether the entry has been touched since; where the metadata that crossed is not what that stat
// says, the metadata stands there, and the row is marked as suspect.
import type { ByteString } from '../byte-string.ts'
import { signed, splitNumber, type Trace, trace, traceWords, typeIn, unsigned } from '../linux/trace.ts'
import type { Blocks } from './block-store.ts'
import { type Attributes, type Metadata, noAttributes } from './entry.ts'

export const inode = {
  flags: traceWords,
  // Into the list of rare facts, from 1; 0: none.
  rare: traceWords + 1,
  blocks: traceWords + 2,
  // The first of its names.
  name: traceWords + 6,
  // Files: the content hash. Directories: the first name in it, and how many there are.
  content: traceWords + 7,
  child: traceWords + 7,
  children: traceWords + 8,
  digest: traceWords + 15,
} as const
export const inodeWords = traceWords + 23

export const flag = {
  // The stat may fail to show a change (tree/racy.ts), or is of another moment than the content, or was not taken.
  suspect: 1,
  // Directories: nothing at or below has changed since the digest was set.
  digested: 2,
  blocks: 4,
  // No inode.
  free: 8,
} as const

const modeOf = new Map<string, number>([
  ['fifo', 0o010000],
  ['character', 0o020000],
  ['directory', 0o040000],
  ['block', 0o060000],
  ['file', 0o100000],
  ['symlink', 0o120000],
])

// What most inodes have nothing of, as a string: attributes, the text of a symlink, a device.
export const encodeRare = ({ type, attributes, target, major, minor }: Metadata): ByteString => {
  if (attributes.size === 0 && target === '' && type !== 'character' && type !== 'block') return ''
  const parts = [target, String(major), String(minor), ...[...attributes].flat()]
  const head = Buffer.alloc(4 * (parts.length + 1))
  head.writeUInt32LE(parts.length)
  for (const [index, part] of parts.entries()) head.writeUInt32LE(part.length, 4 * (index + 1))
  return head.toString('latin1') + parts.join('')
}

type Rare = Pick<Metadata, 'attributes' | 'target' | 'major' | 'minor'>
const nothingRare: Rare = { attributes: noAttributes, target: '', major: 0, minor: 0 }

const wordIn = (text: ByteString, at: number): number =>
  (text.charCodeAt(at) |
    (text.charCodeAt(at + 1) << 8) |
    (text.charCodeAt(at + 2) << 16) |
    (text.charCodeAt(at + 3) << 24)) >>>
  0

const decodeRare = (text: ByteString): Rare => {
  const count = wordIn(text, 0)
  const parts: ByteString[] = []
  let at = 4 * (count + 1)
  for (let index = 0; index < count; index++) {
    const length = wordIn(text, 4 * (index + 1))
    parts.push(text.slice(at, at + length))
    at += length
  }
  const [target = '', major = '0', minor = '0', ...pairs] = parts
  if (pairs.length === 0) return { attributes: noAttributes, target, major: Number(major), minor: Number(minor) }
  const attributes = new Map<ByteString, ByteString>()
  for (let index = 0; index < pairs.length; index += 2) attributes.set(pairs[index] ?? '', pairs[index + 1] ?? '')
  return { attributes: attributes as Attributes, target, major: Number(major), minor: Number(minor) }
}

// true: the metadata is what the stat says.
export const writeFacts = (metadata: Metadata, seen: Trace, words: Uint32Array, at: number): boolean => {
  for (let word = 0; word < traceWords; word++) words[at + word] = seen[word] ?? 0
  writeMetadata(metadata, words, at)
  for (let word = 0; word < traceWords; word++) if (words[at + word] !== seen[word]) return false
  return true
}

// Leaves inode number, device and change time.
export const writeMetadata = (metadata: Metadata, words: Uint32Array, at: number): void => {
  words[at + trace.mode] = (modeOf.get(metadata.type) ?? 0) | metadata.permissions
  words[at + trace.uid] = metadata.uid
  words[at + trace.gid] = metadata.gid
  if (metadata.type === 'file') splitNumber(metadata.size, words, at + trace.size)
  splitNumber(metadata.modifiedSeconds, words, at + trace.modifiedSeconds)
  words[at + trace.modifiedNanoseconds] = metadata.modifiedNanoseconds
}

export const readMetadata = (words: Uint32Array, at: number, rare: ByteString | undefined): Metadata => {
  const type = typeIn(words, at)
  if (type === 'socket') throw new RangeError('a socket is not an entry of a tree')
  return {
    type,
    permissions: (words[at + trace.mode] ?? 0) & 0o7777,
    uid: words[at + trace.uid] ?? 0,
    gid: words[at + trace.gid] ?? 0,
    modifiedSeconds: signed(words, at + trace.modifiedSeconds),
    modifiedNanoseconds: words[at + trace.modifiedNanoseconds] ?? 0,
    size: type === 'file' ? unsigned(words, at + trace.size) : 0,
    ...(rare === undefined ? nothingRare : decodeRare(rare)),
  }
}

export const writeBlocks = (blocks: Blocks | undefined, words: Uint32Array, at: number): void => {
  const from = at + inode.blocks
  words[from] = blocks?.at ?? 0
  words[from + 1] = blocks?.count ?? 0
  words[from + 2] = blocks?.newAt ?? 0
  words[from + 3] = blocks?.newCount ?? 0
}

export const readBlocks = (words: Uint32Array, at: number): Blocks => {
  const from = at + inode.blocks
  return {
    at: words[from] ?? 0,
    count: words[from + 1] ?? 0,
    newAt: words[from + 2] ?? 0,
    newCount: words[from + 3] ?? 0,
  }
}
