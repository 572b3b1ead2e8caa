// File systems of every kind for a test: an image in the test's own directory, mounted through a loop device for as long
// as the test runs. Takes root.
import { mkdir, mkdtemp, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, runQuietly } from '../lab/command.ts'
import { findProgram, installPackages } from '../lab/install.ts'
import { withLock } from '../lab/lock.ts'

export type Kind = 'ext4' | 'xfs' | 'btrfs'

const makers: Readonly<Record<Kind, readonly string[]>> = {
  ext4: ['mkfs.ext4', '-q', '-F'],
  xfs: ['mkfs.xfs', '-q'],
  // One copy of the metadata, so that small images have room.
  btrfs: ['mkfs.btrfs', '-q', '--metadata', 'single'],
}

// Program → the Debian package that brings it.
const tools = {
  'mkfs.ext4': 'e2fsprogs',
  'mkfs.xfs': 'xfsprogs',
  xfs_io: 'xfsprogs',
  'mkfs.btrfs': 'btrfs-progs',
  getfattr: 'attr',
  setfacl: 'acl',
  rsync: 'rsync',
  bsdtar: 'libarchive-tools',
} as const

// Two files of tests begin at the same time, and apt-get runs once.
export const requireTools = (): Promise<void> =>
  withLock('filesystem-tools', async () => {
    const missing = Object.entries(tools).filter(([name]) => findProgram(name) === undefined)
    await installPackages([...new Set(missing.map(([, name]) => name))])
  })

export type Workplace = AsyncDisposable & { readonly path: string }

export const workplace = async (): Promise<Workplace> => {
  const path = await mkdtemp(join(tmpdir(), 'drayage-fs-'))
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await run(['rm', '-rf', '--one-file-system', path])
    },
  }
}

export type Mounted = AsyncDisposable & {
  readonly path: string
  // The file that holds the file system, below which nothing looks.
  readonly image: string
  // With nothing of it in memory.
  remount(): Promise<void>
}

export const mountImage = async (
  at: string,
  kind: Kind,
  name: string,
  mebibytes: number,
  options: readonly string[] = [],
): Promise<Mounted> => {
  const image = join(at, `${name}.img`)
  const path = join(at, name)
  const file = await open(image, 'w')
  await file.truncate(mebibytes * 1024 * 1024)
  await file.close()
  await run([...makers[kind], ...options, image])
  await mkdir(path)
  await run(['mount', '-o', 'loop', image, path])
  return {
    path,
    image,
    remount: async () => {
      await run(['umount', path])
      await run(['mount', '-o', 'loop', image, path])
    },
    [Symbol.asyncDispose]: async () => {
      await runQuietly(['umount', path])
    },
  }
}

export const mountOther = async (
  at: string,
  type: string,
  name: string,
): Promise<AsyncDisposable & { path: string }> => {
  const path = join(at, name)
  await mkdir(path)
  await run(['mount', '-t', type, 'drayage-test', path])
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await runQuietly(['umount', path])
    },
  }
}

// A disk that errs: every place in the image at which the file system has stored these bytes gets others.
export const rot = async ({ image, path }: Pick<Mounted, 'image' | 'path'>, stored: Buffer): Promise<void> => {
  await run(['sync', '-f', path])
  const file = await open(image, 'r+')
  try {
    const { size } = await file.stat()
    const chunk = Buffer.alloc(8 * 1024 * 1024)
    let found = 0
    for (let at = 0; at < size; at += chunk.length - stored.length) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at)
      const index = chunk.subarray(0, bytesRead).indexOf(stored)
      if (index < 0) continue
      await file.write(Buffer.from('rotten'), 0, 6, at + index)
      found++
    }
    if (found === 0) throw new Error('the image does not hold these bytes')
    await file.sync()
  } finally {
    await file.close()
  }
}
