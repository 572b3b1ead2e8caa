import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isContainersOwn, readMounts } from './mounts.ts'
import { lookAt, makeDirectories, removeEmptyDirectories, restoreRoot, wayThroughLinks } from './walk.ts'

let host: string
beforeEach(async () => {
  host = await mkdtemp(join(tmpdir(), 'drayage-walk-'))
  await mkdir(join(host, 'data', 'web'), { recursive: true })
})
afterEach(() => rm(host, { recursive: true }))

const identity = async (path: string): Promise<string> => {
  const { dev, ino } = await stat(path, { bigint: true })
  return `${dev}:${ino}`
}

test('a directory is known by device and inode, and by those of all on the way to it', async () => {
  const found = await lookAt(join(host, 'data', 'web'))
  expect(found).toMatchObject({ kind: 'directory', identity: await identity(join(host, 'data/web')), isEmpty: true })
  expect(found.way).toContain(await identity(host))
  expect(await wayThroughLinks(join(host, 'data/web'))).toEqual(found.way)
  expect(await lookAt(join(host, 'data/web/a/b'))).toMatchObject({ kind: 'missing', missing: 2 })
})

test.each([
  ['the directory itself', 'link', 'link'],
  ['one on the way to it', 'link/web', 'link'],
  ['one that leads up', 'up/data', 'up'],
])('a symlink in place of %s is not followed', async (_, path, named) => {
  await symlink('data', join(host, 'link'))
  await symlink('..', join(host, 'up'))
  const why = `${join(host, named)} is a symlink`
  expect(await lookAt(join(host, path))).toMatchObject({ kind: 'barred', why: expect.stringContaining(why) })
  await expect(makeDirectories(join(host, path, 'new'))).rejects.toMatchObject({ code: 'DRAYAGE_TARGET_CHANGED' })
  expect(await wayThroughLinks(join(host, 'link', 'web'))).toContain(await identity(join(host, 'data')))
})

test('a file is no directory, and neither is what is below it', async () => {
  await writeFile(join(host, 'file'), '')
  expect(await lookAt(join(host, 'file'))).toMatchObject({
    kind: 'barred',
    why: expect.stringMatching(/file is a file$/),
  })
  expect(await lookAt(join(host, 'file', 'x'))).toMatchObject({ kind: 'barred' })
})

test('what was made is removed again, as far up as it was made, and no further than it is empty', async () => {
  const deep = join(host, 'data', 'one', 'two', 'three')
  await makeDirectories(deep)
  await makeDirectories(deep)
  expect((await stat(deep)).mode & 0o7777).toBe(0o700)
  await writeFile(join(host, 'data', 'one', 'theirs'), '')
  await removeEmptyDirectories(deep, 3)
  expect((await readdir(join(host, 'data'), { recursive: true })).toSorted()).toEqual(['one', 'one/theirs', 'web'])
  // Cut off in the middle, and asked for again.
  await rm(join(host, 'data', 'one', 'theirs'))
  await removeEmptyDirectories(deep, 3)
  expect(await readdir(join(host, 'data'))).toEqual(['web'])
})

test('a directory that took the place of another is not given what that one had', async () => {
  const path = join(host, 'data', 'web')
  const found = await lookAt(path)
  if (found.kind !== 'directory') throw new Error('it is there')
  await chmod(path, 0o711)
  await restoreRoot(path, found.identity, found.root)
  expect((await stat(path)).mode & 0o7777).toBe(found.root.mode)
  await rename(path, join(host, 'data', 'old'))
  await mkdir(path)
  await chmod(path, 0o711)
  await restoreRoot(path, found.identity, found.root)
  expect((await stat(path)).mode & 0o7777).toBe(0o711)
})

test('mount points are read as the kernel writes them', () => {
  const lines =
    '36 35 98:0 /mnt1 /srv/with\\040blank rw,noatime master:1 - ext3 /dev/root rw\n22 1 0:5 / / rw - ext4 /dev/x rw\n'
  expect(readMounts(lines)).toEqual([
    { place: '/srv/with blank', fileSystem: 'ext3' },
    { place: '/', fileSystem: 'ext4' },
  ])
})

test('what an agent in a container has at a path is its host’s only where that is mounted into it', () => {
  const mounts = (...extra: string[]) => readMounts(['1 0 0:1 / / rw - overlay overlay rw', ...extra].join('\n'))
  const data = '2 1 8:1 /srv /srv rw - ext4 /dev/sda1 rw'
  expect(isContainersOwn('/srv/data', mounts())).toBe(true)
  expect(isContainersOwn('/srv/data', mounts(data))).toBe(false)
  expect(isContainersOwn('/tmp/data', mounts(data, '3 1 0:9 / /tmp rw - tmpfs tmpfs rw'))).toBe(true)
  const stored = readMounts(
    '1 0 8:1 /vfs/dir/x / rw - ext4 /dev/sda1 rw\n2 1 8:1 /c/x/hosts /etc/hosts rw - ext4 /dev/sda1 rw',
  )
  expect(isContainersOwn('/srv/data', stored)).toBe(true)
  expect(isContainersOwn('/srv/data', readMounts('1 0 8:1 / / rw - ext4 /dev/sda1 rw'))).toBe(false)
})
