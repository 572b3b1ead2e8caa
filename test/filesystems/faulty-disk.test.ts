// Disks that do not give back what was written to them: bytes are changed in the image below a mounted file system.
// ext4 does not notice; Btrfs does, and gives an I/O error.
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRounds } from '../../agent/volume/testing/rounds.ts'
import { run } from '../lab/command.ts'
import { rot } from './mounts.ts'
import { expectSame, openVolumes, type Volumes } from './volumes.ts'

const mebibyte = 1024 * 1024

let volumes: Volumes
beforeAll(async () => {
  volumes = await openVolumes()
})
afterAll(() => volumes?.[Symbol.asyncDispose]())

test('what the disk of the target gives back otherwise is found while the source runs, and sent again', async () => {
  const disk = volumes.on('ext4')
  await using rounds = await openRounds(() => volumes.engine, disk.path)
  const content = randomBytes(6 * mebibyte)
  await writeFile(join(rounds.source, 'file'), content)
  await writeFile(join(rounds.source, 'beside'), randomBytes(2 * mebibyte))
  await rounds.round(false, { noteWritten: true })
  // Both copies of it, of which the target's is looked at: the source's stays as it is in the page cache.
  await readFile(join(rounds.source, 'file'))
  await rot(disk, content.subarray(5 * mebibyte, 5 * mebibyte + 100))
  const found = await volumes.engine.readBack(rounds.target, rounds.memory.target)
  expect(found.differing.map(String)).toEqual(['file'])

  const mending = await rounds.round(false, { noteWritten: true })
  expect(mending.contentBytes).toBe(mebibyte)
  expect(await volumes.engine.readBack(rounds.target, rounds.memory.target)).toMatchObject({ differing: [] })
  await rounds.round(true)
  await expectSame(rounds.source, rounds.target)
})

test('a digest read from the disk is of the disk, and not of what memory still has of it', async () => {
  const disk = volumes.on('ext4')
  await using directories = await volumes.pair('xfs', 'ext4')
  const { source, target } = directories
  const content = randomBytes(3 * mebibyte)
  await writeFile(join(source, 'file'), content)
  const written = await volumes.engine.write(target, volumes.engine.read(source, { final: true }).pieces)
  expect((await volumes.engine.digest(target)).digest).toBe(written.digest)
  await readFile(join(target, 'file'))
  await rot(disk, content.subarray(mebibyte, mebibyte + 100))
  expect((await volumes.engine.digest(target)).digest).not.toBe(written.digest)
})

test('content that has changed without a trace in any stat is found by a round that reads everything, and by no other', async () => {
  const disk = volumes.on('ext4')
  await using rounds = await openRounds(() => volumes.engine, volumes.on('xfs').path)
  await using directories = await volumes.pair('ext4', 'ext4')
  const { source } = directories
  const content = randomBytes(3 * mebibyte)
  await writeFile(join(source, 'file'), content)
  await run(['mount', '--bind', source, rounds.source])
  try {
    await rounds.round(false)
    await rounds.round(false)
    await run(['umount', rounds.source])
    await rot(disk, content.subarray(mebibyte, mebibyte + 100))
    await disk.remount()
    await run(['mount', '--bind', source, rounds.source])
    expect((await rounds.round(false)).contentBytes).toBe(0)
    expect((await rounds.round(true, { everything: true })).contentBytes).toBe(8 * 1024)
    await expectSame(source, rounds.target)
  } finally {
    await run(['umount', rounds.source])
  }
})

test('a file of the source that its disk does not give back is named', async () => {
  const disk = volumes.on('btrfs')
  await using directories = await volumes.pair('btrfs', 'ext4')
  const { source, target } = directories
  const content = randomBytes(3 * mebibyte)
  await writeFile(join(source, 'sound'), 'sound')
  await writeFile(join(source, 'rotten'), content)
  await run(['sync', '-f', source])
  await rot(disk, content.subarray(mebibyte, mebibyte + 100))
  await disk.remount()
  const { pieces, summary } = volumes.engine.read(source, { final: false })
  await expect(volumes.engine.write(target, pieces)).rejects.toMatchObject({
    code: 'DRAYAGE_VOLUME_UNREADABLE',
    message: expect.stringMatching(/^rotten in the volume cannot be read \(read: EIO\)/),
    details: { path: 'rotten', error: 'EIO' },
  })
  await expect(summary).rejects.toMatchObject({ details: { path: 'rotten' } })
})

test('what the disk of the target does not give back at all was not kept', async () => {
  const disk = volumes.on('btrfs')
  await using rounds = await openRounds(() => volumes.engine, volumes.on('ext4').path)
  await using directories = await volumes.pair('ext4', 'btrfs')
  const content = randomBytes(3 * mebibyte)
  await writeFile(join(rounds.source, 'file'), content)
  await run(['mount', '--bind', directories.target, rounds.target])
  try {
    await rounds.round(false, { noteWritten: true })
    await rot(disk, content.subarray(mebibyte, mebibyte + 100))
    const found = await volumes.engine.readBack(rounds.target, rounds.memory.target)
    expect(found.differing.map(String)).toEqual(['file'])
  } finally {
    await run(['umount', rounds.target])
  }
})
