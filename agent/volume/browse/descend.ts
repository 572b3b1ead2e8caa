// To one directory of a volume by its path, a component at a time: never through a symlink, never below a mount point, so
// that nothing in the volume, whoever wrote it, leads out of it.
import { AppError } from '../../../shared/errors.ts'
import { type ByteString, displayPath } from '../byte-string.ts'
import { type Cursor, createCursor } from '../linux/cursor.ts'
import { OsError } from '../linux/libc.ts'
import { isMountPoint } from '../linux/stat.ts'
import { asReadErrorAt, openVolume } from '../round/volume-root.ts'

// Of what is no directory, ELOOP or ENOTDIR; of what is not there, ENOENT (open(2), with O_NOFOLLOW and O_DIRECTORY).
export const asPathError = (path: ByteString, error: unknown, wanted: 'directory' | 'file'): unknown => {
  if (!(error instanceof OsError)) return error
  if (error.code === 'ENOENT') {
    return new AppError('DRAYAGE_PATH_NOT_FOUND', `There is no ${displayPath(path)} in the volume.`, { cause: error })
  }
  if (error.code === 'ENOTDIR' || error.code === 'ELOOP') {
    return refusedPath(path, `it is no ${wanted}, or a symlink stands on the way, and those are not followed`)
  }
  if (error.code === 'ENAMETOOLONG') return refusedPath(path, 'a name in it is longer than any name is')
  return asReadErrorAt(path, error)
}

export const refusedPath = (path: ByteString, why: string): AppError =>
  new AppError('DRAYAGE_PATH_REFUSED', `${displayPath(path)} in the volume is not shown: ${why}.`)

// At the directory with these names. To be closed by the caller.
export const descend = (root: string, names: readonly ByteString[]): Cursor => {
  const cursor = createCursor(openVolume(root))
  try {
    const rootStat = cursor.stat
    for (const name of names) {
      cursor.enter(name)
      if (isMountPoint(rootStat, cursor.stat)) {
        throw refusedPath(cursor.names.join('/'), 'something is mounted there, which is not part of the volume')
      }
    }
    return cursor
  } catch (error) {
    cursor.close()
    throw asPathError(names.join('/'), error, 'directory')
  }
}

// "a//b/./c" is a, b, c; nothing is the root. DRAYAGE_INVALID_REQUEST for what no path in a volume is.
export const componentsOf = (path: ByteString): ByteString[] => {
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  if (!names.includes('..') && !path.includes('\0')) return names
  throw new AppError(
    'DRAYAGE_INVALID_REQUEST',
    'A path in a volume goes down from its root: it has no ".." and no zero byte in it.',
  )
}
