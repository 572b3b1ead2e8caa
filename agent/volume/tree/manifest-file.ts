// A manifest on the agent's disk, so that rounds go on when the agent has been started anew. The file is only ever whole:
// it is written beside, synced, renamed over, and ends in the SHA-256 of all that comes before. One that is missing,
// damaged or of another version is no manifest: then everything is sent again, which is right, only slower.
//
// Integers are little-endian. Strings are their length (u32) and their bytes.
import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ByteString } from '../byte-string.ts'
import { type Attributes, type Metadata, type NodeType, noAttributes } from './entry.ts'
import { type Directory, type Entry, isDirectory, type Leaf, type Seen } from './manifest.ts'

export type Kept = {
  // Of the tree: what both sides call it by.
  readonly digest: string
  readonly savedAtMs: number
  // Of the machine, when it was saved (linux/boot.ts).
  readonly boot: string
  readonly tree: Directory
}

const magic = 'drayage manifest 2\n'
const types: readonly NodeType[] = ['file', 'directory', 'symlink', 'fifo', 'character', 'block']
const tags = { leaf: 0, again: 1, directory: 2, end: 3 } as const
const flags = { suspect: 1, linked: 2, blocks: 4 } as const
const hashBytes = 32
const chunkBytes = 1024 * 1024

const createWriter = (fd: number) => {
  const sum = createHash('sha256')
  let chunk = Buffer.allocUnsafe(chunkBytes)
  let filled = 0
  const flush = (): void => {
    const bytes = chunk.subarray(0, filled)
    sum.update(bytes)
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
    filled = 0
  }
  const room = (bytes: number): void => {
    if (filled + bytes <= chunk.length) return
    flush()
    if (bytes > chunk.length) chunk = Buffer.allocUnsafe(bytes)
  }
  const raw = (value: ByteString): void => {
    room(value.length)
    filled += chunk.write(value, filled, 'latin1')
  }
  const writer = {
    raw,
    u8: (value: number): void => {
      room(1)
      filled = chunk.writeUInt8(value, filled)
    },
    u32: (value: number): void => {
      room(4)
      filled = chunk.writeUInt32LE(value, filled)
    },
    u64: (value: bigint): void => {
      room(8)
      filled = chunk.writeBigUInt64LE(value, filled)
    },
    // Any safe integer, exactly.
    number: (value: number): void => {
      room(8)
      filled = chunk.writeDoubleLE(value, filled)
    },
    text: (value: ByteString): void => {
      writer.u32(value.length)
      raw(value)
    },
    finish: (): void => {
      flush()
      writeSync(fd, sum.digest())
    },
  }
  return writer
}
type Writer = ReturnType<typeof createWriter>

const createReader = (bytes: Buffer) => {
  let at = 0
  // Where the next `length` bytes begin; they are taken.
  const take = (length: number): number => {
    at += length
    if (at > bytes.length) throw new RangeError('it ends too early')
    return at - length
  }
  const raw = (length: number): ByteString => {
    const from = take(length)
    return bytes.toString('latin1', from, from + length)
  }
  const u32 = (): number => bytes.readUInt32LE(take(4))
  return {
    raw,
    u32,
    u8: (): number => bytes.readUInt8(take(1)),
    u64: (): bigint => bytes.readBigUInt64LE(take(8)),
    number: (): number => bytes.readDoubleLE(take(8)),
    text: (): ByteString => raw(u32()),
  }
}
type Reader = ReturnType<typeof createReader>

const writeMetadata = (to: Writer, metadata: Metadata): void => {
  to.u8(types.indexOf(metadata.type))
  to.u32(metadata.permissions)
  to.u32(metadata.uid)
  to.u32(metadata.gid)
  to.number(metadata.modifiedSeconds)
  to.u32(metadata.modifiedNanoseconds)
  to.number(metadata.size)
  to.text(metadata.target)
  to.u32(metadata.major)
  to.u32(metadata.minor)
  to.u32(metadata.attributes.size)
  for (const [name, value] of metadata.attributes) {
    to.text(name)
    to.text(value)
  }
}

const readAttributes = (from: Reader): Attributes => {
  const count = from.u32()
  if (count === 0) return noAttributes
  const attributes = new Map<ByteString, ByteString>()
  for (let index = 0; index < count; index++) attributes.set(from.text(), from.text())
  return attributes
}

const typeAt = (index: number): NodeType => {
  const type = types[index]
  if (type === undefined) throw new RangeError('it names an unknown type')
  return type
}

const readMetadata = (from: Reader): Metadata => ({
  type: typeAt(from.u8()),
  permissions: from.u32(),
  uid: from.u32(),
  gid: from.u32(),
  modifiedSeconds: from.number(),
  modifiedNanoseconds: from.u32(),
  size: from.number(),
  target: from.text(),
  major: from.u32(),
  minor: from.u32(),
  attributes: readAttributes(from),
})

const writeSeen = (to: Writer, seen: Seen): void => {
  to.u64(seen.inode)
  to.u32(seen.deviceMajor)
  to.u32(seen.deviceMinor)
  to.number(seen.size)
  to.number(seen.modifiedSeconds)
  to.u32(seen.modifiedNanoseconds)
  to.number(seen.changedSeconds)
  to.u32(seen.changedNanoseconds)
}

