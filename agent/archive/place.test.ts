// The volume of an import, cut off at every point at which an agent can die, and what the next start makes of it.
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { VolumeState } from '../docker/engine.ts'
import { openImports } from '../state/imports.ts'
import { createVolumeEngine } from '../volume/engine.ts'
import { temporaryDirectory } from '../volume/testing/streams.ts'
import type { ArchiveContext } from './at-hand.ts'
import { makePlace, takeBackAll } from './place.ts'

const volumes = createVolumeEngine()
afterAll(() => volumes.close())

// An engine as far as imports go: a volume is a directory, and its label is kept beside it.
const createEngine = (root: string) => {
  const mountpoint = (name: string) => join(root, name, '_data')
  const labelOf = (name: string) => join(root, `${name}.label`)
  const stateOf = (name: string): VolumeState =>
    ({ name, driver: 'local', mountpoint: mountpoint(name), labels: {}, options: {} }) as unknown as VolumeState
  const volume = async (name: string): Promise<VolumeState> => {
    if ((await readdir(root)).includes(name)) return stateOf(name)
    throw new AppError('DRAYAGE_VOLUME_NOT_FOUND', 'There is none')
  }
  return {
    facts: async () => ({ idShift: '' }),
    runningUsers: async () => [],
    volume,
    makeVolume: async (name: string, _labels: object, transferId: string) => {
      await mkdir(mountpoint(name), { recursive: true })
      await writeFile(labelOf(name), transferId)
      return volume(name)
    },
    removeMadeVolume: async (name: string, transferId: string) => {
      if ((await readFile(labelOf(name), 'utf8').catch(() => '')) !== transferId) return false
      await rm(join(root, name), { recursive: true })
      await rm(labelOf(name))
      return true
    },
  }
}

let place: Awaited<ReturnType<typeof temporaryDirectory>>
let root: string
beforeEach(async () => {
  place = await temporaryDirectory()
  root = join(place.path, 'volumes')
  await mkdir(root)
  return () => place[Symbol.asyncDispose]()
})

// An agent as it starts: what it knows is on the disk.
const started = async (): Promise<ArchiveContext> =>
  ({
    engine: createEngine(root),
    volumes,
    paths: { here: (path: string) => path },
    state: { imports: await openImports(place.path), retired: { all: () => [] } },
    log: { info: () => {}, error: () => {} },
  }) as unknown as ArchiveContext

const asked = (intoEmpty: boolean) => ({ transferId: 't1', volume: 'data', intoEmpty, labels: {} })
const inVolume = () => readdir(join(root, 'data')).then((names) => names.toSorted())
const content = () => readFile(join(root, 'data/_data/file'), 'utf8')

const begun = async (intoEmpty: boolean) => {
  const agent = await started()
  if (intoEmpty) await mkdir(join(root, 'data/_data'), { recursive: true })
  const made = await makePlace(agent, asked(intoEmpty))
  await writeFile(join(made.incoming, 'file'), 'imported')
  return { agent, ...made }
}
const again = async () => {
  const agent = await started()
  await takeBackAll(agent)
  expect(agent.state.imports.all()).toEqual([])
}

test.each([false, true])('what was being written goes; a volume that was there is as it was (%s)', async (existed) => {
  await begun(existed)
  expect(await inVolume()).not.toContain('_data')
  await again()
  if (!existed) expect(await readdir(root)).toEqual([])
  else {
    expect(await inVolume()).toEqual(['_data'])
    expect(await readdir(join(root, 'data/_data'))).toEqual([])
  }
})

test('a volume of which the agent had noted no more than that it makes it goes too', async () => {
  const agent = await started()
  await agent.state.imports.put({ transferId: 't1', volume: 'data', made: true, mountpoint: '', whole: false })
  await agent.engine.makeVolume('data', {}, 't1')
  await again()
  expect(await readdir(root)).toEqual([])
})

test('somebody else’s volume of the name stays, whatever was noted', async () => {
  const agent = await started()
  await agent.state.imports.put({ transferId: 't1', volume: 'data', made: true, mountpoint: '', whole: false })
  await agent.engine.makeVolume('data', {}, 'of another')
  await again()
  expect(await inVolume()).toEqual(['_data'])
})

test.each<[string, (incoming: string, aside: string) => Promise<void>]>([
  ['before anything of it was done', async () => {}],
  ['after what was written had its place', (incoming) => rename(incoming, join(root, 'data/_data'))],
  [
    'after all of it',
    async (incoming, aside) => {
      await rename(incoming, join(root, 'data/_data'))
      await rmdir(aside)
    },
  ],
])('what was whole is kept when its place was being given to it, %s', async (_, cutOff) => {
  const { agent, incoming } = await begun(false)
  const [note] = agent.state.imports.all()
  if (note === undefined) throw new Error('nothing was noted')
  await agent.state.imports.put({ ...note, whole: true })
  const aside = (await inVolume()).find((name) => !incoming.endsWith(name))
  await cutOff(incoming, join(root, 'data', aside ?? ''))
  await again()
  expect(await inVolume()).toEqual(['_data'])
  expect(await content()).toBe('imported')
})

test('what is whole is the volume, and nothing is left beside it or noted', async () => {
  const { agent, keep } = await begun(true)
  await expect(makePlace(agent, { ...asked(true), transferId: 't2' })).rejects.toMatchObject({
    code: 'DRAYAGE_VOLUME_BUSY',
  })
  await keep()
  expect(await inVolume()).toEqual(['_data'])
  expect(await content()).toBe('imported')
  await again()
  expect(await content()).toBe('imported')
  await expect(makePlace(agent, asked(true))).rejects.toMatchObject({ code: 'DRAYAGE_VOLUME_EXISTS' })
})
