import { AppError } from '../../../shared/errors.ts'
import { type ByteString, displayPath } from '../byte-string.ts'
import { createCursor } from '../linux/cursor.ts'
import {
  close,
  listAttributes,
  namesIn,
  open,
  openAt,
  remove,
  removeAttribute,
  removeDirectory,
} from '../linux/libc.ts'
import { isMountPoint, type Stat, statAt, statFd } from '../linux/stat.ts'
import { asTargetError } from './refusals.ts'
import { openVolume, requireIdentity } from './volume-root.ts'

const refuseMount = (path: ByteString): never => {
  throw new AppError(
    'DRAYAGE_MOUNT_UNSUPPORTED',
    `Another file system is mounted at ${displayPath(path)} inside the target volume. Nothing is deleted through a mount; ` +
      'unmount it and try again.',
    { details: { path: displayPath(path) } },
  )
}

// Removes all that is in a directory. Follows no symlink and crosses no mount point; `volume` is the root of the volume
// that the directory belongs to. Takes over the descriptor.
const emptyDirectory = (fd: number, volume: Stat, checkpoint: () => void): void => {
  const cursor = createCursor(fd)
  // For each directory on the way down, the directories in it that are still to be removed.
  const pending: ByteString[][] = []

  const list = (): void => {
    checkpoint()
    const directories: ByteString[] = []
    for (const name of namesIn(cursor.fd)) {
      const stat = statAt(cursor.fd, name)
      if (isMountPoint(volume, stat)) refuseMount(cursor.prefix() + name)
      if (stat.type === 'directory') directories.push(name)
      else remove(cursor.fd, name)
    }
    pending.push(directories)
  }

  try {
    list()
    for (let here = pending.at(-1); here !== undefined; here = pending.at(-1)) {
      const next = here.at(-1)
      if (next !== undefined) {
        cursor.enter(next)
        if (isMountPoint(volume, cursor.stat)) refuseMount(cursor.prefix())
        list()
        continue
      }
      pending.pop()
      const name = pending.at(-1)?.pop()
      if (name === undefined) break
      cursor.leave()
      removeDirectory(cursor.fd, name)
    }
  } finally {
    cursor.close()
  }
}

// Removes what is at this name, with all that is in it.
export const removeEntry = (
  dir: number,
  name: ByteString,
  path: ByteString,
  volume: Stat,
  checkpoint: () => void,
): void => {
  const stat = statAt(dir, name)
  if (isMountPoint(volume, stat)) refuseMount(path)
  if (stat.type !== 'directory') {
    remove(dir, name)
    return
  }
  emptyDirectory(openAt(dir, name, open.readOnly | open.directory | open.noFollow), volume, checkpoint)
  removeDirectory(dir, name)
}

// Removes all that is in the volume, and the attributes of its root directory, whose default ACL would otherwise be
// inherited by everything made in it. `rootFd` stays the caller's.
export const clearDirectory = (rootFd: number, volume: Stat, checkpoint: () => void): void => {
  emptyDirectory(openAt(rootFd, '.', open.readOnly | open.directory), volume, checkpoint)
  const root = { fd: rootFd, pathOnly: false }
  for (const name of listAttributes(root)) {
    if (/^(user\.|trusted\.|system\.posix_acl_)/.test(name)) removeAttribute(root, name)
  }
}

export const clearVolume = (root: string, expectIdentity: string | undefined, checkpoint: () => void): void => {
  try {
    const fd = openVolume(root)
    try {
      const volume = statFd(fd)
      requireIdentity(root, volume, expectIdentity)
      clearDirectory(fd, volume, checkpoint)
    } finally {
      close(fd)
    }
  } catch (error) {
    throw asTargetError(root, error)
  }
}