const readSeen = (from: Reader, type: NodeType): Seen => ({
  type,
  inode: from.u64(),
  deviceMajor: from.u32(),
  deviceMinor: from.u32(),
  size: from.number(),
  modifiedSeconds: from.number(),
  modifiedNanoseconds: from.u32(),
  changedSeconds: from.number(),
  changedNanoseconds: from.u32(),
})

const writeLeaf = (to: Writer, leaf: Leaf): void => {
  to.u8(
    (leaf.suspect ? flags.suspect : 0) |
      (leaf.linked ? flags.linked : 0) |
      (leaf.blocks === undefined ? 0 : flags.blocks),
  )
  writeMetadata(to, leaf.metadata)
  writeSeen(to, leaf.seen)
  to.text(leaf.content)
  to.raw(leaf.digest)
  if (leaf.blocks === undefined) return
  to.u32(leaf.blocks.length)
  for (const block of leaf.blocks) to.raw(block)
}

const readLeaf = (from: Reader): Leaf => {
  const set = from.u8()
  const metadata = readMetadata(from)
  const seen = readSeen(from, metadata.type)
  const content = from.text()
  const digest = from.raw(hashBytes)
  const blocks = (set & flags.blocks) === 0 ? undefined : Array.from({ length: from.u32() }, () => from.raw(hashBytes))
  const [suspect, linked] = [(set & flags.suspect) !== 0, (set & flags.linked) !== 0]
  return { metadata, seen, suspect, linked, content, blocks, digest }
}

const writeDirectory = (to: Writer, { suspect, metadata, seen, digest }: Directory): void => {
  to.u8(suspect ? flags.suspect : 0)
  writeMetadata(to, metadata)
  writeSeen(to, seen)
  to.text(digest ?? '')
}

const readDirectory = (from: Reader): Directory => {
  const set = from.u8()
  const metadata = readMetadata(from)
  const seen = readSeen(from, 'directory')
  return { metadata, seen, suspect: (set & flags.suspect) !== 0, children: new Map(), digest: from.text() || undefined }
}

// Not recursive: a volume may be thousands of directories deep.
const writeTree = (to: Writer, root: Directory): void => {
  const numbers = new Map<Leaf, number>()
  writeDirectory(to, root)
  const open: Iterator<[ByteString, Entry], undefined>[] = [root.children.entries()]
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const { value, done } = here.next()
    if (done === true) {
      to.u8(tags.end)
      open.pop()
      continue
    }
    const [name, entry] = value
    const number = isDirectory(entry) ? undefined : numbers.get(entry)
    to.u8(isDirectory(entry) ? tags.directory : number === undefined ? tags.leaf : tags.again)
    to.text(name)
    if (isDirectory(entry)) {
      writeDirectory(to, entry)
      open.push(entry.children.entries())
    } else if (number === undefined) {
      if (entry.linked) numbers.set(entry, numbers.size)
      writeLeaf(to, entry)
    } else to.u32(number)
  }
}

const readTree = (from: Reader): Directory => {
  const linked: Leaf[] = []
  const root = readDirectory(from)
  const open = [root]
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const tag = from.u8()
    if (tag === tags.end) {
      open.pop()
      continue
    }
    const name = from.text()
    if (tag === tags.directory) {
      const directory = readDirectory(from)
      here.children.set(name, directory)
      open.push(directory)
      continue
    }
    const leaf = tag === tags.leaf ? readLeaf(from) : linked[from.u32()]
    if (leaf === undefined) throw new RangeError('a name leads to nothing')
    if (tag === tags.leaf && leaf.linked) linked.push(leaf)
    here.children.set(name, leaf)
  }
  return root
}

const syncDirectory = (path: string): void => {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

// On disk when it returns. The directory exists.
export const saveManifest = (path: string, { digest, savedAtMs, boot, tree }: Kept): void => {
  const temporary = `${path}.new`
  const fd = openSync(temporary, 'w', 0o600)
  try {
    const writer = createWriter(fd)
    writer.raw(magic)
    writer.text(digest)
    writer.number(savedAtMs)
    writer.text(boot)
    writeTree(writer, tree)
    writer.finish()
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(temporary, path)
  syncDirectory(dirname(path))
}

// undefined: there is none that can be believed.
export const loadManifest = (path: string): Kept | undefined => {
  try {
    const bytes = readFileSync(path)
    const body = bytes.subarray(0, -hashBytes)
    if (!createHash('sha256').update(body).digest().equals(bytes.subarray(-hashBytes))) return undefined
    const reader = createReader(body)
    if (reader.raw(magic.length) !== magic) return undefined
    return { digest: reader.text(), savedAtMs: reader.number(), boot: reader.text(), tree: readTree(reader) }
  } catch (error) {
    // No such file, too large to be read at once, cut in the middle of a number: all the same to the caller.
    if (error instanceof Error) return undefined
    throw error
  }
}

// What a manifest says of itself, unverified: to choose which to load. undefined: it is none.
export const peekManifest = (path: string): Pick<Kept, 'digest' | 'savedAtMs'> | undefined => {
  const head = Buffer.alloc(magic.length + 4 + 64 + 8)
  try {
    const fd = openSync(path, 'r')
    try {
      if (readSync(fd, head) < head.length) return undefined
    } finally {
      closeSync(fd)
    }
    const reader = createReader(head)
    return reader.raw(magic.length) === magic ? { digest: reader.text(), savedAtMs: reader.number() } : undefined
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

export const forgetManifest = (path: string): void => {
  rmSync(path, { force: true })
  syncDirectory(dirname(path))
}
