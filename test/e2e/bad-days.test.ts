// Days on which a copy cannot be made, or is hard to: the container goes on where it is, or moves all the same.
import { randomBytes } from 'node:crypto'
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { extremesOfXfs, makeZoo } from '../../agent/volume/testing/zoo.ts'
import type { MigrationRequest } from '../../shared/api/migrations.ts'
import { mountImage, requireTools, rot, workplace } from '../filesystems/mounts.ts'
import { expectSame } from '../filesystems/volumes.ts'
import { run } from '../lab/command.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { differences, holdings, inspect, migrate, mountpoint, setAside, startMigration, untilEnded } from './moving.ts'
import { runScript } from './one-lab.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let small: LabHost
let other: LabHost
let image: string

const mebibyte = 1024 * 1024

beforeAll(async () => {
  await requireTools()
  lab = await startLab({
    hosts: [
      {},
      {},
      { name: 'small', disk: { sizeMb: 100, fs: 'ext4' } },
      { name: 'xfs', disk: { sizeMb: 320, fs: 'xfs' } },
    ],
    failpoints: true,
  })
  one = lab.host('host-1')
  two = lab.host('host-2')
  small = lab.host('small')
  other = lab.host('xfs')
  image = (await loadImage(one, 'busybox')).ref
  for (const host of [two, small, other]) await loadImage(host, 'busybox')
})
afterAll(() => lab?.stop())

const diskOf = async ({ dataRoot }: LabHost): Promise<{ path: string; image: string }> => {
  const device = await run(['findmnt', '-no', 'SOURCE', '--target', dataRoot])
  return { path: dataRoot, image: (await run(['losetup', '-nO', 'BACK-FILE', device.trim()])).trim() }
}

type State = { readonly State: { readonly Running: boolean; readonly StartedAt: string } }
const startedAt = async (host: LabHost, name: string): Promise<string> => {
  const { State } = await inspect<State>(host, name)
  return State.Running ? State.StartedAt : 'it does not run'
}
const begin = (name: string, script = 'sleep 100000'): Promise<string> => runScript(one, image, name, script)
const request = (container: string, to = 'host-2', options: MigrationRequest['options'] = {}) => ({
  ...{ container, from: 'host-1', to },
  options,
})

test('a file that the source’s disk does not give back is named, and the migration fails before anything is stopped', async () => {
  await using place = await workplace()
  await one.docker(['volume', 'create', 'rotten'])
  const data = await mountpoint(one, 'rotten')
  await using disk = await mountImage(place.path, 'btrfs', 'disk', 128)
  const volume = join(disk.path, 'volume')
  await mkdir(join(volume, '_data'), { recursive: true })
  const content = randomBytes(2 * mebibyte)
  await writeFile(join(volume, '_data', 'file'), content)
  await run(['mount', '--bind', volume, dirname(data)])
  try {
    await begin('rotten')
    await rot(disk, content.subarray(mebibyte, mebibyte + 100))
    // With nothing of it in memory.
    await run(['dd', `if=${join(data, 'file')}`, 'iflag=nocache', 'count=0'])
    const before = { started: await startedAt(one, 'rotten'), two: await holdings(two) }
    const migration = await migrate(lab, request('rotten'))
    expect(migration).toMatchObject({
      state: 'rolled-back',
      downtimeMs: null,
      error: { code: 'DRAYAGE_VOLUME_UNREADABLE', step: 'precopy', message: expect.stringMatching(/file.*EIO/) },
    })
    expect({ started: await startedAt(one, 'rotten'), two: await holdings(two) }).toEqual(before)
    await one.docker(['rm', '-f', 'rotten'])
  } finally {
    await run(['umount', dirname(data)])
  }
})

test.each([
  ['space', (data: string) => run(['fallocate', '-l', '300M', join(data, 'grown')])],
  ['inodes', (data: string) => run(['sh', '-c', 'mkdir many && cd many && seq 40000 | xargs touch'], { cwd: data })],
])('a target that runs out of %s gets nothing, and is left as it was', async (what, grow) => {
  const data = await begin(what)
  const before = { started: await startedAt(one, what), small: await holdings(small) }
  const coordinator = lab.failpoints('coordinator')
  await coordinator.tell('precopy.before', 'hang')
  const { id } = await startMigration(lab, request(what, 'small'))
  await coordinator.untilReached('precopy.before')
  await grow(data)
  await coordinator.clear()
  const migration = await untilEnded(lab, id)
  expect(migration).toMatchObject({
    state: 'rolled-back',
    downtimeMs: null,
    error: { code: 'DRAYAGE_TARGET_FULL', step: 'precopy' },
  })
  expect({ started: await startedAt(one, what), small: await holdings(small) }).toEqual(before)
})

