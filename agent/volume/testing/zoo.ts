// A volume with one of everything that a copy must keep: the fixture of the tests here and of those on real engines.
// Needs root, and a file system with extended attributes.
import { mkdir, open as openFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ByteString } from '../byte-string.ts'
import { createCursor } from '../linux/cursor.ts'
import * as libc from '../linux/libc.ts'
import { aclFromText } from '../tar/acl.ts'

// The names whose loss in a copy would be easy to miss.
const strangeNames: readonly ByteString[] = [
  'a b',
  ' leading and trailing ',
  'new\nline',
  'tab\tand\u001b[31mescape',
  'back\\slash',
  '-rf',
  '..hidden',
  'quote\'"`$(x)',
  'percent%3Dequals=',
  Buffer.from('umlaut ü, 漢字, 🚢').toString('latin1'),
  'not utf-8 \u00ff\u00fe\u0080',
  'n'.repeat(255),
  '\u00e9'.repeat(255),
]

const deepNames = (levels: number, length: number): ByteString[] =>
  Array.from({ length: levels }, (_, level) => String(level).padEnd(length, 'd'))

type Place = { readonly dir: number; readonly name: ByteString }

// Runs `use` with the directory under the root that has these names, making what is missing.
const inDirectory = (root: string, names: readonly ByteString[], use: (dir: number) => void): void => {
  const cursor = createCursor(libc.openRoot(root))
  try {
    for (const name of names) {
      try {
        libc.makeDirectory(cursor.fd, name, 0o755)
      } catch (error) {
        if (!(error instanceof libc.OsError && error.code === 'EEXIST')) throw error
      }
      cursor.enter(name)
    }
    use(cursor.fd)
  } finally {
    cursor.close()
  }
}

const file = ({ dir, name }: Place, content: string, change: (fd: number) => void = () => {}): void => {
  const fd = libc.openAt(dir, name, libc.open.create | libc.open.writeOnly | libc.open.exclusive, 0o644)
  try {
    libc.writeAll(fd, Buffer.from(content))
    change(fd)
  } finally {
    libc.close(fd)
  }
}

const withPath = (dir: number, name: ByteString, change: (fd: number) => void): void => {
  const fd = libc.openAt(dir, name, libc.open.path | libc.open.noFollow)
  try {
    change(fd)
  } finally {
    libc.close(fd)
  }
}

const device = (major: number, minor: number) => ({ major, minor })

const makeAttributes = (root: string): void =>
  inDirectory(root, ['attributes'], (dir) => {
    file({ dir, name: 'user' }, 'x', (fd) => {
      const handle = { fd, pathOnly: false }
      libc.setAttribute(handle, 'user.plain', 'value')
      libc.setAttribute(handle, 'user.empty', '')
      libc.setAttribute(handle, 'user.binary', '\0\u0001\n=\u00ff')
      libc.setAttribute(handle, 'user.a=b%c', 'name to be escaped')
      libc.setAttribute(handle, 'user.large', 'v'.repeat(1500))
      libc.setAttribute(handle, 'trusted.drayage', 'for root alone')
    })
    file({ dir, name: 'capable' }, '#!/bin/sh\n', (fd) => {
      libc.setPermissions(fd, 0o755)
      // Version 2: cap_net_bind_service, permitted and effective (include/uapi/linux/capability.h).
      const capability = Buffer.alloc(20)
      capability.writeUInt32LE(0x02000001, 0)
      capability.writeUInt32LE(1 << 10, 4)
      libc.setAttribute({ fd, pathOnly: false }, 'security.capability', capability.toString('latin1'))
    })
    file({ dir, name: 'acl' }, 'x', (fd) => {
      const acl = aclFromText(
        'user::rw-\nuser:1000:rwx\nuser:4000000000:r--\ngroup::r--\ngroup:50:-w-\nmask::rwx\nother::---',
      )
      libc.setAttribute({ fd, pathOnly: false }, 'system.posix_acl_access', acl)
    })
    libc.makeSymlink(dir, 'symlink', 'user')
    withPath(dir, 'symlink', (fd) => libc.setAttribute({ fd, pathOnly: true }, 'trusted.link', 'of the link itself'))
  })

