// The system calls that Node does not offer, or offers only by path. Everything here is synchronous and meant for a
// worker thread. Descriptors are plain numbers; names are bytes (ByteString); a call that fails throws OsError, which
// carries the name of the operation.
import { constants } from 'node:fs'
import type { ByteString } from '../byte-string.ts'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  c,
  check,
  cString,
  emptyName,
  failure,
  numbers,
  open,
  SEEK_DATA,
  SEEK_HOLE,
  scratch,
  UTIME_OMIT,
} from './calls.ts'

export { OsError, open } from './calls.ts'

export const openAt = (dir: number, name: ByteString, flags: number, mode = 0): number =>
  check('open', c.openat(dir, cString('open', name), flags | open.closeOnExec, mode))

const descriptorPath = (fd: number): ByteString => `/proc/self/fd/${fd}`

// A path from the engine's own configuration, which may contain symlinks above its last component.
export const openRoot = (path: string): number =>
  check(
    'open',
    c.openat(
      AT_FDCWD,
      cString('open', Buffer.from(path).toString('latin1')),
      open.readOnly | open.directory | open.noFollow | open.closeOnExec,
      0,
    ),
  )

// A new file in this directory, without a name in it: it is gone when it is closed. EOPNOTSUPP where there are none.
export const openNameless = (directory: string): number =>
  check(
    'open',
    c.openat(
      AT_FDCWD,
      cString('open', Buffer.from(directory).toString('latin1')),
      open.nameless | open.readAndWrite | open.closeOnExec,
      0o600,
    ),
  )

// The file behind an O_PATH descriptor, opened for reading. The caller has made sure that it is a regular file.
export const reopen = (pathFd: number): number =>
  check(
    'open',
    c.openat(
      AT_FDCWD,
      cString('open', descriptorPath(pathFd)),
      open.readOnly | open.nonBlocking | open.noAccessTime | open.closeOnExec,
      0,
    ),
  )

export const close = (fd: number): void => {
  c.close(fd)
}

export const read = (fd: number, into: Buffer): number => check('read', c.read(fd, into, into.length))

// As much of the file from `offset` on as there is and fits: how many bytes. Where the file stands does not matter.
export const readFullyAt = (fd: number, into: Buffer, offset: number): number => {
  let filled = 0
  while (filled < into.length) {
    const rest = filled === 0 ? into : into.subarray(filled)
    const count = check('read', c.pread(fd, rest, rest.length, offset + filled))
    if (count === 0) break
    filled += count
  }
  return filled
}

export const writeAll = (fd: number, bytes: Buffer): void => {
  let rest = bytes
  while (rest.length > 0) rest = rest.subarray(check('write', c.write(fd, rest, rest.length)))
}

export const seek = (fd: number, offset: number): void => {
  check('seek', c.lseek(fd, offset, 0))
}

const seekFor = (fd: number, offset: number, whence: number): number | undefined => {
  const found: number = c.lseek(fd, offset, whence)
  if (found >= 0) return found
  const error = failure('seek')
  if (error.code === 'ENXIO') return undefined
  throw error
}

// The next offset at or after `offset` that holds data; undefined when only a hole, or nothing, follows.
export const nextData = (fd: number, offset: number): number | undefined => seekFor(fd, offset, SEEK_DATA)
export const nextHole = (fd: number, offset: number): number | undefined => seekFor(fd, offset, SEEK_HOLE)

export const truncate = (fd: number, size: number): void => {
  check('truncate', c.ftruncate(fd, size))
}

const FALLOC_FL_KEEP_SIZE = 1
const FALLOC_FL_PUNCH_HOLE = 2

// Gives back what is stored there: it reads as zeros. false: this file system cannot.
export const punchHole = (fd: number, offset: number, length: number): boolean => {
  if (c.fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) === 0) return true
  const error = failure('fallocate')
  if (error.code === 'EOPNOTSUPP' || error.code === 'ENOTSUP' || error.code === 'ENOSYS') return false
  throw error
}

const POSIX_FADV_DONTNEED = 4

// What has been written back of the file leaves the page cache, so that the next read comes from the disk. Advice: a file
// system that keeps everything in memory does not take it.
export const dropCached = (fd: number): void => {
  c.posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)
}

const statxBuffer = Buffer.from(new ArrayBuffer(256))
export const statxView = new DataView(statxBuffer.buffer, statxBuffer.byteOffset, statxBuffer.length)
export const statxWords = new Uint32Array(statxBuffer.buffer, statxBuffer.byteOffset, statxBuffer.length / 4)
const STATX_BASIC_STATS = 0x7ff

// Both fill statxView; linux/stat.ts and linux/trace.ts decode it.
export const statxAt = (dir: number, name: ByteString): void => {
  check('stat', c.statx(dir, cString('stat', name), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, statxBuffer))
}
export const statxFd = (fd: number): void => {
  check('stat', c.statx(fd, emptyName, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, statxBuffer))
}

const direntBuffer = Buffer.alloc(256 * 1024)
const direntName = 19
const direntLength = 16

