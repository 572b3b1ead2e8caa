import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { ContainerState, Engine } from '../docker/engine.ts'
import { asideOf } from '../set-aside/set-aside.ts'
import { openState, type State } from '../state/state.ts'
import type { VolumeEngine } from '../volume/engine.ts'
import { keptCopy, lookAtRetained } from './retained.ts'

let dir: string
let state: State
const there = new Set<string>()
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-kept-'))
  await mkdir(join(dir, 'state'))
  state = await openState(dir)
  there.clear()
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const engine = {
  container: async (id: string) => {
    if (there.has(id)) return { id } as ContainerState
    throw new AppError('DRAYAGE_CONTAINER_NOT_FOUND', `There is no ${id}`)
  },
}
const mountpoint = (containerId: string) => join(dir, `${containerId}-data`, '_data')
const keep = async (containerId: string, epoch: number) => {
  const migrationId = `m${epoch}`
  await state.retired.add({
    ...{ workloadId: 'w', migrationId, epoch, containerId, containerName: 'web', movedTo: 'host-2', retiredAt: '' },
    volumes: [{ name: `${containerId}-data`, mountpoint: mountpoint(containerId), rootIdentity: '1:1' }],
    ...{ renamedTo: '', restartPolicyJson: '' },
  })
  there.add(containerId)
  await mkdir(asideOf(mountpoint(containerId), migrationId), { recursive: true })
}
const kept = async () =>
  (await keptCopy({ engine, state, paths: { here: (path: string) => path } as never }, 'w'))?.containerId

test('the newest copy is the one to build upon, as long as anything of it is left', async () => {
  expect(await kept()).toBeUndefined()
  await keep('old', 1)
  await keep('new', 2)
  expect(await kept()).toBe('new')
  there.delete('new')
  expect(await kept()).toBe('new')
})

test('a copy whose container and data were removed by hand is none, whatever stands in its place', async () => {
  await keep('old', 1)
  await keep('new', 2)
  there.delete('new')
  await rm(join(dir, 'new-data'), { recursive: true })
  expect(await kept()).toBe('old')
  there.delete('old')
  await rm(asideOf(mountpoint('old'), 'm1'), { recursive: true })
  await mkdir(mountpoint('old'))
  expect(await kept()).toBeUndefined()
})

test('a copy that has the network of a container which is gone is not built upon', async () => {
  await keep('c1', 1)
  const [retired] = state.retired.all()
  if (retired === undefined) throw new Error('nothing is kept')
  const gone = 'd'.repeat(64)
  const look = (lost: string[]) => {
    const asked = { ...engine, lostCompanions: async () => lost } as unknown as Engine
    const volumes = { identify: async () => '1:1', changedSince: async () => null } as unknown as VolumeEngine
    const paths = { here: (path: string) => path } as never
    return lookAtRetained({ engine: asked, volumes, paths, state }, retired, false)
  }
  expect(await look([])).toEqual([])
  expect(await look([gone])).toEqual([
    {
      code: 'DRAYAGE_RETAINED_CHANGED',
      message: expect.stringMatching(/\(dddddddddddd\), which was removed .* dray finalize m1/),
    },
  ])
})