const makeInheriting = (root: string): void =>
  inDirectory(root, ['attributes', 'default acl'], (dir) => {
    file({ dir, name: 'before the acl' }, 'x')
    const handle = { fd: dir, pathOnly: false }
    libc.setAttribute(
      handle,
      'system.posix_acl_default',
      aclFromText('user::rwx\nuser:7:r-x\ngroup::r-x\nmask::r-x\nother::---'),
    )
    file({ dir, name: 'after the acl' }, 'inherits')
    libc.setAttribute(handle, 'user.on-directory', 'value')
  })

const makeModes = (root: string): void =>
  inDirectory(root, ['modes'], (dir) => {
    for (const mode of [0, 0o400, 0o4755, 0o2755, 0o6711, 0o1644, 0o777]) {
      file({ dir, name: `file ${mode.toString(8)}` }, 'x', (fd) => libc.setPermissions(fd, mode))
    }
    for (const mode of [0o700, 0o1777, 0o2775, 0o3770, 0]) {
      libc.makeDirectory(dir, `directory ${mode.toString(8)}`, 0o700)
      withPath(dir, `directory ${mode.toString(8)}`, (fd) => libc.setPermissionsOfPath(fd, mode))
    }
    file({ dir, name: 'largest ids' }, 'x', (fd) => libc.setOwner(fd, 4294967294, 4294967294))
    file({ dir, name: 'ids beyond octal' }, 'x', (fd) => libc.setOwner(fd, 2097152, 2097152))
    file({ dir, name: 'setuid of another' }, 'x', (fd) => {
      libc.setOwner(fd, 33, 33)
      libc.setPermissions(fd, 0o4711)
    })
  })

const makeTimes = (root: string): void =>
  inDirectory(root, ['times'], (dir) => {
    const times: Readonly<Record<string, readonly [number, number]>> = {
      nanoseconds: [1_600_000_000, 123_456_789],
      'one nanosecond': [1_600_000_000, 1],
      'the epoch': [0, 0],
      'before 1970': [-1000, 0],
      'just before 1970': [-1, 500_000_000],
      'before 1970 with nanoseconds': [-86_400, 1],
      'in 1901': [-2_147_483_648, 0],
      'after 2038': [2_147_483_648, 999_999_999],
      'in 2286': [10_000_000_000, 0],
    }
    for (const [name, [seconds, nanoseconds]] of Object.entries(times)) {
      file({ dir, name }, 'x', (fd) => libc.setModified(fd, seconds, nanoseconds))
    }
    libc.makeDirectory(dir, 'directory', 0o755)
    libc.setModifiedAt(dir, 'directory', 1_234_567_890, 987_654_321)
    libc.makeSymlink(dir, 'symlink', 'nanoseconds')
    libc.setModifiedAt(dir, 'symlink', -5, 5)
  })

// What file systems can hold of some things.
export type Extremes = {
  // Major and minor number.
  readonly largestDevice: readonly [number, number]
  readonly longestLink: number
}
const beyondNone: Extremes = { largestDevice: [4095, 1_048_575], longestLink: 4095 }
// fs/xfs/xfs_iops.c and xfs_format.h: 9 bits of the major number, 18 of the minor; symlinks of less than 1 KiB.
export const extremesOfXfs: Extremes = { largestDevice: [511, 262_143], longestLink: 1023 }

const makeNodes = (root: string, { largestDevice: [major, minor], longestLink }: Extremes): void =>
  inDirectory(root, ['nodes'], (dir) => {
    libc.makeNode(dir, 'fifo', 'fifo', device(0, 0))
    libc.makeNode(dir, 'null', 'character', device(1, 3))
    libc.makeNode(dir, 'block', 'block', device(7, 200_000))
    libc.makeNode(dir, 'large numbers', 'character', device(major, minor))
    libc.makeSymlink(dir, 'dangling', 'no such file')
    libc.makeSymlink(dir, 'escaping', '../../../../../../etc/passwd')
    libc.makeSymlink(dir, 'absolute', '/etc/shadow')
    libc.makeSymlink(dir, 'not utf-8', '\u00ff\n\u00fe')
    libc.makeSymlink(dir, 'long', 'l'.repeat(longestLink))
    libc.makeSymlink(dir, 'itself', 'itself')
    withPath(dir, 'dangling', (fd) => libc.setOwnerOfPath(fd, 70_000, 70_001))
    withPath(dir, 'null', (fd) => {
      libc.setPermissionsOfPath(fd, 0o666)
      libc.setOwnerOfPath(fd, 5, 6)
    })
  })

