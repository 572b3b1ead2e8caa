import { AppError } from '../../../shared/errors.ts'
import type { ByteString } from '../byte-string.ts'
import { close, open, openAt } from './libc.ts'
import { type Stat, sameInode, statFd } from './stat.ts'

// A place in a directory tree, moved one component at a time. It never follows a symlink and never leaves the tree:
//   - down is openat(O_NOFOLLOW | O_DIRECTORY) from the descriptor of the directory above;
//   - up is the descriptor that it came down by. In trees deeper than `heldOpen` that one may have been closed; then it
//     is `..`, taken only if it is the very inode that was passed on the way down. Someone who moves directories about
//     meanwhile gets an error, not a way out.
// So a tree of any depth takes a bounded number of descriptors, and no path ever grows beyond one component.
export type Cursor = {
  // Descriptor of the current directory; valid until the next move.
  readonly fd: number
  readonly stat: Stat
  // Names from the root to here; the root is the empty list.
  readonly names: readonly ByteString[]
  enter(name: ByteString): void
  leave(): void
  // Moves to the directory with these names, over the nearest common ancestor.
  moveTo(names: readonly ByteString[]): void
  // The current path, ending in a slash; empty for the root.
  prefix(): ByteString
  close(): void
}

const heldOpen = 64
const flags = open.readOnly | open.directory | open.noFollow

type Level = { fd: number | undefined; readonly stat: Stat }

// Takes over the descriptor of the root.
export const createCursor = (rootFd: number): Cursor => {
  const root: Level = { fd: rootFd, stat: statFd(rootFd) }
  const levels: Level[] = [root]
  const names: ByteString[] = []
  let here = root
  let fd = rootFd

  const arrive = (level: Level, at: number): void => {
    here = level
    fd = at
  }

  // The root stays open; of the others only the deepest.
  const closeShallow = (): void => {
    const at = levels.length - heldOpen
    const level = at > 0 ? levels[at] : undefined
    if (level?.fd === undefined) return
    close(level.fd)
    level.fd = undefined
  }

  const reopenParent = (parent: Level): number => {
    const up = openAt(fd, '..', flags)
    if (sameInode(statFd(up), parent.stat)) return up
    close(up)
    throw new AppError(
      'DRAYAGE_SOURCE_CHANGED',
      'A directory was moved to another place while the volume was being read; try again when nothing reorganises it.',
    )
  }

  const cursor: Cursor = {
    get fd() {
      return fd
    },
    get stat() {
      return here.stat
    },
    names,
    enter: (name) => {
      const entered = openAt(fd, name, flags)
      const level: Level = { fd: entered, stat: statFd(entered) }
      levels.push(level)
      names.push(name)
      arrive(level, entered)
      closeShallow()
    },
    leave: () => {
      const parent = levels.at(-2)
      if (parent === undefined) throw new Error('the cursor is at the root of its tree')
      const up = parent.fd ?? reopenParent(parent)
      parent.fd = up
      close(fd)
      levels.pop()
      names.pop()
      arrive(parent, up)
    },
    moveTo: (wanted) => {
      let shared = 0
      while (shared < names.length && shared < wanted.length && names[shared] === wanted[shared]) shared++
      while (names.length > shared) cursor.leave()
      for (const name of wanted.slice(shared)) cursor.enter(name)
    },
    prefix: () => (names.length === 0 ? '' : `${names.join('/')}/`),
    close: () => {
      for (const level of levels) if (level.fd !== undefined) close(level.fd)
      levels.length = 0
    },
  }
  return cursor
}
