// One regular file of a volume, opened for reading: nothing else is, since to open a FIFO or a device is to act on it.
import type { ByteString } from '../byte-string.ts'
import { close, open, openAt, reopen } from '../linux/libc.ts'
import { isMountPoint, statFd } from '../linux/stat.ts'
import { asPathError, componentsOf, descend, refusedPath } from './descend.ts'

export type OpenRequest = { readonly root: string; readonly path: ByteString }
// The descriptor is the process's, and to be closed by whoever asked.
export type Opened = { readonly fd: number; readonly size: number }

export const openFile = ({ root, path }: OpenRequest): Opened => {
  const names = componentsOf(path)
  const name = names.at(-1)
  if (name === undefined) throw refusedPath(path, 'it is a directory. dray volume ls shows what is in it')
  const cursor = descend(root, names.slice(0, -1))
  try {
    const found = openAt(cursor.fd, name, open.path | open.noFollow)
    try {
      const stat = statFd(found)
      if (stat.type !== 'file') throw refusedPath(path, `it is no file but a ${stat.type}`)
      if (isMountPoint(cursor.stat, stat)) throw refusedPath(path, 'something is mounted there')
      return { fd: reopen(found), size: stat.size }
    } finally {
      close(found)
    }
  } catch (error) {
    throw asPathError(path, error, 'file')
  } finally {
    cursor.close()
  }
}
