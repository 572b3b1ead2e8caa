import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import { createVolumeEngine } from '../volume/engine.ts'
import { temporaryDirectory } from '../volume/testing/streams.ts'
import { removeVolume } from './remove.ts'

const volumes = createVolumeEngine()
afterAll(() => volumes.close())

let folder: string
beforeEach(async () => {
  const place = await temporaryDirectory()
  folder = join(place.path, 'data')
  await mkdir(join(folder, '_data'), { recursive: true })
  await writeFile(join(folder, '_data', 'file'), 'content')
  return () => place[Symbol.asyncDispose]()
})

type World = Partial<{
  createdAt: string
  driver: string
  options: Record<string, string>
  migrationId: string
  users: string[]
  // Who refers to it once it has been asked for the first time.
  later: string[]
  notes: object[]
  retired: object[]
  imports: object[]
}>

const createdAt = '2026-01-05T08:00:00Z'

const remove = async (world: World = {}, digest = ''): Promise<string> => {
  const mountpoint = join(folder, '_data')
  let isRemoved = false
  let users = world.users ?? []
  const context = {
    engine: {
      volume: async () => ({
        ...{ name: 'data', driver: 'local', mountpoint, createdAt, options: {}, labels: {}, migrationId: null },
        ...world,
      }),
      usersOf: async () => {
        const found = users.map((name) => ({ id: name, name }))
        users = world.later ?? users
        return found
      },
      removeVolume: async () => {
        isRemoved = true
      },
    },
    volumes,
    paths: { here: (path: string) => path },
    state: {
      migrations: { all: () => world.notes ?? [] },
      retired: { all: () => world.retired ?? [] },
      imports: { all: () => world.imports ?? [] },
    },
    log: { info: () => {} },
  } as unknown as Parameters<typeof removeVolume>[0]
  const listed = { volume: 'data', driver: 'local', mountpoint, createdAt, digest }
  try {
    for await (const { removed } of removeVolume(context, listed, new AbortController().signal)) {
      if (removed) return isRemoved ? 'removed' : 'said so, and was not'
    }
    return 'never said'
  } catch (thrown) {
    if (isRemoved) return 'removed all the same'
    return thrown instanceof AppError ? thrown.code : String(thrown)
  }
}

test('what was listed and nobody has a part in is removed, with its export compared or without', async () => {
  expect(await remove()).toBe('removed')
  expect(await remove({ createdAt: '2026-01-05T09:00:00+01:00' })).toBe('removed')
  const { digest } = await volumes.digest(join(folder, '_data'))
  expect(await remove({}, digest)).toBe('removed')
})

test.each<[string, World, string]>([
  ['was made at another time', { createdAt: '2026-01-05T08:00:01Z' }, 'DRAYAGE_VOLUME_CHANGED'],
  ['is of another driver', { driver: 'nfs' }, 'DRAYAGE_VOLUME_CHANGED'],
  ['was made with options', { options: { type: 'nfs' } }, 'DRAYAGE_VOLUME_OPTIONS'],
  ['a container refers to', { users: ['web'] }, 'DRAYAGE_VOLUME_IN_USE'],
  [
    'a migration from here has',
    { notes: [{ role: 'source', migrationId: 'm1', volumes: [{ name: 'data' }], isolated: null }] },
    'DRAYAGE_VOLUME_NOT_ORPHANED',
  ],
  [
    'a migration to here has taken',
    { notes: [{ role: 'target', migrationId: 'm1', adopted: { volumes: [{ name: 'data' }] } }] },
    'DRAYAGE_VOLUME_NOT_ORPHANED',
  ],
  [
    'a migration to here has made',
    { migrationId: 'm1', notes: [{ role: 'target', migrationId: 'm1' }] },
    'DRAYAGE_VOLUME_NOT_ORPHANED',
  ],
  [
    'is what a workload left behind',
    { retired: [{ migrationId: 'm1', containerName: 'web', volumes: [{ name: 'data' }] }] },
    'DRAYAGE_VOLUME_NOT_ORPHANED',
  ],
  ['is being imported', { imports: [{ volume: 'data', transferId: 't1' }] }, 'DRAYAGE_VOLUME_NOT_ORPHANED'],
])('what %s stays', async (_what, world, code) => {
  expect(await remove(world)).toBe(code)
})

test('what holds something else than its export stays, and what a container came to while it was compared', async () => {
  const { digest } = await volumes.digest(join(folder, '_data'))
  expect(await remove({ later: ['web'] }, digest)).toBe('DRAYAGE_VOLUME_IN_USE')
  await writeFile(join(folder, '_data', 'file'), 'Content')
  expect(await remove({}, digest)).toBe('DRAYAGE_VOLUME_CHANGED')
})

test('a volume beside which data was set aside stays, whoever has forgotten of it: the engine would remove that too', async () => {
  await mkdir(join(folder, '_data.drayage-01JZ0V3M8Q2X5T7Y9A1B2C3D4E'))
  expect(await remove()).toBe('DRAYAGE_VOLUME_NOT_ORPHANED')
  expect(await readdir(folder)).toHaveLength(2)
})

test('a volume whose directory this agent cannot see stays: unknown is not empty', async () => {
  folder = join(folder, 'not-there')
  expect(await remove()).toBe('DRAYAGE_VOLUME_UNREADABLE')
})