// All names in a directory, without `.` and `..`, each once: a directory that changes under getdents may repeat some.
// A directory that has been removed while open has none (getdents says ENOENT).
export const namesIn = (fd: number): ByteString[] => {
  const names = new Set<ByteString>()
  seek(fd, 0)
  for (;;) {
    const filled: number = c.getdents64(numbers.getdents64, fd, direntBuffer, direntBuffer.length)
    if (filled < 0) {
      const error = failure('readdir')
      if (error.code === 'ENOENT') return []
      throw error
    }
    if (filled === 0) break
    for (let at = 0; at < filled; at += direntBuffer.readUInt16LE(at + direntLength)) {
      const end = direntBuffer.indexOf(0, at + direntName)
      names.add(direntBuffer.toString('latin1', at + direntName, end))
    }
  }
  names.delete('.')
  names.delete('..')
  return [...names]
}

const linkBuffer = Buffer.alloc(4097)

// The text of the symlink behind an O_PATH descriptor. At most PATH_MAX - 1 bytes: no Linux file system holds more.
export const readLink = (pathFd: number): ByteString =>
  linkBuffer.toString('latin1', 0, check('readlink', c.readlinkat(pathFd, emptyName, linkBuffer, linkBuffer.length)))

export const makeDirectory = (dir: number, name: ByteString, mode: number): void => {
  check('mkdir', c.mkdirat(dir, cString('mkdir', name), mode))
}

export const makeSymlink = (dir: number, name: ByteString, target: ByteString): void => {
  check('symlink', c.symlinkat(cString('symlink', target, scratch[1]), dir, cString('symlink', name)))
}

// Does not follow a symlink at `name`: it is the symlink that gets the second name.
export const makeLink = (fromDir: number, name: ByteString, toDir: number, newName: ByteString): void => {
  check('link', c.linkat(fromDir, cString('link', name), toDir, cString('link', newName, scratch[1]), 0))
}

const nodeTypes = {
  fifo: constants.S_IFIFO,
  socket: constants.S_IFSOCK,
  character: constants.S_IFCHR,
  block: constants.S_IFBLK,
}

// The encoding of dev_t in glibc and musl: 12 bits of the major number and 20 of the minor below 2^32, the rest above.
export const deviceNumber = (major: number, minor: number): bigint => {
  const [a, b] = [BigInt(major), BigInt(minor)]
  return ((a & 0xfffff000n) << 32n) | ((a & 0xfffn) << 8n) | ((b & 0xffffff00n) << 12n) | (b & 0xffn)
}

export const makeNode = (
  dir: number,
  name: ByteString,
  type: keyof typeof nodeTypes,
  device: { major: number; minor: number },
): void => {
  const number = deviceNumber(device.major, device.minor)
  check('mknod', c.mknodat(numbers.mknodat, dir, cString('mknod', name), nodeTypes[type] | 0o600, number))
}

export const remove = (dir: number, name: ByteString): void => {
  check('unlink', c.unlinkat(dir, cString('unlink', name), 0))
}
export const removeDirectory = (dir: number, name: ByteString): void => {
  check('rmdir', c.unlinkat(dir, cString('rmdir', name), AT_REMOVEDIR))
}

