// A new file whose content is in memory whole, and that has nothing but what every file has: most files of most volumes.
import type { ByteString } from '../byte-string.ts'
import {
  close,
  listAttributes,
  OsError,
  open,
  openAt,
  remove,
  setModified,
  setOwner,
  setPermissions,
  statxFd,
  writeAll,
} from '../linux/libc.ts'
import { lastTrace, signed, type Trace, trace, unsigned } from '../linux/trace.ts'
import { hashOfSmallContent } from '../tree/content-hash.ts'

export type SmallFile = {
  // An open directory of the target, and the name that is to be new in it.
  readonly dir: number
  readonly name: ByteString
  readonly permissions: number
  readonly uid: number
  readonly gid: number
  readonly modifiedSeconds: number
  readonly modifiedNanoseconds: number
  readonly content: Buffer
}

const newFile = open.create | open.exclusive | open.writeOnly | open.noFollow
// Others are set when the file has its owner.
const permissionsAtFirst = 0o777
const fileBits = 0o100000

const isOwned = (file: SmallFile, seen: Trace): boolean =>
  seen[trace.mode] === (fileBits | file.permissions) && seen[trace.uid] === file.uid && seen[trace.gid] === file.gid

const isAsWanted = (file: SmallFile, seen: Trace): boolean =>
  isOwned(file, seen) &&
  unsigned(seen, trace.size) === file.content.length &&
  signed(seen, trace.modifiedSeconds) === file.modifiedSeconds &&
  seen[trace.modifiedNanoseconds] === file.modifiedNanoseconds

// Makes it with as few calls as that takes, and looks whether it has become that: what the umask, a setgid directory or a
// default ACL have made of it shows. Answers its content hash; its stat is that of the last look (linux/trace.ts).
// undefined: for some reason it has not, and nothing of it is left. round/write-entry.ts does the same step by step, and
// says of each what became of it.
export const makeSmallFile = (file: SmallFile): ByteString | undefined => {
  const { dir, name, uid, gid, permissions, content } = file
  let fd = -1
  try {
    fd = openAt(dir, name, newFile, permissions & permissionsAtFirst)
    if (content.length > 0) writeAll(fd, content)
    if (uid !== 0 || gid !== 0) setOwner(fd, uid, gid)
    setModified(fd, file.modifiedSeconds, file.modifiedNanoseconds)
    statxFd(fd)
    if (!isOwned(file, lastTrace())) {
      setOwner(fd, uid, gid)
      setPermissions(fd, permissions)
      statxFd(fd)
    }
    if (isAsWanted(file, lastTrace()) && listAttributes({ fd, pathOnly: false }).length === 0) {
      return hashOfSmallContent(content)
    }
  } catch (error) {
    if (!(error instanceof OsError)) throw error
  } finally {
    if (fd >= 0) close(fd)
  }
  // Where it could not be made there may be another of that name, which is not ours.
  if (fd >= 0) remove(dir, name)
  return undefined
}
