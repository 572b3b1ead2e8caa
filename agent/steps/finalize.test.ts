// finalize against a few facts of an engine, and real directories: what it does not know for gone, it does not call so.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import { noRules } from '../authority/rules.ts'
import { createEngine, type Engine, type VolumeState } from '../docker/engine.ts'
import { createEnginePaths } from '../engine-paths.ts'
import { silentLog } from '../log.ts'
import { asideOf } from '../set-aside/set-aside.ts'
import { openState } from '../state/state.ts'
import { createPuller } from '../transfer/pull.ts'
import type { VolumeEngine } from '../volume/engine.ts'
import type { AgentContext } from './context.ts'
import { finalizeSource } from './finalize.ts'

const lease = { migrationId: 'm-2', workloadId: 'w-1', epoch: 2 }
const containerId = 'c'.repeat(64)
const tls = { authority: '', certificate: '', key: '' }

let dir: string
let mountpoint: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-finalize-'))
  mountpoint = join(dir, 'volumes', 'data', '_data')
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const request = {
  ...{ retiredMigrationId: 'm-1', containerId, removeImage: false },
  volumes: [{ name: 'data', rootIdentity: '1:2' }],
}
const contextWith = async (engine: Partial<Engine>): Promise<AgentContext> => ({
  engine: {
    ...createEngine({ dockerHost: 'unix:///nowhere' }),
    container: async () => Promise.reject(new AppError('DRAYAGE_CONTAINER_NOT_FOUND', 'somebody removed it')),
    ...engine,
  },
  ...{ state: await openState(dir), volumes: {} as VolumeEngine, paths: createEnginePaths(undefined) },
  ...{ puller: createPuller({ tls }), tls, rules: noRules, dataDir: dir, log: silentLog, now: () => new Date() },
})

test('an agent that has lost what it noted removes nothing, and says so while data that was set aside is here', async () => {
  const context = await contextWith({ volume: async () => ({ name: 'data', mountpoint }) as VolumeState })
  await mkdir(asideOf(mountpoint, 'm-1'), { recursive: true })
  await expect(finalizeSource(context, request, lease)).rejects.toMatchObject({
    code: 'DRAYAGE_RETAINED_CHANGED',
    message: expect.stringContaining(asideOf(mountpoint, 'm-1')),
  })
  // Somebody's new volume of that name is nothing that was left here.
  await rm(asideOf(mountpoint, 'm-1'), { recursive: true })
  await mkdir(mountpoint)
  expect(await finalizeSource(context, request, lease)).toEqual({ removed: [] })
})

test('what was removed before, container and volumes, is no error', async () => {
  const volume = async () => Promise.reject(new AppError('DRAYAGE_VOLUME_NOT_FOUND', 'gone'))
  expect(await finalizeSource(await contextWith({ volume }), request, lease)).toEqual({ removed: [] })
})

test('a directory that cannot be looked at is not taken for one that is not there', async () => {
  let removals = 0
  const context = await contextWith({
    otherUsers: async () => [],
    goesWith: async () => null,
    removeHolder: async () => {},
    removeRetired: async () => {
      removals += 1
      return []
    },
  })
  await context.state.retired.add({
    ...{ workloadId: 'w-1', migrationId: 'm-1', epoch: 1, containerId, containerName: 'web', movedTo: 'host-2' },
    ...{ retiredAt: '2026-01-01T00:00:00.000Z', renamedTo: '', restartPolicyJson: '' },
    volumes: [{ name: 'data', mountpoint, rootIdentity: '1:2' }],
  })
  // Of all that lstat may say but ENOENT, what anybody can bring about.
  await mkdir(dirname(dirname(mountpoint)), { recursive: true })
  await writeFile(dirname(mountpoint), '')
  await expect(finalizeSource(context, request, lease)).rejects.toMatchObject({ code: 'ENOTDIR' })
  expect(removals).toBe(0)
})