export const setOwner = (fd: number, uid: number, gid: number): void => {
  check('chown', c.fchown(fd, uid, gid))
}
// Of the entry itself, be it a symlink or a device, behind an O_PATH descriptor.
export const setOwnerOfPath = (pathFd: number, uid: number, gid: number): void => {
  check('chown', c.fchownat(pathFd, emptyName, uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
}

export const setPermissions = (fd: number, mode: number): void => {
  check('chmod', c.fchmod(fd, mode))
}
// fchmod refuses O_PATH descriptors. Not for symlinks, which have no permissions of their own.
export const setPermissionsOfPath = (pathFd: number, mode: number): void => {
  check('chmod', c.fchmodat(AT_FDCWD, cString('chmod', descriptorPath(pathFd)), mode, 0))
}

const times = Buffer.alloc(32)
times.writeBigInt64LE(BigInt(UTIME_OMIT), 8)

const modificationTime = (seconds: number, nanoseconds: number): Buffer => {
  times.writeBigInt64LE(BigInt(seconds), 16)
  times.writeBigInt64LE(BigInt(nanoseconds), 24)
  return times
}

export const setModified = (fd: number, seconds: number, nanoseconds: number): void => {
  check('utimens', c.futimens(fd, modificationTime(seconds, nanoseconds)))
}
// By name within a directory, because older kernels take no empty path here. Does not follow a symlink.
export const setModifiedAt = (dir: number, name: ByteString, seconds: number, nanoseconds: number): void => {
  const time = modificationTime(seconds, nanoseconds)
  check('utimens', c.utimensat(dir, cString('utimens', name), time, AT_SYMLINK_NOFOLLOW))
}

// The kernel's own limits: XATTR_LIST_MAX and XATTR_SIZE_MAX, 64 KiB each.
const attributeBuffer = Buffer.alloc(64 * 1024)

const splitNames = (filled: number): ByteString[] =>
  filled === 0 ? [] : attributeBuffer.toString('latin1', 0, filled - 1).split('\0')

// A file system without extended attributes has none.
const listed = (filled: number): ByteString[] => {
  if (filled >= 0) return splitNames(filled)
  const error = failure('listxattr')
  if (error.code === 'EOPNOTSUPP' || error.code === 'ENOTSUP') return []
  throw error
}

const fetched = (filled: number): ByteString | undefined => {
  if (filled >= 0) return attributeBuffer.toString('latin1', 0, filled)
  const error = failure('getxattr')
  if (error.code === 'ENODATA') return undefined
  throw error
}

// Attributes are reached through an open file, or, for what cannot be opened, through /proc: the link there leads to
// the very inode behind an O_PATH descriptor, and nowhere else, even if that is a symlink.
export type AttributeHandle = { readonly fd: number; readonly pathOnly: boolean }

export const listAttributes = ({ fd, pathOnly }: AttributeHandle): ByteString[] =>
  listed(
    pathOnly
      ? c.llistxattr(cString('listxattr', descriptorPath(fd)), attributeBuffer, attributeBuffer.length)
      : c.flistxattr(fd, attributeBuffer, attributeBuffer.length),
  )

// undefined: there is none of that name, any more.
export const getAttribute = ({ fd, pathOnly }: AttributeHandle, name: ByteString): ByteString | undefined => {
  const key = cString('getxattr', name, scratch[1])
  return fetched(
    pathOnly
      ? c.getxattr(cString('getxattr', descriptorPath(fd)), key, attributeBuffer, attributeBuffer.length)
      : c.fgetxattr(fd, key, attributeBuffer, attributeBuffer.length),
  )
}

export const setAttribute = ({ fd, pathOnly }: AttributeHandle, name: ByteString, value: ByteString): void => {
  const key = cString('setxattr', name, scratch[1])
  const bytes = Buffer.from(value, 'latin1')
  check(
    'setxattr',
    pathOnly
      ? c.setxattr(cString('setxattr', descriptorPath(fd)), key, bytes, bytes.length, 0)
      : c.fsetxattr(fd, key, bytes, bytes.length, 0),
  )
}

export const removeAttribute = ({ fd, pathOnly }: AttributeHandle, name: ByteString): void => {
  const key = cString('removexattr', name, scratch[1])
  check(
    'removexattr',
    pathOnly ? c.removexattr(cString('removexattr', descriptorPath(fd)), key) : c.fremovexattr(fd, key),
  )
}

const SYNC_FILE_RANGE_WRITE = 2

// Has the kernel begin to write this range to disk, and does not wait for it: it would leave it in memory for half a
// minute, to be waited for all at once. Length 0: to its end. A hint: what goes wrong shows when the file is synced.
export const startWriteBack = (fd: number, offset: number, length: number): void => {
  c.syncFileRange(fd, offset, length, SYNC_FILE_RANGE_WRITE)
}

// Waits until what has been written to this file, its metadata, or the names in this directory are on disk.
export const syncFile = (fd: number): void => {
  check('fsync', c.fsync(fd))
}

// SYNC_FILE_RANGE_WAIT_BEFORE, SYNC_FILE_RANGE_WRITE, SYNC_FILE_RANGE_WAIT_AFTER
const SYNC_FILE_RANGE_ALL = 7

// Has a file's dirty pages written, and waits for it: a process that has them mapped faults when it stores to them next,
// which moves the file's times. No promise that anything is on disk.
export const protectPages = (fd: number): void => {
  check('sync_file_range', c.syncFileRange(fd, 0, 0, SYNC_FILE_RANGE_ALL))
}

// Waits until everything written to the file system that holds `fd` is on disk. Reports write-back errors that have
// happened since `fd` was opened (Linux 5.8).
export const syncFileSystem = (fd: number): void => {
  check('syncfs', c.syncfs(fd))
}

// The same, by a thread of Node's own: for one that has other things to do.
export const syncFileSystemMeanwhile = (fd: number): Promise<void> =>
  new Promise((resolve, reject) => {
    c.syncfs.async(fd, (error: unknown, result: number) => {
      if (error === null && result === 0) resolve()
      else reject(error ?? new Error('syncfs failed'))
    })
  })

const M_TRIM_THRESHOLD = -1
const M_MMAP_THRESHOLD = -3

// Pieces of memory that are no smaller than `bytes` go back to the kernel when they are freed. By itself glibc raises that
// size to what it sees freed, up to 32 MiB (mallopt(3)), and then keeps what smaller pieces have left behind.
export const giveBackFrom = (bytes: number): void => {
  c.mallopt(M_MMAP_THRESHOLD, bytes)
  // What pieces of the stream come and go in is not asked for anew each time.
  c.mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024)
}

// What lies free between pieces of memory that are in use goes back to the kernel too.
export const giveBackFree = (): void => {
  c.mallocTrim(0)
}
