// The directories that a migration writes to on its target, on a real file system; the engine is what it says of its mounts.
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { noRules } from '../authority/rules.ts'
import { createEngine, type HostMount } from '../docker/engine.ts'
import { createEnginePaths } from '../engine-paths.ts'
import { silentLog } from '../log.ts'
import type { TargetNote } from '../state/migrations.ts'
import { openState } from '../state/state.ts'
import { createVolumeEngine } from '../volume/engine.ts'
import { bindToWrite, changesOfPlaces, discardPlaces, takePlaces } from './places.ts'

const volumes = createVolumeEngine()
afterAll(() => volumes.close())

let host: string
let path: string
beforeEach(async () => {
  host = await realpath(await mkdtemp(join(tmpdir(), 'drayage-places-')))
  path = join(host, 'data', 'web')
  await mkdir(join(host, 'data'))
})
afterEach(() => rm(host, { recursive: true }))

const context = async ({
  mounts = [] as HostMount[],
  dataRoot = join(host, 'docker'),
  allowed = join(host, 'data'),
} = {}) => ({
  engine: {
    ...createEngine({ dockerHost: 'unix:///nowhere' }),
    facts: async () => ({ dataRoot }) as Awaited<ReturnType<ReturnType<typeof createEngine>['facts']>>,
    hostMounts: async () => mounts,
  },
  ...{ volumes, paths: createEnginePaths(undefined), log: silentLog, dataDir: join(host, 'agent') },
  ...{ rules: { ...noRules, bindPaths: [allowed] }, state: await openState(join(host, 'agent')) },
})
const fresh: TargetNote = {
  ...{ role: 'target', migrationId: 'm-1', workloadId: 'w-1', epoch: 1, peerHost: 'host-1' },
  ...{ imageBrought: null, confirmed: false, startAsked: false, started: null },
}
const bind = (name: string) => ({
  ...{ name, mountpoint: name, driver: '', options: {}, labels: {}, createdAt: '', anonymous: false, usage: null },
  ...{ destination: '/at', readOnly: false, rootIdentity: '1:1', traits: [], carriedByAnother: false, ofHost: true },
})
const taken = async (more: Parameters<typeof context>[0] = {}, at = path) => {
  const using = await context(more)
  return { using, note: await takePlaces(using, fresh, [bind(at)], []) }
}
const swap = async (): Promise<void> => {
  await rename(path, `${path}-before`)
  await mkdir(path)
  await writeFile(join(path, 'theirs'), 'of somebody')
}

test('what was made is noted before it is made, written to, and removed again with what it was made in', async () => {
  const { using, note } = await taken({}, join(path, 'deep'))
  expect(using.state.migrations.find('m-1')).toEqual(note)
  expect(note.binds).toMatchObject([{ how: 'made', missing: 2, identity: expect.stringMatching(/^\d+:\d+$/) }])
  expect(await takePlaces(using, note, [bind(join(path, 'deep'))], [])).toEqual(note)
  await writeFile(join(path, 'deep', 'file'), '')
  await discardPlaces(using, note)
  expect(await readdir(join(host, 'data'))).toEqual([])
  expect(using.state.migrations.find('m-1')).toMatchObject({ binds: [] })
})

test('an empty directory that was there is there again, the same, with its mode', async () => {
  await mkdir(path, { mode: 0o750 })
  const { ino } = await stat(path)
  const { using, note } = await taken()
  await writeFile(join(path, 'file'), '')
  await discardPlaces(using, note)
  expect(await readdir(path)).toEqual([])
  const after = await stat(path)
  expect([after.ino, after.mode & 0o7777]).toEqual([ino, 0o750])
})

test('a directory that has taken the place of the noted one is neither written to, nor confirmed, nor removed', async () => {
  const { using, note } = await taken()
  expect(await changesOfPlaces(using, note)).toEqual([])
  await swap()
  await expect(bindToWrite(using, note, path)).rejects.toMatchObject({ code: 'DRAYAGE_TARGET_CHANGED' })
  expect(await changesOfPlaces(using, note)).toEqual([expect.stringContaining('is another directory')])
  const [{ identity } = { identity: '' }] = note.binds ?? []
  await expect(volumes.clear(path, { expectIdentity: identity })).rejects.toMatchObject({
    code: 'DRAYAGE_VOLUME_ROOT_CHANGED',
  })
  await discardPlaces(using, note)
  expect(await readFile(join(path, 'theirs'), 'utf8')).toBe('of somebody')
})

test('a round is not written into another directory than the noted one', async () => {
  const { note } = await taken()
  await swap()
  const memory = join(host, 'memory')
  await mkdir(memory)
  const expectIdentity = note.binds?.[0]?.identity ?? ''
  const nothing = { pieces: (async function* () {})(), limits: () => undefined }
  await expect(volumes.receive(path, () => nothing, { memory, expectIdentity })).rejects.toMatchObject({
    code: 'DRAYAGE_VOLUME_ROOT_CHANGED',
  })
  expect(await readdir(path)).toEqual(['theirs'])
})

const refused = (more: Parameters<typeof context>[0], at: string) =>
  taken(more, at).then(
    () => 'taken',
    (thrown: Error) => thrown.message,
  )

test('what is somebody else’s, or no data at all, is refused, and nothing is made', async () => {
  const mount = { containerId: 'c', name: 'other', runs: false, migrationId: null, source: path, readOnly: true }
  expect(await refused({ mounts: [mount] }, path)).toContain('other of the target has it')
  expect(await refused({ mounts: [{ ...mount, source: join(path, 'below') }] }, path)).toContain(
    'a part of it, mounted',
  )
  expect(await refused({ mounts: [{ ...mount, migrationId: 'm-1' }] }, path)).toBe('taken')
  await writeFile(join(path, 'theirs'), '')
  await rm(join(host, 'agent'), { recursive: true })
  expect(await refused({}, path)).toContain('something in it that this move has not put there')
  expect(await refused({}, `${path}base/../..`)).toContain('".."')
  expect(await refused({}, join(host, 'database'))).toContain('it is not in that (--allow-bind)')
  const everything = { allowed: '/' }
  expect(await refused(everything, join(host, 'agent'))).toContain('keeps its key')
  expect(await refused(everything, host)).toContain('keeps its key')
  expect(await refused({ ...everything, dataRoot: join(host, 'data') }, path)).toContain("the engine's own data")
  expect(await refused(everything, '/var/run')).toContain('socket')
  expect(await refused(everything, '/proc/new')).toContain("the kernel's")
  expect((await readdir(join(host, 'data'))).toSorted()).toEqual(['web'])
})

test.each([0, 1, 2])('cut off when %i of two directories were made, it goes on, or leaves nothing', async (made) => {
  const deep = join(path, 'deep')
  const begun: TargetNote = { ...fresh, binds: [{ path: deep, identity: '', how: 'made', missing: 2, root: null }] }
  const asFar = () => (made === 0 ? undefined : mkdir(made === 1 ? path : deep, { recursive: true }))
  const using = await context()
  await asFar()
  await discardPlaces(using, begun)
  expect(await readdir(join(host, 'data'))).toEqual([])
  await asFar()
  const note = await takePlaces(using, begun, [bind(deep)], [])
  expect(note.binds).toMatchObject([{ identity: expect.stringMatching(/^\d+:\d+$/), missing: 2 }])
  // The undo was cut off after the directory had gone, and before that was noted.
  await rm(deep, { recursive: true })
  await discardPlaces(using, note)
  expect(await readdir(join(host, 'data'))).toEqual([])
})
