// The last round syncs what it has written and nothing else: after it, all of the volume has reached the disk, whatever else
// is still on its way there.
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRounds } from '../../agent/volume/testing/rounds.ts'
import { run } from '../lab/command.ts'
import type { Kind, Mounted } from './mounts.ts'
import { expectSame, kinds, openVolumes, type Volumes } from './volumes.ts'

const mebibyte = 1024 * 1024

let volumes: Volumes
beforeAll(async () => {
  volumes = await openVolumes()
})
afterAll(() => volumes?.[Symbol.asyncDispose]())

// The file system as it is found when the machine starts again. The kernel is told to write nothing more of it, not even its
// journal (XFS_IOC_GOINGDOWN with XFS_FSOP_GOING_FLAGS_NOLOGFLUSH; ext4 knows it too); a copy of the disk while it is written to
// would be of many moments. Btrfs has nothing of the kind, and never writes over what an earlier commit needs: of it a copy is
// looked at.
const afterPowerCut = async (kind: Kind, disk: Mounted, bound: string) => {
  if (kind !== 'btrfs') {
    await run(['xfs_io', '-x', '-c', 'shutdown', disk.path])
    await run(['umount', bound])
    await disk.remount()
    return { path: disk.path, end: async () => {} }
  }
  const path = `${disk.path}-copy`
  await run(['cp', '--sparse=always', disk.image, `${path}.img`])
  await mkdir(path)
  // Two of the same UUID are not mounted at once.
  await run(['umount', bound])
  await run(['umount', disk.path])
  await run(['mount', '-o', 'loop', `${path}.img`, path])
  return {
    path,
    end: async () => {
      await run(['umount', path])
      await run(['mount', '-o', 'loop', disk.image, disk.path])
    },
  }
}

test.each(kinds)('after the last round a machine may go down, on %s', async (kind) => {
  const disk = volumes.on(kind)
  // The source is elsewhere: nothing of it has this disk synced.
  await using rounds = await openRounds(() => volumes.engine, volumes.place)
  const target = join(disk.path, 'volume')
  await mkdir(target)
  await run(['mount', '--bind', target, rounds.target])
  try {
    const at = (...names: string[]) => join(rounds.source, ...names)
    for (const name of ['kept', 'goes', 'changes']) {
      await mkdir(at(name))
      for (let file = 0; file < 20; file++) await writeFile(at(name, `${file}`), randomBytes(3000))
    }
    await writeFile(at('large'), randomBytes(8 * mebibyte))
    await rounds.round(false)
    await rm(at('goes'), { recursive: true })
    await mkdir(at('new'))
    for (let file = 0; file < 20; file++) await writeFile(at('new', `${file}`), randomBytes(5000))
    for (let file = 0; file < 10; file++) await writeFile(at('changes', `${file}`), randomBytes(2000))
    const changes = [
      'chmod 600 changes/11; setfattr -n user.new -v value changes/12; ln changes/13 new/linked',
      'rm changes/14',
    ]
    await run(['sh', '-e', '-c', changes.join('; ')], { cwd: rounds.source })
    const large = await open(at('large'), 'r+')
    await large.write(randomBytes(mebibyte), 0, mebibyte, 5 * mebibyte)
    await large.close()
    // Of a neighbour: not waited for.
    await writeFile(join(disk.path, 'neighbour'), randomBytes(64 * mebibyte))
    await rounds.round(true)
    await writeFile(join(disk.path, 'too late'), 'not synced')
    const found = await afterPowerCut(kind, disk, rounds.target)
    try {
      await expectSame(rounds.source, join(found.path, 'volume'))
      expect(await readFile(join(found.path, 'too late')).catch(() => null)).toBeNull()
    } finally {
      await found.end()
    }
  } finally {
    await run(['sh', '-c', `mountpoint -q "${rounds.target}" && umount "${rounds.target}"; true`])
  }
})
