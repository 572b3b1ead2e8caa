import type { ByteString } from '../byte-string.ts'
import { createCursor } from '../linux/cursor.ts'
import { namesIn, OsError } from '../linux/libc.ts'
import { isMountPoint, type Stat, sameInode, statAt } from '../linux/stat.ts'

// What is in a volume at one time, by names and stats alone: no file has been opened. Directories have children.
export type ScannedNode = {
  readonly name: ByteString
  readonly stat: Stat
  readonly children: readonly ScannedNode[] | undefined
}

type GrowingNode = ScannedNode & { readonly children: GrowingNode[] | undefined }

// A directory on the way down, and which of its children comes next.
type OpenDirectory = { readonly children: readonly GrowingNode[]; next: number }

export type ScanObserver = {
  // Before each directory; throws to end the scan.
  readonly checkpoint: () => void
  readonly leftOut: (path: ByteString, reason: string) => void
  // Why an entry is not part of the volume, beyond what never is; undefined: it is.
  readonly unwanted?: (stat: Stat, path: ByteString) => string | undefined
  // An entry that was listed, and gone when it was looked at.
  readonly vanished: (path: ByteString) => void
}

// Not there under that name, or no longer as what it was.
export const isGone = (error: unknown): boolean =>
  error instanceof OsError && (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP')

// Entries that lie near each other on disk come together; directories last, so that each directory's files are one run.
const readingOrder = (a: ScannedNode, b: ScannedNode): number => {
  if ((a.children === undefined) !== (b.children === undefined)) return a.children === undefined ? -1 : 1
  return a.stat.inode < b.stat.inode ? -1 : a.stat.inode > b.stat.inode ? 1 : 0
}

// Takes over the descriptor of the root directory.
export const scan = (rootFd: number, observer: ScanObserver): ScannedNode => {
  const cursor = createCursor(rootFd)
  const root = { name: '', stat: cursor.stat, children: [] }

  const list = (into: GrowingNode[]): void => {
    observer.checkpoint()
    const prefix = cursor.prefix()
    for (const name of namesIn(cursor.fd)) {
      let stat: Stat
      try {
        stat = statAt(cursor.fd, name)
      } catch (error) {
        if (!isGone(error)) throw error
        observer.vanished(prefix + name)
        continue
      }
      const unwanted = observer.unwanted?.(stat, prefix + name)
      if (unwanted !== undefined) observer.leftOut(prefix + name, unwanted)
      else if (stat.type === 'socket') observer.leftOut(prefix + name, 'a socket exists only while its process listens')
      else if (isMountPoint(root.stat, stat)) {
        observer.leftOut(prefix + name, 'another file system is mounted there; it is not part of the volume')
      } else into.push({ name, stat, children: stat.type === 'directory' ? [] : undefined })
    }
    into.sort(readingOrder)
  }

  try {
    list(root.children)
    const path: OpenDirectory[] = [{ children: root.children, next: 0 }]
    for (let open = path.at(-1); open !== undefined; open = path.at(-1)) {
      const child = open.children[open.next++]
      if (child === undefined) {
        path.pop()
        if (path.length > 0) cursor.leave()
        continue
      }
      if (child.children === undefined) continue
      try {
        cursor.enter(child.name)
      } catch (error) {
        if (!isGone(error)) throw error
        observer.vanished(cursor.prefix() + child.name)
        continue
      }
      if (sameInode(child.stat, cursor.stat)) {
        list(child.children)
        path.push({ children: child.children, next: 0 })
      } else {
        cursor.leave()
        observer.vanished(cursor.prefix() + child.name)
      }
    }
    return root
  } finally {
    cursor.close()
  }
}