test('what the file system of the target cannot hold is listed by path; without it the volume goes to XFS and back', async () => {
  const data = await begin('elsewhere')
  await makeZoo(data, extremesOfXfs)
  // XFS has 9 bits for the major number of a device, and room for 1023 bytes of a link.
  await run(['mknod', join(data, 'device'), 'c', '4095', '1'])
  for (let index = 0; index < 8; index++) await symlink('l'.repeat(2000), join(data, `link ${index}`))
  const before = { started: await startedAt(one, 'elsewhere'), other: await holdings(other) }
  const refused = await migrate(lab, request('elsewhere', 'xfs'))
  expect(refused).toMatchObject({
    state: 'rolled-back',
    downtimeMs: null,
    error: { code: 'DRAYAGE_UNREPRESENTABLE', step: 'precopy', message: expect.stringMatching(/9 of the volume's/) },
  })
  expect(refused.error?.paths?.map((path) => path.split(': ')[0]).toSorted()).toEqual(
    ['device', ...Array.from({ length: 8 }, (_, index) => `link ${index}`)].toSorted(),
  )
  expect({ started: await startedAt(one, 'elsewhere'), other: await holdings(other) }).toEqual(before)

  await run(['sh', '-c', 'rm device link*[0-9]'], { cwd: data })
  const there = await migrate(lab, request('elsewhere', 'xfs', { verify: 'full' }))
  expect(there).toMatchObject({ state: 'awaiting-finalize', error: null })
  const kept = await setAside(one, 'elsewhere', there)
  await expectSame(kept, await mountpoint(other, 'elsewhere'))
  const onward = await migrate(lab, { ...request('elsewhere'), from: 'xfs' })
  expect(onward).toMatchObject({ state: 'awaiting-finalize', error: null })
  await expectSame(kept, await mountpoint(two, 'elsewhere'))
})

test('a target whose disk does not give back what was written to it gets nothing with --verify full', async () => {
  const data = await begin('rotting')
  const content = randomBytes(3 * mebibyte)
  await writeFile(join(data, 'file'), content)
  const before = await holdings(small)
  const coordinator = lab.failpoints('coordinator')
  await coordinator.tell('finalcopy.before', 'hang')
  const { id } = await startMigration(lab, request('rotting', 'small', { verify: 'full' }))
  await coordinator.untilReached('finalcopy.before')
  await rot(await diskOf(small), content.subarray(2 * mebibyte, 2 * mebibyte + 100))
  await coordinator.clear()
  expect(await untilEnded(lab, id)).toMatchObject({
    state: 'rolled-back',
    error: { code: 'DRAYAGE_DIGEST_MISMATCH', step: 'finalcopy' },
  })
  expect(await startedAt(one, 'rotting')).toMatch(/^\d/)
  expect(await holdings(small)).toEqual(before)
})

test('a volume that grows faster than it can be carried is moved, with the rest copied while it is stopped', async () => {
  await begin('fast', 'while :; do dd if=/dev/urandom bs=64k count=16 2>/dev/null >> /data/log; sleep 0.2; done')
  await lab.limitRate(one, 20)
  try {
    const migration = await migrate(lab, request('fast', 'host-2', { maxRounds: 4 }))
    expect(migration).toMatchObject({ state: 'awaiting-finalize', error: null })
    expect(migration.liveCopy?.stopped).not.toBe('fits')
    await two.docker(['stop', '-t', '1', 'fast'])
    const kept = join(await setAside(one, 'fast', migration), 'log')
    const bytes = Number(await run(['stat', '-c', '%s', kept]))
    // What the target has added since comes after what it was given.
    await run(['cmp', '-n', String(bytes), kept, join(await mountpoint(two, 'fast'), 'log')])
  } finally {
    await lab.limitRate(one, undefined)
  }
})

test('of a sparse file of 10 GiB with 1 MiB in it, 1 MiB crosses', async () => {
  const data = await begin('sparse')
  const file = join(data, 'file')
  await writeFile(file, '')
  await truncate(file, 10 * 1024 * mebibyte)
  await run(['dd', 'if=/dev/urandom', `of=${file}`, 'bs=1M', 'count=1', 'seek=5000', 'conv=notrunc'])
  const migration = await migrate(lab, request('sparse'))
  expect(migration).toMatchObject({ state: 'awaiting-finalize', error: null })
  expect(migration.receipt?.volumes[0]?.contentBytes).toBe(10 * 1024 * mebibyte)
  expect(migration.bytesSent).toBeGreaterThan(mebibyte)
  expect(migration.bytesSent).toBeLessThan(1.2 * mebibyte)
  const copy = join(await mountpoint(two, 'sparse'), 'file')
  expect(Number(await run(['stat', '-c', '%b', copy])) * 512).toBeLessThan(2 * mebibyte)
  const kept = await setAside(one, 'sparse', migration)
  expect(await differences(kept, await mountpoint(two, 'sparse'), ['file'])).toBe('')
  await run(['cmp', '-n', String(3 * mebibyte), '-i', String(4999 * mebibyte), join(kept, 'file'), copy])
})
