// Copies between file systems of different kinds, compared by an independent referee; every pair, and many generated
// changes, are in long/.
import { readdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeZoo } from '../../agent/volume/testing/zoo.ts'
import { run } from '../lab/command.ts'
import { mountImage, mountOther } from './mounts.ts'
import { copyZoo, openVolumes, type Volumes } from './volumes.ts'

let volumes: Volumes
beforeAll(async () => {
  volumes = await openVolumes()
})
afterAll(() => volumes?.[Symbol.asyncDispose]())

test.each([
  ['ext4', 'xfs'],
  ['xfs', 'btrfs'],
  ['btrfs', 'ext4'],
] as const)('everything that a volume can hold is the same on the other side, from %s to %s', (from, to) =>
  copyZoo(volumes, from, to),
)

describe('a file system that cannot hold all of it', () => {
  test('for want of extended attributes is refused with the paths', async () => {
    await using target = await mountOther(volumes.place, 'ramfs', 'ramfs')
    await using directories = await volumes.pair('ext4', 'ext4')
    const { source } = directories
    await makeZoo(source)
    // ramfs keeps all of it in memory, holes too.
    await rm(join(source, 'contents'), { recursive: true })
    const { pieces } = volumes.engine.read(source, { final: true })
    const failure = await volumes.engine.write(target.path, pieces).catch((error) => error)
    expect(failure).toMatchObject({ code: 'DRAYAGE_UNREPRESENTABLE' })
    const paths: { path: string; what: string }[] = failure.details.paths
    expect(paths.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['attributes/user', 'attributes/capable', 'attributes/acl', '.']),
    )
    expect(paths.find(({ path }) => path === 'attributes/user')?.what).toMatch(/user\.plain/)
  })

  // ext2's size of an inode, which disks that were made long ago have still: whole seconds until 2038.
  test('for its coarse times is refused with the paths', async () => {
    await using old = await mountImage(volumes.place, 'ext4', 'old', 64, ['-I', '128'])
    await using directories = await volumes.pair('ext4', 'ext4')
    const { source } = directories
    await makeZoo(source)
    await rm(join(source, 'contents'), { recursive: true })
    const { pieces } = volumes.engine.read(source, { final: true })
    const failure = await volumes.engine.write(old.path, pieces).catch((error) => error)
    expect(failure).toMatchObject({ code: 'DRAYAGE_UNREPRESENTABLE' })
    const paths: { path: string; what: string }[] = failure.details.paths
    expect(paths).toContainEqual({ path: 'times/one nanosecond', what: 'not kept as it was: modification time' })
    expect(paths).toContainEqual({ path: 'times/in 2286', what: 'not kept as it was: modification time' })
    expect(paths.map(({ path }) => path)).not.toContain('times/before 1970')
  })

  test('for the numbers of a device, or a long link, is refused with their paths', async () => {
    await using directories = await volumes.pair('ext4', 'xfs')
    const { source, target } = directories
    await run(['mknod', join(source, 'large'), 'c', '4095', '1048575'])
    await symlink('l'.repeat(2000), join(source, 'long'))
    const writing = volumes.engine.write(target, volumes.engine.read(source, { final: true }).pieces)
    await expect(writing).rejects.toMatchObject({
      code: 'DRAYAGE_UNREPRESENTABLE',
      details: {
        count: 2,
        paths: expect.arrayContaining([
          { path: 'large', what: expect.stringMatching(/character/) },
          { path: 'long', what: expect.stringMatching(/symlink/) },
        ]),
      },
    })
    expect(await readdir(target)).toEqual([])
  })
})
