// What libc is asked through koffi, and how an answer that is an error becomes one. Everything here is synchronous and meant
// for a worker thread; names are bytes (ByteString). For libc.ts alone.
//
// Sources: the man page of each call; struct layouts from include/uapi/linux/stat.h, which has one layout of statx on
// all architectures.
import { constants } from 'node:fs'
import * as koffi from 'koffi'
import type { ByteString } from '../byte-string.ts'

const libc = koffi.load(null)

// Numbers of the calls that the oldest glibc under Node 24 (2.28) does not export.
const callNumbers = {
  x64: { getdents64: 217, mknodat: 259 },
  arm64: { getdents64: 61, mknodat: 33 },
} as const

const numbersHere = () => {
  if (process.arch === 'x64' || process.arch === 'arm64') return callNumbers[process.arch]
  throw new Error(`the volume engine knows the system calls of x64 and arm64, not those of ${process.arch}`)
}

// O_DIRECTORY, O_NOFOLLOW and O_NOATIME differ between architectures and come from Node; the others do not.
export const open = {
  path: 0o10000000,
  closeOnExec: 0o2000000,
  noFollow: constants.O_NOFOLLOW,
  directory: constants.O_DIRECTORY,
  nonBlocking: constants.O_NONBLOCK,
  noAccessTime: constants.O_NOATIME,
  readOnly: constants.O_RDONLY,
  writeOnly: constants.O_WRONLY,
  readAndWrite: constants.O_RDWR,
  create: constants.O_CREAT,
  exclusive: constants.O_EXCL,
  // O_TMPFILE, which Node does not know.
  nameless: 0o20000000 | constants.O_DIRECTORY,
} as const

export const AT_FDCWD = -100
export const AT_SYMLINK_NOFOLLOW = 0x100
export const AT_REMOVEDIR = 0x200
export const AT_EMPTY_PATH = 0x1000
export const SEEK_DATA = 3
export const SEEK_HOLE = 4
export const UTIME_OMIT = 0x3ffffffe

export const c = {
  openat: libc.func('int openat(int dir, void *path, int flags, int mode)'),
  close: libc.func('int close(int fd)'),
  read: libc.func('long read(int fd, void *buffer, long count)'),
  pread: libc.func('long pread64(int fd, void *buffer, long count, int64 offset)'),
  write: libc.func('long write(int fd, void *buffer, long count)'),
  lseek: libc.func('int64 lseek(int fd, int64 offset, int whence)'),
  fallocate: libc.func('int fallocate(int fd, int mode, int64 offset, int64 length)'),
  posix_fadvise: libc.func('int posix_fadvise(int fd, int64 offset, int64 length, int advice)'),
  ftruncate: libc.func('int ftruncate(int fd, int64 length)'),
  statx: libc.func('int statx(int dir, void *path, int flags, uint mask, void *buffer)'),
  getdents64: libc.func('syscall', 'long', ['long', 'long', 'void *', 'long']),
  readlinkat: libc.func('long readlinkat(int dir, void *path, void *buffer, long size)'),
  mkdirat: libc.func('int mkdirat(int dir, void *path, uint mode)'),
  symlinkat: libc.func('int symlinkat(void *target, int dir, void *path)'),
  linkat: libc.func('int linkat(int from, void *path, int to, void *name, int flags)'),
  mknodat: libc.func('syscall', 'long', ['long', 'long', 'void *', 'long', 'uint64']),
  unlinkat: libc.func('int unlinkat(int dir, void *path, int flags)'),
  fchown: libc.func('int fchown(int fd, uint uid, uint gid)'),
  fchownat: libc.func('int fchownat(int dir, void *path, uint uid, uint gid, int flags)'),
  fchmod: libc.func('int fchmod(int fd, uint mode)'),
  fchmodat: libc.func('int fchmodat(int dir, void *path, uint mode, int flags)'),
  futimens: libc.func('int futimens(int fd, void *times)'),
  utimensat: libc.func('int utimensat(int dir, void *path, void *times, int flags)'),
  flistxattr: libc.func('long flistxattr(int fd, void *list, long size)'),
  llistxattr: libc.func('long listxattr(void *path, void *list, long size)'),
  fgetxattr: libc.func('long fgetxattr(int fd, void *name, void *value, long size)'),
  getxattr: libc.func('long getxattr(void *path, void *name, void *value, long size)'),
  fsetxattr: libc.func('int fsetxattr(int fd, void *name, void *value, long size, int flags)'),
  setxattr: libc.func('int setxattr(void *path, void *name, void *value, long size, int flags)'),
  fremovexattr: libc.func('int fremovexattr(int fd, void *name)'),
  removexattr: libc.func('int removexattr(void *path, void *name)'),
  syncfs: libc.func('int syncfs(int fd)'),
  fsync: libc.func('int fsync(int fd)'),
  mallopt: libc.func('int mallopt(int what, int value)'),
  mallocTrim: libc.func('int malloc_trim(long pad)'),
  syncFileRange: libc.func('int sync_file_range(int fd, int64 offset, int64 length, uint flags)'),
}
export const numbers = numbersHere()

const errnoNames = new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]))

export class OsError extends Error {
  readonly operation: string
  // ENOENT, ENOSPC, …
  readonly code: string

  constructor(operation: string, code: string) {
    super(`${operation}: ${code}`)
    this.name = 'OsError'
    this.operation = operation
    this.code = code
  }
}

export const failure = (operation: string): OsError => {
  const errno = koffi.errno()
  return new OsError(operation, errnoNames.get(errno) ?? `errno ${errno}`)
}

export const check = (operation: string, result: number): number => {
  if (result < 0) throw failure(operation)
  return result
}

// Scratch memory for arguments; two, since some calls take two names. A worker does one call at a time.
const nameBytes = 4096
export const scratch = [Buffer.alloc(nameBytes + 1), Buffer.alloc(nameBytes + 1)] as const
export const emptyName = Buffer.alloc(1)

export const cString = (operation: string, value: ByteString, memory: Buffer = scratch[0]): Buffer => {
  if (value.length >= nameBytes) throw new OsError(operation, 'ENAMETOOLONG')
  memory[memory.write(value, 0, 'latin1')] = 0
  return memory
}
