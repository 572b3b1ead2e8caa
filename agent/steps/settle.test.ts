import { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import { asideOf } from '../set-aside/set-aside.ts'
import { createVolumeEngine } from '../volume/engine.ts'
import type { AgentContext } from './context.ts'
import { fenceSource } from './fence.ts'
import { isolateSource } from './isolate.ts'
import { settleWorkload } from './settle.ts'
import { stopSource } from './stop.ts'
import { containerId, createSource, lease } from './testing/source.ts'

const volumes = createVolumeEngine()
const base = await mkdtemp(join(tmpdir(), 'drayage-settle-'))
afterAll(async () => {
  await volumes.close()
  await rm(base, { recursive: true, force: true })
})

type Source = Awaited<ReturnType<typeof createSource>>
const settled = { migrationId: '01JSETTLED00000000', workloadId: lease.workloadId, epoch: 2 }

const contextOf = async ({ context, described, model }: Source): Promise<AgentContext> => {
  const made = await context()
  const workload = {
    containerId,
    name: model.name,
    volumes: described,
    binds: [],
    obstacles: [],
    warnings: [],
    stopTimeoutSeconds: 10,
  }
  const engine = {
    ...made.engine,
    describe: async () => ({ ...workload, image: null }) as unknown as Workload__Output,
    removeHolder: async () => {},
  }
  return { ...made, engine }
}
const forward = async (source: Source) => {
  await fenceSource(await source.context(), containerId, lease)
  await stopSource(await source.context(), { containerId, stopTimeoutSeconds: 10 }, lease)
  await isolateSource(await source.context(), { containerId, volumes: source.described }, lease)
}
const settle = async (source: Source, ownerHost: string) =>
  settleWorkload(
    await contextOf(source),
    { ownerHost, isOwner: ownerHost === 'host-1', containerIds: [containerId] },
    settled,
  )

const lost = async (source: Source, migrationId: string) => {
  const { state } = await source.context()
  expect(source.model).toMatchObject({ running: false, policy: { Name: 'no' } })
  expect(await readdir(dirname(source.mountpoint))).toContain(asideOf('_data', migrationId))
  expect(state.retired.byContainer(containerId)).toMatchObject({ movedTo: 'host-3', epoch: expect.any(Number) })
  expect(state.migrations.all()).toEqual([])
  expect(state.epochs.all()).toEqual([{ workloadId: lease.workloadId, epoch: 2, migrationId: settled.migrationId }])
}

test('the copy that lost is stopped, set aside and retired, however far a move was with it, and asking again changes nothing', async () => {
  for (const before of [async () => {}, forward]) {
    const source = await createSource(base, volumes)
    await before(source)
    for (let time = 0; time < 2; time += 1) {
      await settle(source, 'host-3')
      await lost(source, lease.migrationId)
    }
  }
})

test('the disk of the copy that lost has got another number since it was noted: the host was started anew', async () => {
  const source = await createSource(base, volumes)
  const { migrations } = (await source.context()).state
  const [note] = migrations.all()
  if (note?.role !== 'source') throw new Error('the source has no note')
  const renumbered = note.volumes.map((volume) => ({ ...volume, rootIdentity: `9${volume.rootIdentity}` }))
  await migrations.put({ ...note, volumes: renumbered })
  await settle(source, 'host-3')
  await lost(source, lease.migrationId)
})

test('the owner that a move had stopped half way runs again, as it was', async () => {
  const source = await createSource(base, volumes)
  await forward(source)
  for (let time = 0; time < 2; time += 1) {
    await settle(source, 'host-1')
    expect(source.model).toMatchObject({ running: true, policy: { Name: 'always' }, name: 'web' })
    expect(await readdir(dirname(source.mountpoint))).toEqual(['_data'])
    const { state } = await source.context()
    expect([state.retired.all(), state.migrations.all()]).toEqual([[], []])
  }
})

test('of two that share a volume, the second to lose goes without it: the first has set it aside', async () => {
  const source = await createSource(base, volumes)
  const first = 'f'.repeat(64)
  const noted = { name: 'data', mountpoint: source.mountpoint, rootIdentity: source.rootIdentity }
  await (await source.context()).state.retired.add({
    ...{ workloadId: 'v', migrationId: '01JUNDO00000000000.2', epoch: 2, containerId: first, containerName: 'side' },
    ...{ movedTo: 'host-3', retiredAt: '', volumes: [noted], renamedTo: '', restartPolicyJson: '' },
  })
  await rename(source.mountpoint, asideOf(source.mountpoint, '01JUNDO00000000000.2'))
  await settle(source, 'host-3')
  const { state } = await source.context()
  expect(source.model).toMatchObject({ running: false, policy: { Name: 'no' } })
  expect(state.retired.byContainer(containerId)).toMatchObject({ movedTo: 'host-3', volumes: [] })
  expect(state.retired.byContainer(first)).toMatchObject({ volumes: [noted] })
  expect(await readdir(dirname(source.mountpoint))).toEqual([asideOf('_data', '01JUNDO00000000000.2')])
})
