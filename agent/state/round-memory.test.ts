import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openState } from './state.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-rounds-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const note = {
  role: 'source' as const,
  migrationId: 'm1',
  workloadId: 'w',
  epoch: 1,
  peerHost: 'host-2',
  containerId: 'c',
  containerName: 'web',
  imageId: 'sha256:1',
  imageReferences: [],
  volumes: [],
  fenced: null,
  stopped: null,
  isolated: null,
}

test('what is remembered of rounds outlives the process, for a workload that is noted here, and no other', async () => {
  const state = await openState(dir)
  await state.migrations.put(note)
  const kept = await state.roundMemory.of('w', 'v'.repeat(255))
  await writeFile(join(kept, 'held'), 'kept')
  await state.roundMemory.of('w2', 'data')
  const next = await openState(dir)
  expect(await readdir(await next.roundMemory.of('w', 'v'.repeat(255)))).toEqual(['held'])
  expect(await readdir(join(dir, 'rounds'))).toEqual(['w'])
})

test('each volume of each workload has a place of its own, which nobody else can read', async () => {
  const { roundMemory } = await openState(dir)
  const places = [await roundMemory.of('m1', 'a'), await roundMemory.of('m1', 'b'), await roundMemory.of('m2', 'a')]
  expect(new Set(places).size).toBe(3)
  for (const place of places) expect((await stat(place)).mode & 0o777).toBe(0o700)
  await expect(roundMemory.of('../m1', 'a')).rejects.toMatchObject({ code: 'DRAYAGE_INVALID_REQUEST' })
})

test('it goes with the last that is noted of its workload: a migration, what has arrived, what is retired', async () => {
  const state = await openState(dir)
  await state.migrations.put(note)
  await state.roundMemory.of('w', 'data')
  const kept = async () => (await readdir(join(dir, 'rounds'))).length > 0
  await state.arrived.add({ workloadId: 'w', migrationId: 'm1', containerId: 'c' })
  await state.migrations.forget('m1')
  expect([await kept(), (await openState(dir)).arrived.all().length]).toEqual([true, 1])
  await state.retired.add({
    ...{ workloadId: 'w', migrationId: 'm2', epoch: 2, containerId: 'c', containerName: 'web', movedTo: 'host-2' },
    ...{ retiredAt: '', volumes: [], renamedTo: '', restartPolicyJson: '' },
  })
  await state.arrived.remove('w')
  expect(await kept()).toBe(true)
  await state.retired.remove('c')
  expect(await kept()).toBe(false)
})
