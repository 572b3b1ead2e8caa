import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { noticeText, policyFlag } from './notice.ts'
import { asideOf, bringBack, type Fenced, noticeName, setAside, whereIs } from './set-aside.ts'

const identify = async (path: string) => {
  const { dev, ino } = await lstat(path, { bigint: true })
  return `${dev}:${ino}`
}

let dir: string
let volume: Fenced
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-aside-'))
  volume = await newVolume('data')
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const newVolume = async (name: string): Promise<Fenced> => {
  const root = join(dir, name, '_data')
  await mkdir(root, { recursive: true })
  await writeFile(join(root, 'file'), 'content')
  return { name, root, rootIdentity: await identify(root), migrationId: '01JMIGRATION' }
}
const tree = async () => (await readdir(dir, { recursive: true })).toSorted()

test('data set aside is out of its place, with a notice beside it; brought back, everything is as it was', async () => {
  const before = await tree()
  await setAside(volume, 'the notice', identify)
  expect(await readdir(dirname(volume.root))).toEqual([noticeName, '_data.drayage-01JMIGRATION'])
  expect(await readFile(join(dirname(volume.root), noticeName), 'utf8')).toBe('the notice')
  expect(await whereIs(volume.root, volume.migrationId)).toBe(asideOf(volume.root, volume.migrationId))
  await bringBack(volume, identify)
  expect(await tree()).toEqual(before)
  expect(await identify(volume.root)).toBe(volume.rootIdentity)
  expect(await whereIs(volume.root, volume.migrationId)).toBe(volume.root)
})

test('any sequence of asking, however often, ends as the last one asked says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), async (sequence) => {
      for (const aside of sequence) {
        await (aside ? setAside(volume, 'n', identify) : bringBack(volume, identify))
      }
      const aside = sequence.at(-1) === true
      const place = aside ? asideOf(volume.root, volume.migrationId) : volume.root
      expect(await readFile(join(place, 'file'), 'utf8')).toBe('content')
      expect(await readdir(dirname(volume.root))).toHaveLength(aside ? 2 : 1)
    }),
    { numRuns: 30 },
  )
})

test('cut off between the rename and the notice, it is finished by asking again, either way', async () => {
  await rename(volume.root, asideOf(volume.root, volume.migrationId))
  await setAside(volume, 'notice', identify)
  expect(await readFile(join(dirname(volume.root), noticeName), 'utf8')).toBe('notice')
  await rename(asideOf(volume.root, volume.migrationId), volume.root)
  await bringBack(volume, identify)
  expect(await readdir(dirname(volume.root))).toEqual(['_data'])
})

const conflict = { code: 'DRAYAGE_FENCE_CONFLICT' }

test('where something made a new directory in its place, nothing is renamed', async () => {
  await setAside(volume, 'n', identify)
  await mkdir(volume.root)
  await writeFile(join(volume.root, 'new'), 'written since')
  const before = await tree()
  await expect(setAside(volume, 'n', identify)).rejects.toMatchObject(conflict)
  await expect(bringBack(volume, identify)).rejects.toMatchObject(conflict)
  expect(await tree()).toEqual(before)
})

test('a directory that is not the one noted is not set aside, and is no hindrance to an undo', async () => {
  await rename(volume.root, join(dir, 'elsewhere'))
  await expect(setAside(volume, 'n', identify)).rejects.toMatchObject(conflict)
  await mkdir(volume.root)
  const before = await tree()
  await expect(setAside(volume, 'n', identify)).rejects.toMatchObject(conflict)
  await bringBack(volume, identify)
  expect(await tree()).toEqual(before)
})

test('another directory than the one set aside is not brought back', async () => {
  await setAside(volume, 'n', identify)
  const aside = asideOf(volume.root, volume.migrationId)
  await rename(aside, join(dir, 'elsewhere'))
  await mkdir(aside)
  await expect(bringBack(volume, identify)).rejects.toMatchObject(conflict)
})

test('the notice names the data and the way back, and quotes names for the shell', () => {
  const text = noticeText({
    volume: "o'hara",
    mountpoint: "/var/lib/docker/volumes/o'hara/_data",
    migrationId: 'M1',
    container: 'web',
    movedTo: 'host-2',
    at: '2026-01-01T00:00:00Z',
    restartPolicy: 'always',
  })
  expect(text).toContain("/var/lib/docker/volumes/o'hara/_data.drayage-M1")
  // -T: into a `_data` that is there after all, mv would move the data *into* it.
  expect(text).toContain("mv -T '/var/lib/docker/volumes/o'\\''hara/_data.drayage-M1'")
  expect(text).toContain('docker update --restart=always web')
  expect(text).toContain('host host-2')
  expect(text.indexOf('dray agent break-glass web')).toBeLessThan(text.indexOf('mv -T'))
})

test('a restart policy is told as docker update takes it', () => {
  expect(policyFlag({ Name: 'on-failure', MaximumRetryCount: 3 })).toBe('on-failure:3')
  expect(policyFlag({ Name: 'on-failure', MaximumRetryCount: 0 })).toBe('on-failure')
  expect(policyFlag({ Name: 'unless-stopped', MaximumRetryCount: 0 })).toBe('unless-stopped')
  expect(policyFlag({ Name: '', MaximumRetryCount: 0 })).toBe('no')
})
