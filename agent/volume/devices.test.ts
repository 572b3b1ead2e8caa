import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createVolumeEngine, type DevicePolicy } from './engine.ts'
import { close, makeNode, openRoot } from './linux/libc.ts'
import { openRounds } from './testing/rounds.ts'
import { rsyncDifferences, temporaryDirectory } from './testing/streams.ts'

const engine = createVolumeEngine()
afterAll(() => engine.close())

const makeDevice = (root: string, name: string, type: 'character' | 'block' = 'character'): void => {
  const dir = openRoot(root)
  try {
    makeNode(dir, name, type, { major: 1, minor: 3 })
  } finally {
    close(dir)
  }
}

const volume = async () => {
  const rounds = await openRounds(() => engine)
  await mkdir(join(rounds.source, 'dev'))
  await writeFile(join(rounds.source, 'dev', 'file'), 'file')
  makeDevice(join(rounds.source, 'dev'), 'null')
  makeDevice(join(rounds.source, 'dev'), 'disk', 'block')
  return rounds
}
const nodes = ['dev/disk', 'dev/null']

test('device nodes are kept where nothing else is said', async () => {
  await using rounds = await volume()
  expect((await rounds.round(true)).skipped).toEqual([])
  expect(await rsyncDifferences(rounds.source, rounds.target)).toEqual([])
})

test('device nodes that are to be skipped are left out, and named', async () => {
  await using rounds = await volume()
  await rounds.round(false, { devices: 'skip' })
  const last = await rounds.round(true, { devices: 'skip' })
  expect(last.read.skipped.map(({ path }) => String(path)).toSorted()).toEqual(nodes)
  expect(last.read.skipped.map(({ reason }) => reason).toSorted()).toEqual([
    expect.stringMatching(/block device \(1:3\)/),
    expect.stringMatching(/character device \(1:3\)/),
  ])
  for (const node of nodes) await rm(join(rounds.source, node))
  expect(await rsyncDifferences(rounds.source, rounds.target, ['--omit-dir-times'])).toEqual([])
})

test('device nodes that are refused fail the round before a byte is sent, with their paths', async () => {
  await using rounds = await volume()
  await expect(rounds.round(false, { devices: 'refuse' })).rejects.toMatchObject({
    code: 'DRAYAGE_DEVICE_NODES',
    details: { count: 2, paths: expect.arrayContaining(nodes) },
  })
  await rm(join(rounds.source, 'dev'), { recursive: true })
  expect((await rounds.round(true, { devices: 'refuse' })).entries).toBe(1)
})

test('a volume is measured with its device nodes', async () => {
  await using rounds = await volume()
  const { devices, devicePaths } = await engine.measure(rounds.source)
  expect({ devices, paths: devicePaths.map(String).toSorted() }).toEqual({ devices: 2, paths: nodes })
})

test.each<[DevicePolicy, string]>([
  ['skip', 'is left out'],
  ['refuse', 'fails the round'],
])('with %s, a device that takes the place of a file while the volume is read %s', async (devices) => {
  await using directory = await temporaryDirectory()
  const root = join(directory.path, 'volume')
  await mkdir(join(root, 'late'), { recursive: true })
  await writeFile(join(root, 'big'), Buffer.alloc(12 * 1024 * 1024, 'x'))
  await writeFile(join(root, 'late', 'file'), 'file')
  makeDevice(directory.path, 'device')
  const read = async () => {
    const { pieces, summary } = engine.read(root, { final: false, devices })
    let first = true
    for await (const _ of pieces) {
      if (first) await rename(join(directory.path, 'device'), join(root, 'late', 'file'))
      first = false
    }
    return summary
  }
  if (devices === 'skip') expect((await read()).entries).toBe(3)
  else await expect(read()).rejects.toMatchObject({ code: 'DRAYAGE_DEVICE_NODES', details: { paths: ['late/file'] } })
})
