// What people and engines do to the source in the middle of a move.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createVolumeEngine } from '../volume/engine.ts'
import { fenceSource, unfenceSource } from './fence.ts'
import { forgetMigration } from './grant.ts'
import { isolateSource, restoreSource } from './isolate.ts'
import { retireSource } from './retire.ts'
import { cameUp, restartSource, stopSource } from './stop.ts'
import { containerId, createSource, lease } from './testing/source.ts'

const volumes = createVolumeEngine()
const base = await mkdtemp(join(tmpdir(), 'drayage-mishaps-'))
afterAll(async () => {
  await volumes.close()
  await rm(base, { recursive: true, force: true })
})

type Source = Awaited<ReturnType<typeof createSource>>
const stopping = { containerId, stopTimeoutSeconds: 10 }
const isolate = async ({ context, described }: Source) =>
  isolateSource(await context(), { containerId, volumes: described }, lease)
const forward = async (source: Source) => {
  await fenceSource(await source.context(), containerId, lease)
  await stopSource(await source.context(), stopping, lease)
  await isolate(source)
}
const missing = { code: 'DRAYAGE_CONTAINER_NOT_FOUND' }

test.each([true, false])(
  'a source that was removed (volume: %s) is said once by each undo, its volume comes back, and the migration is forgotten',
  async (hasVolume) => {
    const source = await createSource(base, volumes, { hasVolume })
    await forward(source)
    source.model.removed = true
    const undo = async (step: typeof restoreSource) => step(await source.context(), containerId, lease)

    if (hasVolume) await undo(restoreSource)
    else await expect(undo(restoreSource)).rejects.toMatchObject(missing)
    expect(await readdir(dirname(source.mountpoint))).toEqual(['_data'])
    await undo(restoreSource)
    await expect(undo(restartSource)).rejects.toMatchObject(missing)
    await undo(restartSource)
    await expect(undo(unfenceSource)).rejects.toMatchObject(missing)
    await undo(unfenceSource)
    const context = await source.context()
    await forgetMigration(context, '', lease)
    expect(context.state.migrations.all()).toEqual([])
  },
)

test('a source on whose volume another container was started meanwhile keeps it in place, and is told which', async () => {
  const source = await createSource(base, volumes)
  source.model.others = ['backup']
  await fenceSource(await source.context(), containerId, lease)
  await stopSource(await source.context(), stopping, lease)
  await expect(isolate(source)).rejects.toMatchObject({
    code: 'DRAYAGE_VOLUME_SHARED',
    message: expect.stringContaining('backup'),
  })
  expect(await readdir(dirname(source.mountpoint))).toEqual(['_data'])
  expect((await source.context()).state.migrations.find(lease.migrationId)).toMatchObject({ isolated: null })
  source.model.others = []
  expect(await isolate(source)).toEqual({ volumes: ['data'], renamedTo: '' })
})

test('a stop whose end nobody saw does not hit the source after it was started again', async () => {
  const source = await createSource(base, volumes, { model: { unansweredStops: 1 } })
  await expect(stopSource(await source.context(), stopping, lease)).rejects.toMatchObject({ code: 'DRAYAGE_TIMEOUT' })
  expect(source.model.running).toBe(true)
  await restartSource(await source.context(), containerId, lease)
  expect(source.model).toMatchObject({ running: true, starts: 2, killAfterLooks: null })
})

test('a source that is killed as soon as it was started again is not taken for restored, and is started once more', async () => {
  const source = await createSource(base, volumes)
  await stopSource(await source.context(), stopping, lease)
  const context = await source.context()
  const start = async (id: string) => {
    await context.engine.start(id)
    source.model.killAfterLooks = 1
  }
  await expect(
    restartSource({ ...context, engine: { ...context.engine, start } }, containerId, lease),
  ).rejects.toMatchObject({ code: 'DRAYAGE_CONTAINER_STATE' })
  await restartSource(await source.context(), containerId, lease)
  expect(source.model.running).toBe(true)
})

test('what begins and ends by itself has come up; what was killed, or never began, has not', () => {
  const before = { startedAt: 'a' }
  const ended = { running: false, restarting: false, startedAt: 'b', exitCode: 3, oomKilled: false }
  expect(cameUp(before, ended)).toBe(true)
  expect(cameUp(before, { ...ended, startedAt: 'a' })).toBe(false)
  expect(cameUp(before, { ...ended, exitCode: 137 })).toBe(false)
  expect(cameUp(before, { ...ended, exitCode: 137, oomKilled: true })).toBe(true)
  expect(cameUp(before, { ...ended, running: true, startedAt: 'a', exitCode: 0 })).toBe(true)
})

test('a volume that is still set aside comes back although the note of it was lost', async () => {
  const said: string[] = []
  const record = (_: object, message: string) => void said.push(message)
  const log = { debug: record, info: record, warn: record, error: record }
  const source = await createSource(base, volumes, { log })
  await forward(source)
  expect(existsSync(source.mountpoint)).toBe(false)
  await rm(join(source.dir, 'state'), { recursive: true })

  await restoreSource(await source.context(), containerId, lease)
  expect(await readdir(dirname(source.mountpoint))).toEqual(['_data'])
  expect(await volumes.identify(source.mountpoint)).toBe(source.rootIdentity)
  await restartSource(await source.context(), containerId, lease)
  await unfenceSource(await source.context(), containerId, lease)
  expect(said.filter((message) => message.startsWith('No note of this migration'))).toHaveLength(3)
})

test('without a note, a volume in whose place there is another directory is left alone', async () => {
  const source = await createSource(base, volumes)
  await forward(source)
  await rm(join(source.dir, 'state'), { recursive: true })
  await mkdir(source.mountpoint)
  await expect(restoreSource(await source.context(), containerId, lease)).rejects.toMatchObject({
    code: 'DRAYAGE_FENCE_CONFLICT',
  })
  expect(await readdir(source.mountpoint)).toEqual([])
})

test('what a retired source left is not brought back by the undo of a coordinator that has forgotten', async () => {
  const source = await createSource(base, volumes)
  await forward(source)
  const context = await source.context()
  const engine = { ...context.engine, removeHolder: async () => {} }
  await retireSource({ ...context, engine }, { containerId, notCopied: false }, lease)
  await forgetMigration(context, '', lease)
  await expect(restoreSource(await source.context(), containerId, lease)).rejects.toMatchObject({
    code: 'DRAYAGE_WORKLOAD_RETIRED',
  })
  expect(existsSync(source.mountpoint)).toBe(false)
})
