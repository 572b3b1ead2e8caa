// What rounds have written into files and nobody has read back yet, in the target's memory between rounds: for each file
// its hash, or those of the pages or blocks that were written, and the stat by which round/read-back.ts sees that it is still the
// file of this record. One record after the other, in the order of the writing.
//
// The log vouches for nothing by itself. Where a process was killed while it wrote one, records may be missing: that is
// noted, and then all that there is is read back.
import { appendFileSync, closeSync, existsSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ByteString } from '../byte-string.ts'
import { markOf, type Trace } from '../linux/trace.ts'
import type { Metadata } from '../tree/entry.ts'
import { hashBytes } from '../tree/page-hashes.ts'

const logIn = (memory: string): string => join(memory, 'written')
const openIn = (memory: string): string => join(memory, 'written.open')
const gapIn = (memory: string): string => join(memory, 'written.gap')

export type WrittenFile = {
  readonly path: ByteString
  readonly inode: bigint
  readonly size: number
  readonly modifiedSeconds: number
  readonly modifiedNanoseconds: number
  // The content hash of the whole file, or the hashes of some of its pages, or of some of its blocks, by their numbers.
  readonly hash: ByteString | { readonly unitBytes: number; readonly units: ReadonlyMap<number, ByteString> }
}

const headBytes = 4 + 4 + 8 + 8 + 8 + 4 + 4 + 4
const flushAt = 1024 * 1024

const lengthOf = ({ path, hash }: WrittenFile): number =>
  headBytes + path.length + (typeof hash === 'string' ? hashBytes : hash.units.size * (4 + hashBytes))

const encode = (file: WrittenFile, bytes: Buffer, from: number): void => {
  const parts = typeof file.hash === 'string' ? undefined : file.hash
  let at = bytes.writeUInt32LE(lengthOf(file), from)
  at = bytes.writeUInt32LE(file.path.length, at)
  at = bytes.writeBigUInt64LE(file.inode, at)
  at = bytes.writeDoubleLE(file.size, at)
  at = bytes.writeDoubleLE(file.modifiedSeconds, at)
  at = bytes.writeUInt32LE(file.modifiedNanoseconds, at)
  // No unit: the whole.
  at = bytes.writeUInt32LE(parts?.unitBytes ?? 0, at)
  at = bytes.writeUInt32LE(parts?.units.size ?? 0, at)
  at += bytes.write(file.path, at, 'latin1')
  if (typeof file.hash === 'string') bytes.write(file.hash, at, 'latin1')
  for (const [index, hash] of parts?.units ?? []) {
    at = bytes.writeUInt32LE(index, at)
    at += bytes.write(hash, at, 'latin1')
  }
}

const decode = (bytes: Buffer): WrittenFile => {
  const pathBytes = bytes.readUInt32LE(4)
  const unitBytes = bytes.readUInt32LE(36)
  const count = bytes.readUInt32LE(40)
  let at = headBytes + pathBytes
  const take = (): ByteString => {
    at += hashBytes
    return bytes.toString('latin1', at - hashBytes, at)
  }
  const units = new Map<number, ByteString>()
  for (let index = 0; index < count; index++) {
    at += 4
    units.set(bytes.readUInt32LE(at - 4), take())
  }
  return {
    path: bytes.toString('latin1', headBytes, headBytes + pathBytes),
    inode: bytes.readBigUInt64LE(8),
    size: bytes.readDoubleLE(16),
    modifiedSeconds: bytes.readDoubleLE(24),
    modifiedNanoseconds: bytes.readUInt32LE(32),
    hash: unitBytes === 0 ? take() : { unitBytes, units },
  }
}

export type WrittenLog = {
  // Everything is written anew: what was logged before is of no account.
  beginAnew(): void
  // A file as it now is; `hash` as in WrittenFile.
  wrote(path: ByteString, file: { metadata: Metadata; seen: Trace }, hash: WrittenFile['hash']): void
  close(): void
}

const noLog: WrittenLog = { beginAnew: () => {}, wrote: () => {}, close: () => {} }

// Before anything is written to the target. undefined: nothing is to be read back.
export const openWrittenLog = (memory: string | undefined): WrittenLog => {
  if (memory === undefined) return noLog
  if (existsSync(openIn(memory))) appendFileSync(gapIn(memory), '')
  appendFileSync(openIn(memory), '')
  let fd = openSync(logIn(memory), 'a', 0o600)
  // One for all of a round's records: a buffer for each is garbage by the million.
  let pending = Buffer.alloc(flushAt)
  let filled = 0
  const flush = (): void => {
    for (let at = 0; at < filled; ) at += writeSync(fd, pending, at, filled - at)
    filled = 0
  }
  return {
    beginAnew: () => {
      filled = 0
      closeSync(fd)
      rmSync(gapIn(memory), { force: true })
      fd = openSync(logIn(memory), 'w', 0o600)
    },
    wrote: (path, { metadata, seen }, hash) => {
      if (metadata.type !== 'file' || metadata.size === 0) return
      const file = { path, ...markOf(seen), hash }
      const length = lengthOf(file)
      if (filled + length > pending.length) flush()
      if (length > pending.length) pending = Buffer.alloc(length)
      encode(file, pending, filled)
      filled += length
    },
    close: () => {
      flush()
      closeSync(fd)
      rmSync(openIn(memory), { force: true })
    },
  }
}

// Whether what is in the log may not be all.
export const hasGap = (memory: string): boolean => existsSync(gapIn(memory)) || existsSync(openIn(memory))

export const forgetWritten = (memory: string): void => {
  for (const path of [logIn(memory), gapIn(memory), openIn(memory)]) rmSync(path, { force: true })
}

export function* readWritten(memory: string): Generator<WrittenFile, void, undefined> {
  if (!existsSync(logIn(memory))) return
  const fd = openSync(logIn(memory), 'r')
  try {
    let bytes = Buffer.alloc(flushAt)
    let filled = 0
    // What is read first is the rest of what was not whole before.
    const more = (): boolean => {
      const wanted = filled < 4 ? 0 : bytes.readUInt32LE(0)
      if (wanted > bytes.length) bytes = Buffer.concat([bytes.subarray(0, filled)], wanted)
      const count = readSync(fd, bytes, filled, bytes.length - filled, null)
      filled += count
      return count > 0
    }
    while (more()) {
      let at = 0
      while (filled - at >= 4 && filled - at >= bytes.readUInt32LE(at)) {
        const end = at + bytes.readUInt32LE(at)
        yield decode(bytes.subarray(at, end))
        at = end
      }
      bytes.copy(bytes, 0, at, filled)
      filled -= at
    }
  } finally {
    closeSync(fd)
  }
}
