import { statfsSync } from 'node:fs'
import { AppError } from '../../../shared/errors.ts'
import { type ByteString, displayPath } from '../byte-string.ts'
import { OsError } from '../linux/libc.ts'

const mostListed = 100
const roomToSpare = 16 * 1024 * 1024

// What the target's file system will not take. Space ends the round at once; what it cannot represent is collected, so
// that the operator hears of all of it, and ends the round at its end.
export type Refusals = {
  // Runs `effect`. true: done. false: this file system cannot represent it, which has been noted.
  attempt(path: ByteString, what: string, effect: () => void): boolean
  note(path: ByteString, what: string): void
  any(): boolean
  // Throws if anything was noted.
  settle(): void
}

const full = (root: string, cause: unknown): AppError =>
  new AppError(
    'DRAYAGE_TARGET_FULL',
    `The file system that holds ${root} is full (space, inodes or quota). Make room on it, or choose another target.`,
    { cause },
  )

// Where ext4 has no room for an attribute within the inode and its one block, it says ENOSPC as well.
const hasRoom = (root: string): boolean => {
  const { bavail, bsize, ffree, files } = statfsSync(root)
  return bavail * bsize > roomToSpare && (files === 0 || ffree > 0)
}

const cannotHold = new Set([
  ...['EOPNOTSUPP', 'ENOTSUP', 'EPERM', 'EINVAL', 'E2BIG', 'ERANGE', 'ENAMETOOLONG', 'EFBIG', 'EOVERFLOW', 'EILSEQ'],
  ...['EMLINK', 'ENODEV', 'EACCES'],
])

// Of an error of a system call on the target.
export const asTargetError = (root: string, error: unknown): unknown => {
  if (!(error instanceof OsError)) return error
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return full(root, error)
  return new AppError(
    'DRAYAGE_INTERNAL',
    `Writing to ${root} failed (${error.message}). Look at the health of that file system; the round can be sent again.`,
    { cause: error },
  )
}

export const createRefusals = (root: string): Refusals => {
  const listed: { path: string; what: string }[] = []
  let count = 0
  let lastPath: ByteString | undefined
  let last: { path: string; what: string } | undefined

  // One line for each entry: what is wrong with one is noted in succession.
  const note = (path: ByteString, what: string): void => {
    if (path === lastPath) {
      if (last !== undefined) last.what += `, ${what}`
      return
    }
    lastPath = path
    last = count < mostListed ? { path: displayPath(path), what } : undefined
    if (last !== undefined) listed.push(last)
    count++
  }

  return {
    note,
    any: () => count > 0,
    attempt: (path, what, effect) => {
      try {
        effect()
        return true
      } catch (error) {
        if (!(error instanceof OsError)) throw error
        const outOfRoomForAttribute = error.operation === 'setxattr' && error.code === 'ENOSPC' && hasRoom(root)
        if (!cannotHold.has(error.code) && !outOfRoomForAttribute) throw asTargetError(root, error)
        note(path, `${what} (${error.code})`)
        return false
      }
    },
    settle: () => {
      if (count === 0) return
      const examples = listed.slice(0, 5).map(({ path, what }) => `${path}: ${what}`)
      throw new AppError(
        'DRAYAGE_UNREPRESENTABLE',
        `The file system that holds ${root} cannot hold ${count} of the volume's entries as they are: ${examples.join('; ')}${
          count > examples.length ? '; …' : ''
        }. Choose a target with a file system that can, or change them in the volume.`,
        { details: { count, paths: listed } },
      )
    },
  }
}