const makeLinks = (root: string): void => {
  inDirectory(root, ['links', 'one'], (dir) => {
    file({ dir, name: 'first' }, 'content with three names')
    libc.makeLink(dir, 'first', dir, 'second')
    libc.makeSymlink(dir, 'symlink', 'first')
    libc.makeLink(dir, 'symlink', dir, 'symlink again')
    libc.makeNode(dir, 'fifo', 'fifo', device(0, 0))
    libc.makeLink(dir, 'fifo', dir, 'fifo again')
    inDirectory(root, ['links', 'two', '\u00ff\u00fe'], (other) => libc.makeLink(dir, 'first', other, 'third'))
  })
  inDirectory(root, ['links'], (dir) => {
    file({ dir, name: 'equal a' }, 'the same content, not the same file')
    file({ dir, name: 'equal b' }, 'the same content, not the same file')
  })
}

const mebibyte = 1024 * 1024

const makeContents = async (root: string): Promise<void> => {
  const inside = join(root, 'contents')
  await mkdir(inside, { recursive: true })
  const pattern = (size: number): Buffer => Buffer.alloc(size, 'All work and no play makes Jack a dull boy. ')
  for (const size of [0, 1, 511, 512, 513, mebibyte - 1, mebibyte, mebibyte + 1, 3 * mebibyte + 7]) {
    await writeFile(join(inside, `${size} bytes`), pattern(size))
  }
  await writeFile(join(inside, 'stored zeros'), Buffer.alloc(2 * mebibyte + 100))

  const holes = async (name: string, size: number, data: readonly number[]): Promise<void> => {
    const handle = await openFile(join(inside, name), 'w')
    for (const offset of data) await handle.write(pattern(4096), 0, 4096, offset)
    await handle.truncate(size)
    await handle.close()
  }
  await holes('all hole', 5 * mebibyte, [])
  await holes('hole first', 3 * mebibyte, [3 * mebibyte - 4096])
  await holes('hole last', 3 * mebibyte, [0])
  await holes('hole between', 2 * mebibyte + 5, [0, mebibyte])
  await holes(
    'many holes',
    4 * mebibyte,
    Array.from({ length: 100 }, (_, index) => index * 32768),
  )
  await holes('huge, nearly empty', 100 * 1024 ** 3, [50 * 1024 ** 3])
}

// Fills the directory `root`, which exists and is empty, and sets its own metadata.
export const makeZoo = async (root: string, extremes: Extremes = beyondNone): Promise<void> => {
  await makeContents(root)
  makeAttributes(root)
  makeInheriting(root)
  makeModes(root)
  makeTimes(root)
  makeNodes(root, extremes)
  makeLinks(root)
  inDirectory(root, ['names'], (dir) => {
    for (const name of strangeNames) file({ dir, name }, 'x')
  })
  inDirectory(root, ['names', 'directory \u00ff'], (dir) => file({ dir, name: 'inside' }, 'x'))
  inDirectory(root, ['empty directory'], () => {})
  const fd = libc.openRoot(root)
  try {
    libc.setOwner(fd, 999, 998)
    libc.setPermissions(fd, 0o1771)
    libc.setAttribute({ fd, pathOnly: false }, 'user.root-directory', 'kept too')
    libc.setModified(fd, 1_500_000_000, 42)
  } finally {
    libc.close(fd)
  }
}

// A path of more than 4096 bytes, and one of a great many directories: rsync, find and GNU tar fail on the first, so it
// is apart from the zoo, which they are to check.
export const makeAbyss = async (root: string, levels = 2000): Promise<void> => {
  inDirectory(root, deepNames(20, 255), (dir) => file({ dir, name: 'beyond PATH_MAX' }, 'reached'))
  inDirectory(root, deepNames(levels, 5), (dir) => file({ dir, name: 'bottom' }, 'reached'))
  await utimes(root, 1, 2)
}
