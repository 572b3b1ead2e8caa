import { readdirSync } from 'node:fs'
import { mkdir, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { createVolumeEngine } from '../engine.ts'
import { temporaryDirectory } from '../testing/streams.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())

const mebibyte = 1024 * 1024
let outside: string
let root: string
beforeEach(async () => {
  const place = await temporaryDirectory()
  outside = place.path
  root = join(outside, '_data')
  await mkdir(join(root, 'many'), { recursive: true })
  return () => place[Symbol.asyncDispose]()
})
const nothing = { bytesPerSecond: 0, filesPerSecond: 0 }

test('reading is measured by large files and by small ones, and leaves no trace on them', async () => {
  const large = join(root, 'large')
  await writeFile(large, Buffer.alloc(4 * mebibyte, 'x'))
  for (let index = 0; index < 60; index++) await writeFile(join(root, 'many', `${index}`), 'small')
  const before = await stat(large, { bigint: true })
  const rates = await engine.sampleReading([root])
  expect(rates.bytesPerSecond).toBeGreaterThan(mebibyte)
  expect(rates.filesPerSecond).toBeGreaterThan(10)
  expect(await stat(large, { bigint: true })).toEqual(before)
})

test('where all files are small, so many are read that it can be said how fast their bytes come', async () => {
  for (let index = 0; index < 600; index++) await writeFile(join(root, 'many', `${index}`), Buffer.alloc(4_000, 'x'))
  const rates = await engine.sampleReading([root])
  expect(rates.bytesPerSecond).toBeGreaterThan(0)
  expect(rates.filesPerSecond).toBeGreaterThan(0)
})

test('nothing is measured by holes, by what a symlink leads to, or by what is no file', async () => {
  await writeFile(join(root, 'holes'), '')
  await truncate(join(root, 'holes'), 1024 * mebibyte)
  await writeFile(join(outside, 'secret'), Buffer.alloc(8 * mebibyte, 'x'))
  await symlink(join(outside, 'secret'), join(root, 'link'))
  await symlink(outside, join(root, 'directory'))
  expect(await engine.sampleReading([root])).toEqual(nothing)
  expect(await engine.sampleReading([])).toEqual(nothing)
})

test('a volume that is not there is an error, and no rate', async () => {
  await expect(engine.sampleReading([join(outside, 'gone')])).rejects.toMatchObject({
    code: 'DRAYAGE_VOLUME_NOT_FOUND',
  })
})

test('writing is measured without a name ever standing there', async () => {
  const seen = new Set<string>()
  let over = false
  const watching = (async () => {
    while (!over) {
      for (const name of readdirSync(root)) seen.add(name)
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  const rates = await engine.sampleWriting(root)
  over = true
  await watching
  expect(rates.bytesPerSecond).toBeGreaterThan(0)
  expect(rates.filesPerSecond).toBeGreaterThan(0)
  expect([...seen]).toEqual(['many'])
})

test('where files cannot be without a name, it says so', async () => {
  await expect(engine.sampleWriting('/proc')).rejects.toMatchObject({
    code: 'DRAYAGE_UNREPRESENTABLE',
    message: expect.stringContaining('/proc'),
  })
})
