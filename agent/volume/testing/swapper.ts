// For tests, a process of its own: swaps files of a volume for other things as fast as it can, until it is killed.
// Arguments: the directory, and a file outside that must never be read. Prints a line when it has begun.
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fromBytes } from '../byte-string.ts'
import { close, makeNode, openRoot } from '../linux/libc.ts'

const [root = '', outside = ''] = process.argv.slice(2)

const makeFifo = (path: string): void => {
  const dir = openRoot(dirname(path))
  try {
    makeNode(dir, fromBytes(Buffer.from(basename(path))), 'fifo', { major: 0, minor: 0 })
  } finally {
    close(dir)
  }
}

const disguises: readonly ((path: string) => void)[] = [
  (path) => writeFileSync(path, 'inside'),
  (path) => symlinkSync(outside, path),
  makeFifo,
  (path) => mkdirSync(path),
  (path) => writeFileSync(path, Buffer.alloc(100_000, 'inside')),
]

for (let turn = 0; ; turn++) {
  const name = `swapped-${turn % 20}`
  const fresh = join(root, '..', `fresh-${turn}`)
  disguises[turn % disguises.length]?.(fresh)
  rmSync(join(root, name), { recursive: true, force: true })
  renameSync(fresh, join(root, name))

  // A directory that is now real, now a symlink to one outside; and a file that is now there, now not.
  const inner = join(root, 'directory')
  rmSync(inner, { recursive: true, force: true })
  if (turn % 2 === 0) symlinkSync(dirname(outside), inner)
  else {
    mkdirSync(inner)
    writeFileSync(join(inner, basename(outside)), 'inside')
  }
  const link = join(root, 'second name')
  if (turn % 3 === 0) rmSync(link, { force: true })
  else if (turn % 3 === 1) linkSync(join(root, 'steady'), link)
  else unlinkSync(link)
  if (turn === 40) process.stdout.write('begun\n')
}
