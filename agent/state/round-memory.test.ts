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

test('what is remembered of rounds outlives the process, for a migration that is noted here, and no other', async () => {
  const state = await openState(dir)
  await state.migrations.put(note)
  const kept = await state.roundMemory.of('m1', 'v'.repeat(255))
  await writeFile(join(kept, 'held'), 'kept')
  await state.roundMemory.of('m2', 'data')
  const next = await openState(dir)
  expect(await readdir(await next.roundMemory.of('m1', 'v'.repeat(255)))).toEqual(['held'])
  expect(await readdir(join(dir, 'rounds'))).toEqual(['m1'])
})

test('each volume of each migration has a place of its own, which nobody else can read', async () => {
  const { roundMemory } = await openState(dir)
  const places = [await roundMemory.of('m1', 'a'), await roundMemory.of('m1', 'b'), await roundMemory.of('m2', 'a')]
  expect(new Set(places).size).toBe(3)
  for (const place of places) expect((await stat(place)).mode & 0o777).toBe(0o700)
  await expect(roundMemory.of('../m1', 'a')).rejects.toMatchObject({ code: 'DRAYAGE_INVALID_REQUEST' })
})

test('it goes with the note of its migration', async () => {
  const state = await openState(dir)
  await state.migrations.put(note)
  await state.roundMemory.of('m1', 'data')
  await state.migrations.forget('m1')
  expect(await readdir(join(dir, 'rounds'))).toEqual([])
})
