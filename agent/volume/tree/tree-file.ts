// A tree on the agent's disk, so that rounds go on when the agent has been started anew. The file is only ever whole: it is
// written beside, synced, renamed over, and ends in the SHA-256 of all that comes before. One that is missing, damaged or
// of another version is none: then everything is sent again, which is right, only slower.
//
//   line      "drayage tree 2"
//   line      JSON: what FileHead says
//   rows of names, rows of inodes, bytes of names (tree/rows.ts), lengths (u32) of rare facts, bytes of rare facts
//   32 bytes  SHA-256 of all of it

import type { Buffer as Bytes } from 'node:buffer'
import { createHash, type Hash } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { createTree, type Tree } from './tree.ts'

export type Kept = {
  // Of the tree: what both sides call it by.
  readonly digest: string
  readonly savedAtMs: number
  // Of the machine's boot; times of files are proof only while one lasts (random(4)).
  readonly bootId: string
}

type FileHead = Kept & {
  readonly names: number
  readonly inodes: number
  readonly textBytes: number
  readonly rares: number
  readonly rareBytes: number
  readonly entries: number
  readonly contentBytes: number
}

const magic = 'drayage tree 2\n'
const hashBytes = 32

export const syncDirectory = (path: string): void => {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

const writeAll = (fd: number, sum: Hash, bytes: Bytes): void => {
  sum.update(bytes)
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

// On disk when it returns. The directory exists.
export const saveTree = (path: string, kept: Kept, tree: Tree): void => {
  const { names, inodes, texts, rares, totals } = tree.storage
  const textMemory = texts.memory()
  const head: FileHead = {
    digest: kept.digest,
    savedAtMs: kept.savedAtMs,
    bootId: kept.bootId,
    names: names.count,
    inodes: inodes.count,
    textBytes: textMemory.reduce((sum, { length }) => sum + length, 0),
    rares: rares.length,
    rareBytes: rares.reduce((sum, { length }) => sum + length, 0),
    ...totals,
  }
  const temporary = `${path}.new`
  const fd = openSync(temporary, 'w', 0o600)
  try {
    const sum = createHash('sha256')
    writeAll(fd, sum, Buffer.from(`${magic}${JSON.stringify(head)}\n`))
    for (const bytes of [...names.memory(), ...inodes.memory(), ...textMemory]) writeAll(fd, sum, bytes)
    const lengths = Buffer.alloc(4 * rares.length)
    for (const [index, { length }] of rares.entries()) lengths.writeUInt32LE(length, 4 * index)
    writeAll(fd, sum, lengths)
    writeAll(fd, sum, Buffer.from(rares.join(''), 'latin1'))
    writeSync(fd, sum.digest())
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(temporary, path)
  syncDirectory(dirname(path))
}

class Damaged extends Error {}

const createReader = (fd: number) => {
  const sum = createHash('sha256')
  let position = 0
  const into = (bytes: Bytes): Bytes => {
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(fd, bytes, at, bytes.length - at, position)
      if (count === 0) throw new Damaged()
      at += count
      position += count
    }
    return bytes
  }
  return {
    into: (bytes: Bytes): Bytes => {
      sum.update(into(bytes))
      return bytes
    },
    // The magic, and the line after it.
    head: (): FileHead => {
      const chunk = Buffer.alloc(64 * 1024)
      const count = readSync(fd, chunk, 0, chunk.length, 0)
      const end = chunk.subarray(0, count).indexOf(10, magic.length)
      if (end < 0 || chunk.toString('latin1', 0, magic.length) !== magic) throw new Damaged()
      sum.update(chunk.subarray(0, end + 1))
      position = end + 1
      return JSON.parse(chunk.toString('utf8', magic.length, end))
    },
    end: (): void => {
      if (!sum.digest().equals(into(Buffer.alloc(hashBytes)))) throw new Damaged()
    },
  }
}

export type LoadedTree = Kept & { readonly tree: Tree }

// What a file says of itself, unverified: to choose which to load. undefined: it is none.
export const peekTree = (path: string): Kept | undefined => {
  let fd = -1
  try {
    fd = openSync(path, 'r')
    const { digest, savedAtMs, bootId } = createReader(fd).head()
    return { digest, savedAtMs, bootId }
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  } finally {
    if (fd >= 0) closeSync(fd)
  }
}

// undefined: there is none that can be believed.
export const loadTree = (path: string): LoadedTree | undefined => {
  const tree = createTree()
  let fd = -1
  try {
    fd = openSync(path, 'r')
    const reader = createReader(fd)
    const { digest, savedAtMs, bootId, ...head } = reader.head()
    const { names, inodes, texts, rares, totals } = tree.storage
    const memory = [...names.fill(head.names), ...inodes.fill(head.inodes), ...texts.fill(head.textBytes)]
    for (const bytes of memory) reader.into(bytes)
    const lengths = reader.into(Buffer.alloc(4 * head.rares))
    const all = reader.into(Buffer.alloc(head.rareBytes))
    reader.end()
    for (let index = 0, at = 0; index < head.rares; index++) {
      const length = lengths.readUInt32LE(4 * index)
      rares.push(all.toString('latin1', at, at + length))
      at += length
    }
    Object.assign(totals, { entries: head.entries, contentBytes: head.contentBytes })
    tree.storage.restored()
    return { digest, savedAtMs, bootId, tree }
  } catch (error) {
    // No such file, cut short, altered: all the same to the caller.
    tree.release()
    if (error instanceof Error) return undefined
    throw error
  } finally {
    if (fd >= 0) closeSync(fd)
  }
}

// Where it is not there, nothing is waited for.
export const forgetTree = (path: string): void => {
  if (!existsSync(path)) return
  rmSync(path)
  syncDirectory(dirname(path))
}
