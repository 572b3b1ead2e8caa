// One directory of a volume, a page at a time, in the byte order of its names.
import { type ByteString, inByteOrder } from '../byte-string.ts'
import { close, namesIn, OsError, open, openAt, readLink } from '../linux/libc.ts'
import { type EntryType, statAt } from '../linux/stat.ts'
import { asReadErrorAt } from '../round/volume-root.ts'
import { componentsOf, descend } from './descend.ts'

export type ListRequest = {
  readonly root: string
  readonly path: ByteString
  // Only names after this one; '': from the first.
  readonly after: ByteString
  readonly limit: number
}

export type Listed = {
  readonly name: ByteString
  readonly type: EntryType
  readonly permissions: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly diskBytes: number
  readonly modifiedSeconds: number
  readonly modifiedNanoseconds: number
  // Of a symlink; otherwise ''.
  readonly link: ByteString
}

export type Page = { readonly entries: readonly Listed[]; readonly more: boolean }

export const listDirectory = ({ root, path, after, limit }: ListRequest, checkpoint: () => void): Page => {
  const cursor = descend(root, componentsOf(path))
  try {
    const names = namesIn(cursor.fd)
      .filter((name) => name > after)
      .sort(inByteOrder)
    const entries: Listed[] = []
    for (const name of names.slice(0, limit)) {
      checkpoint()
      const entry = look(cursor.fd, name)
      if (entry !== undefined) entries.push(entry)
    }
    return { entries, more: names.length > limit }
  } catch (error) {
    throw asReadErrorAt(path, error)
  } finally {
    cursor.close()
  }
}

// undefined: it went away since it was listed.
const look = (dir: number, name: ByteString): Listed | undefined => {
  try {
    const stat = statAt(dir, name)
    const { type, permissions, uid, gid, size, diskBytes, modifiedSeconds, modifiedNanoseconds } = stat
    const link = type === 'symlink' ? textOf(dir, name) : ''
    return { name, type, permissions, uid, gid, size, diskBytes, modifiedSeconds, modifiedNanoseconds, link }
  } catch (error) {
    if (error instanceof OsError && (error.code === 'ENOENT' || error.code === 'EINVAL')) return undefined
    throw error
  }
}

const textOf = (dir: number, name: ByteString): ByteString => {
  const fd = openAt(dir, name, open.path | open.noFollow)
  try {
    return readLink(fd)
  } finally {
    close(fd)
  }
}
