// Reads back, from the disk as far as the kernel lets us, what rounds have written, and compares it with the hashes of
// what was written: while the source runs, so that it costs no downtime. What differs is touched, so that the next round
// finds it (round/reconcile.ts) and sends it again.
import type { ByteString } from '../byte-string.ts'
import { createCursor } from '../linux/cursor.ts'
import { close, dropCached, OsError, open, openAt, openRoot, read, seek, setModified } from '../linux/libc.ts'
import { type Stat, statFd } from '../linux/stat.ts'
import { createContentHash } from '../tree/content-hash.ts'
import { contentBlockBytes, hashOfBlock } from '../tree/page-hashes.ts'
import { isGone } from '../tree/scan.ts'
import { readFully, segmentsOf } from './read-file.ts'
import { forgetWritten, hasGap, readWritten, type WrittenFile } from './written-log.ts'

export type ReadBackRequest = { readonly root: string; readonly memory: string }

export type ReadBack = {
  // Files, and bytes of them, that were read.
  readonly files: number
  readonly bytes: number
  // Paths of those that are not what was written.
  readonly differing: readonly ByteString[]
  // The log was not whole: all that there is has to be read instead.
  readonly incomplete: boolean
}

const block = Buffer.alloc(contentBlockBytes)

// `heard`: how many bytes were read, after each block.
const contentOf = (fd: number, stat: Stat, heard: (bytes: number) => void): ByteString => {
  const content = createContentHash()
  let position = 0
  for (const { offset, length } of segmentsOf(fd, stat) ?? [{ offset: 0, length: stat.size }]) {
    content.zeros(offset - position)
    seek(fd, offset)
    position = offset
    while (position < offset + length) {
      const count = read(fd, block.subarray(0, offset + length - position))
      // It has been cut since: what the hash then is, is not what was written.
      if (count === 0) return content.digest()
      content.update(block.subarray(0, count))
      position += count
      heard(count)
    }
  }
  content.zeros(stat.size - position)
  return content.digest()
}

const isAsWritten = (fd: number, stat: Stat, { hash }: WrittenFile, heard: (bytes: number) => void): boolean => {
  if (typeof hash === 'string') return contentOf(fd, stat, heard) === hash
  for (const [index, expected] of hash.units) {
    const offset = index * hash.unitBytes
    // Cut off later in the same round.
    if (offset >= stat.size) continue
    const wanted = block.subarray(0, Math.min(hash.unitBytes, stat.size - offset))
    seek(fd, offset)
    const found = readFully(fd, wanted)
    heard(found)
    if (hashOfBlock(wanted.subarray(0, found)) !== expected) return false
  }
  return true
}

const isStillThat = (stat: Stat, file: WrittenFile): boolean =>
  stat.type === 'file' &&
  stat.inode === file.inode &&
  stat.size === file.size &&
  stat.modifiedSeconds === file.modifiedSeconds &&
  stat.modifiedNanoseconds === file.modifiedNanoseconds

// A disk that does not give a file back at all has not kept it either.
const cannotRead = (error: unknown): boolean =>
  error instanceof OsError && (error.code === 'EIO' || error.code === 'EBADMSG' || error.code === 'EUCLEAN')

export const readBack = (
  { root, memory }: ReadBackRequest,
  checkpoint: () => void,
  progress: (bytes: number, files: number) => void,
): ReadBack => {
  if (hasGap(memory)) {
    forgetWritten(memory)
    return { files: 0, bytes: 0, differing: [], incomplete: true }
  }
  // By path, the number of the record that did not fit: a later record of the same file supersedes it.
  const differing = new Map<ByteString, number>()
  let records = 0
  let files = 0
  let bytes = 0
  const heard = (count: number): void => {
    bytes += count
    checkpoint()
    progress(bytes, files)
  }
  const cursor = createCursor(openRoot(root))
  // Opens the file of a record; undefined: there is another, or none, which the next round sees for itself.
  const openWritten = (file: WrittenFile): { readonly fd: number; readonly stat: Stat } | undefined => {
    const names = file.path.split('/')
    let fd: number
    try {
      cursor.moveTo(names.slice(0, -1))
      fd = openAt(cursor.fd, names.at(-1) ?? '', open.readOnly | open.noFollow | open.nonBlocking | open.noAccessTime)
    } catch (error) {
      if (isGone(error) || (error instanceof OsError && error.code === 'ENXIO')) return undefined
      throw error
    }
    const stat = statFd(fd)
    if (isStillThat(stat, file)) return { fd, stat }
    close(fd)
    return undefined
  }
  try {
    for (const file of readWritten(memory)) {
      checkpoint()
      const number = records++
      const opened = openWritten(file)
      if (opened === undefined) continue
      const { fd, stat } = opened
      try {
        dropCached(fd)
        files++
        if (!isAsWritten(fd, stat, file, heard)) differing.set(file.path, number)
      } catch (error) {
        if (!cannotRead(error)) throw error
        differing.set(file.path, number)
      } finally {
        close(fd)
      }
    }
    if (differing.size > 0) {
      let number = 0
      for (const { path } of readWritten(memory)) if (number++ > (differing.get(path) ?? number)) differing.delete(path)
    }
    for (const path of differing.keys()) touch(path)
    forgetWritten(memory)
    return { files, bytes, differing: [...differing.keys()], incomplete: false }
  } finally {
    cursor.close()
  }

  // Moves its change time and nothing else.
  function touch(path: ByteString): void {
    const names = path.split('/')
    cursor.moveTo(names.slice(0, -1))
    const fd = openAt(cursor.fd, names.at(-1) ?? '', open.readOnly | open.noFollow | open.nonBlocking)
    try {
      const stat = statFd(fd)
      setModified(fd, stat.modifiedSeconds, stat.modifiedNanoseconds)
    } finally {
      close(fd)
    }
  }
}
