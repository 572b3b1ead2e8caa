import { AppError } from '../../../shared/errors.ts'
import { type ByteString, displayPath } from '../byte-string.ts'
import { close, OsError, openRoot } from '../linux/libc.ts'
import { identityOf, type Stat, statFd } from '../linux/stat.ts'

// The root directory of a volume that is to be read, by the path that the engine gives for it.
export const openVolume = (root: string): number => {
  try {
    return openRoot(root)
  } catch (error) {
    const code = error instanceof OsError ? error.code : ''
    throw new AppError(
      code === 'ENOENT' ? 'DRAYAGE_VOLUME_NOT_FOUND' : 'DRAYAGE_VOLUME_UNREADABLE',
      `The volume's directory ${root} cannot be opened (${code}). It must be a directory that this agent can read.`,
      { cause: error },
    )
  }
}

export const statOfRoot = (root: string): Stat => {
  const fd = openVolume(root)
  try {
    return statFd(fd)
  } finally {
    close(fd)
  }
}

export const requireIdentity = (root: string, found: Stat, expected: string | undefined): void => {
  const identity = identityOf(found)
  if (expected === undefined || identity === expected) return
  throw new AppError(
    'DRAYAGE_VOLUME_ROOT_CHANGED',
    `The volume's directory ${root} is ${identity} and was ${expected}: it is not the one that this migration began ` +
      'with. What it holds was not taken for the volume; see whether it was made anew or unmounted.',
    { details: { expected, found: identity } },
  )
}

// Of an error of a system call on one entry of the source: that entry is named.
export const asReadErrorAt = (path: ByteString, error: unknown): unknown =>
  error instanceof OsError
    ? new AppError(
        'DRAYAGE_VOLUME_UNREADABLE',
        `${displayPath(path)} in the volume cannot be read (${error.message}). ${
          diskErrors.has(error.code)
            ? 'Its disk does not give it back: look at the health of the disk; restore or remove the file, then try again.'
            : 'Look at the health of its file system, then try again.'
        }`,
        { cause: error, details: { path: displayPath(path), error: error.code } },
      )
    : error

const diskErrors = new Set(['EIO', 'EBADMSG', 'EUCLEAN'])

// Of an error of a system call on the source.
export const asReadError = (root: string, error: unknown): unknown =>
  error instanceof OsError
    ? new AppError(
        'DRAYAGE_VOLUME_UNREADABLE',
        `Reading the volume at ${root} failed (${error.message}). Look at the health of its file system, then try again.`,
        { cause: error },
      )
    : error

export const openTarget = (root: string, expectIdentity?: string): number => {
  const fd = openTargetAt(root)
  try {
    if (expectIdentity !== undefined) requireIdentity(root, statFd(fd), expectIdentity)
    return fd
  } catch (error) {
    close(fd)
    throw error
  }
}

const openTargetAt = (root: string): number => {
  try {
    return openRoot(root)
  } catch (error) {
    throw new AppError(
      'DRAYAGE_VOLUME_NOT_FOUND',
      `The target directory ${root} cannot be opened (${error instanceof OsError ? error.code : 'unknown'}). ` +
        'The volume must exist before anything is written to it.',
      { cause: error },
    )
  }
}
