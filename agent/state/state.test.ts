import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Type } from 'typebox'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readDocument, writeDocument } from './document.ts'
import type { SourceNote } from './migrations.ts'
import { takeOwnership } from './owner.ts'
import { openState } from './state.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-state-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const lease = (epoch: number, migrationId = `m-${epoch}`, workloadId = 'w-1') => ({ migrationId, workloadId, epoch })
const note: SourceNote = {
  role: 'source',
  ...lease(1),
  peerHost: 'host-2',
  containerId: 'c'.repeat(64),
  containerName: 'web',
  imageId: 'sha256:1',
  imageReferences: ['web:1'],
  volumes: [{ name: 'data', mountpoint: '/var/lib/docker/volumes/data/_data', rootIdentity: '1:2' }],
  fenced: { policy: { Name: 'always', MaximumRetryCount: 0 }, wasRunning: true },
  stopped: null,
  isolated: null,
}

test('epochs, notes and retired workloads are there again after a restart', async () => {
  const before = await openState(dir)
  expect(await before.epochs.grant(lease(1))).toBe(0)
  expect(await before.epochs.grant(lease(4))).toBe(1)
  await before.migrations.put(note)
  const retired = {
    ...lease(1),
    containerId: note.containerId,
    containerName: 'web',
    movedTo: 'host-2',
    retiredAt: '2026-01-01T00:00:00Z',
    volumes: note.volumes,
    renamedTo: '',
    restartPolicyJson: '',
  }
  await before.retired.add(retired)

  const after = await openState(dir)
  expect(() => after.epochs.check(lease(3))).toThrow(expect.objectContaining({ code: 'DRAYAGE_EPOCH_STALE' }))
  expect(after.migrations.find(note.migrationId)).toEqual(note)
  expect(after.retired.byContainer(note.containerId)).toEqual(retired)

  await after.migrations.forget(note.migrationId)
  expect((await openState(dir)).migrations.all()).toEqual([])
})

test('an epoch never goes down, whatever is asked for and in whichever order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ epoch: fc.integer({ min: 1, max: 6 }), migration: fc.constantFrom('a', 'b') }), {
        minLength: 1,
        maxLength: 12,
      }),
      async (grants) => {
        const folder = await mkdtemp(join(dir, 'p-'))
        const { epochs } = await openState(folder)
        let held = { epoch: 0, migration: '' }
        for (const { epoch, migration } of grants) {
          const asked = epochs.grant(lease(epoch, migration)).then(
            () => true,
            () => false,
          )
          const allowed = epoch > held.epoch || (epoch === held.epoch && migration === held.migration)
          expect(await asked).toBe(allowed)
          if (allowed) held = { epoch, migration }
        }
        const { epochs: again } = await openState(folder)
        expect(() => again.check(lease(held.epoch - 1, 'c'))).toThrow(/epoch/)
        expect(() => again.check(lease(held.epoch, held.migration))).not.toThrow()
      },
    ),
    { numRuns: 40 },
  )
})

test('a grant asked for twice, at once or later, is answered alike', async () => {
  const { epochs } = await openState(dir)
  await epochs.grant(lease(3))
  expect(await Promise.all([epochs.grant(lease(7)), epochs.grant(lease(7))])).toEqual([3, 3])
  expect(await (await openState(dir)).epochs.grant(lease(7))).toBe(3)
})

test('a file that was cut, altered or emptied is an error that names it, never an empty state', async () => {
  const path = join(dir, 'document.json')
  const schema = Type.Object({ epoch: Type.Integer(), name: Type.String() })
  await writeDocument(path, { epoch: 12, name: 'web' })
  const whole = await readFile(path)
  const parsed = JSON.parse(whole.toString())
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.nat({ max: whole.length - 2 }).map((length) => whole.subarray(0, length)),
        fc.tuple(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 })).map(([at, mask]) => {
          const flipped = Buffer.from(whole)
          flipped[at] = (flipped[at] ?? 0) ^ mask
          return flipped
        }),
      ),
      async (damaged) => {
        await writeFile(path, damaged)
        // What reads as the same document is not damaged: a flip between two kinds of white space, say.
        const same = (() => {
          try {
            return JSON.stringify(JSON.parse(damaged.toString())) === JSON.stringify(parsed)
          } catch {
            return false
          }
        })()
        if (same) expect(await readDocument(path, schema)).toEqual(parsed.content)
        else {
          await expect(readDocument(path, schema)).rejects.toMatchObject({
            code: 'DRAYAGE_STATE_DAMAGED',
            message: expect.stringContaining(path),
          })
        }
      },
    ),
  )
})

test('an agent does not start on a damaged state', async () => {
  const { migrations } = await openState(dir)
  await migrations.put(note)
  await truncate(join(dir, 'state', 'migrations', `${note.migrationId}.json`), 40)
  await expect(openState(dir)).rejects.toMatchObject({ code: 'DRAYAGE_STATE_DAMAGED' })
})

test('what a crash left of a write that did not happen is not read, and does not stand in the way', async () => {
  const { migrations } = await openState(dir)
  await migrations.put(note)
  const file = join(dir, 'state', 'migrations', `${note.migrationId}.json`)
  await writeFile(`${file}.new`, '{"format":1,"sha2')
  const again = await openState(dir)
  expect(again.migrations.all()).toEqual([note])
  await again.migrations.put({ ...note, fenced: null })
  expect(await readdir(join(dir, 'state', 'migrations'))).toEqual([`${note.migrationId}.json`])
})

test('writes of one note that are asked for at once end with the last of them', async () => {
  const { migrations } = await openState(dir)
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => migrations.put({ ...note, containerName: `web-${index}` })),
  )
  expect((await openState(dir)).migrations.find(note.migrationId)).toMatchObject({ containerName: 'web-19' })
})

test('a migration whose id is no file name is refused', async () => {
  const { migrations } = await openState(dir)
  for (const migrationId of ['', '../../etc/x', 'a/b', '.', 'a'.repeat(65)]) {
    await expect(migrations.put({ ...note, migrationId })).rejects.toMatchObject({ code: 'DRAYAGE_INVALID_REQUEST' })
  }
})

test('a data directory has one agent, and a dead one does not keep it', async () => {
  const first = await takeOwnership(dir)
  await expect(takeOwnership(dir)).rejects.toThrow(/Another agent is running/)
  await first.release()
  const second = await takeOwnership(dir)
  await second.release()
  // What kill -9 leaves: the socket's file, and nobody behind it.
  await writeFile(join(dir, 'agent.lock'), '')
  const third = await takeOwnership(dir)
  await third.release()
})
