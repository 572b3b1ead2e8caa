// For tests: changes such as programs make to a volume, of names that collide often, so that types change, links come and
// go, and inodes are used again.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'

export type Mutation = { readonly what: string; readonly do: (root: string) => void }

// A counterexample that can be read.
export const named = <T extends { readonly what: string }>(value: T): T =>
  Object.defineProperty(value, fc.toStringMethod, { value: () => value.what })

const mebibyte = 1024 * 1024
const names = ['a', 'b', 'c', 'd/a', 'd/b', 'd/e/a', 'd/e', 'd', 'f', 'f/a']
const name = fc.constantFrom(...names)
const two = fc.tuple(name, name)
const page = 8 * 1024
const size = fc.constantFrom(
  ...[0, 1, 100, 4096, page, mebibyte - 1, mebibyte, mebibyte + 1, mebibyte + 3 * page, 3 * mebibyte - page],
  ...[3 * mebibyte + 5, 5 * mebibyte],
)
const fill = fc.constantFrom('x', 'y', '\0')

// What a program finds impossible (a name that is a directory, one that is not there) it leaves.
const mutation = (what: string, change: (root: string) => void): Mutation =>
  named({
    what,
    do: (root) => {
      try {
        change(root)
      } catch (error) {
        const { code, status } = error as NodeJS.ErrnoException & { readonly status?: number }
        // A program said no.
        if (status === 1) return
        const expected = [
          'ENOENT',
          'EEXIST',
          'EISDIR',
          'ENOTDIR',
          'ENOTEMPTY',
          'EINVAL',
          'ELOOP',
          'EPERM',
          'EAGAIN',
          'ESPIPE',
        ]
        if (code === undefined || !expected.includes(code)) throw error
      }
    },
  })

// Does not wait for the other end of a FIFO.
const writeAt = (path: string, offset: number | null, content: Buffer, flags = fs.constants.O_CREAT): void => {
  const fd = fs.openSync(path, flags | fs.constants.O_RDWR | fs.constants.O_NONBLOCK, 0o644)
  try {
    fs.writeSync(fd, content, 0, content.length, offset)
  } finally {
    fs.closeSync(fd)
  }
}

const swap = (root: string, one: string, other: string): void => {
  fs.renameSync(join(root, one), join(root, 'swapped'))
  fs.renameSync(join(root, other), join(root, one))
  fs.renameSync(join(root, 'swapped'), join(root, other))
}

export const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(name, size, fill).map(([at, bytes, what]) =>
    mutation(`write ${at} ${bytes} of ${JSON.stringify(what)}`, (root) => {
      writeAt(join(root, at), 0, Buffer.alloc(bytes, what), fs.constants.O_CREAT | fs.constants.O_TRUNC)
    }),
  ),
  fc.tuple(name, fc.nat(5 * mebibyte), fc.nat(10_000), fill).map(([at, offset, bytes, what]) =>
    mutation(`write ${at} at ${offset} ${bytes} of ${JSON.stringify(what)}`, (root) => {
      writeAt(join(root, at), offset, Buffer.alloc(bytes, what))
    }),
  ),
  fc.tuple(name, fc.array(fc.nat(5 * 128), { minLength: 2, maxLength: 8 })).map(([at, pages]) =>
    mutation(`pages ${pages} of ${at}`, (root) => {
      const { size: bytes } = fs.lstatSync(join(root, at))
      for (const one of pages)
        if (one * page < bytes) writeAt(join(root, at), one * page, Buffer.alloc(page, `${one},`), 0)
    }),
  ),
  fc
    .tuple(name, fc.nat(3000))
    .map(([at, bytes]) =>
      mutation(`append ${at} ${bytes}`, (root) =>
        writeAt(join(root, at), null, Buffer.alloc(bytes, 'log '), fs.constants.O_CREAT | fs.constants.O_APPEND),
      ),
    ),
  fc
    .tuple(name, size)
    .map(([at, bytes]) => mutation(`truncate ${at} ${bytes}`, (root) => fs.truncateSync(join(root, at), bytes))),
  name.map((at) => mutation(`mkdir ${at}`, (root) => void fs.mkdirSync(join(root, at)))),
  name.map((at) => mutation(`rm ${at}`, (root) => fs.rmSync(join(root, at), { recursive: true }))),
  name.map((at) => mutation(`unlink ${at}`, (root) => fs.unlinkSync(join(root, at)))),
  two.map(([from, to]) => mutation(`rename ${from} ${to}`, (root) => fs.renameSync(join(root, from), join(root, to)))),
  two.map(([one, other]) => mutation(`swap ${one} ${other}`, (root) => swap(root, one, other))),
  two.map(([from, to]) => mutation(`link ${from} ${to}`, (root) => fs.linkSync(join(root, from), join(root, to)))),
  two.map(([text, at]) => mutation(`symlink ${text} ${at}`, (root) => fs.symlinkSync(text, join(root, at)))),
  two.map(([text, at]) =>
    mutation(`a symlink in place of ${at}`, (root) => {
      fs.rmSync(join(root, at), { recursive: true })
      fs.symlinkSync(text, join(root, at))
    }),
  ),
  fc
    .tuple(name, fc.constantFrom(0o600, 0o644, 0o4755, 0o1777, 0))
    .map(([at, mode]) => mutation(`chmod ${at} ${mode.toString(8)}`, (root) => fs.chmodSync(join(root, at), mode))),
  fc
    .tuple(name, fc.constantFrom(0, 33, 70_000))
    .map(([at, id]) => mutation(`chown ${at} ${id}`, (root) => fs.lchownSync(join(root, at), id, id))),
  fc
    .tuple(name, fc.constantFrom(0, 1_000_000, 1_600_000_000.25))
    .map(([at, time]) => mutation(`utimes ${at} ${time}`, (root) => fs.lutimesSync(join(root, at), time, time))),
  // Content that changes while size and modification time do not.
  name.map((at) =>
    mutation(`rewrite ${at} and set its time back`, (root) => {
      const path = join(root, at)
      const { mtime, size: bytes } = fs.lstatSync(path)
      if (!fs.lstatSync(path).isFile()) return
      writeAt(path, Math.max(0, bytes - 5), Buffer.from('inner').subarray(0, bytes), 0)
      fs.utimesSync(path, mtime, mtime)
    }),
  ),
  fc.tuple(name, fc.constantFrom('1', '2', '')).map(([at, value]) =>
    mutation(`xattr ${at} ${value}`, (root) => {
      const path = join(root, at)
      const change = value === '' ? ['-x', 'user.drayage'] : ['-n', 'user.drayage', '-v', value]
      execFileSync('setfattr', ['-h', ...change, path], { stdio: 'ignore' })
    }),
  ),
  name.map((at) =>
    mutation(`default acl ${at}`, (root) => {
      if (!fs.statSync(join(root, at)).isDirectory()) return
      execFileSync('setfacl', ['-d', '-m', 'u:7:r-x', join(root, at)], { stdio: 'ignore' })
    }),
  ),
  name.map((at) =>
    mutation(`mkfifo ${at}`, (root) => {
      execFileSync('mkfifo', [join(root, at)], { stdio: 'ignore' })
    }),
  ),
)
