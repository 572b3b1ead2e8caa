import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ErrorCode } from '../../shared/errors.ts'
import { createHostStore } from './hosts.ts'
import { createJournal } from './journal.ts'
import { openTemporaryDatabase, type TemporaryDatabase } from './testing/temporary-database.ts'
import { createVolumeHolds, type VolumeHolds } from './volume-holds.ts'

const clock = { now: () => new Date('2026-01-05T08:00:00Z'), sleep: async () => {} }
let temporary: TemporaryDatabase
let holds: VolumeHolds
beforeEach(async () => {
  temporary = await openTemporaryDatabase()
  holds = createVolumeHolds(temporary.db, clock)
})
afterEach(() => temporary.remove())

const data = { host: 'host-1', volume: 'data' }
const reading = (id: string) => ({ id, kind: 'export', reads: [data], makes: [] }) as const
const making = (id: string) => ({ id, kind: 'import', reads: [], makes: [data] }) as const

const refused = async (code: ErrorCode, work: Promise<unknown>) =>
  expect(work).rejects.toMatchObject({ code, message: expect.stringContaining('The volume data on host-1') })

// A migration that may take its lease on a container with the volume.
const migration = async (id: string) => {
  const hosts = createHostStore(temporary.db)
  for (const host of ['host-1', 'host-2']) await hosts.add(host, clock.now())
  const journal = createJournal(temporary.db, clock)
  const request = { container: 'web', from: 'host-1', to: 'host-2' }
  await journal.create({
    id,
    kind: 'move',
    of: null,
    terms: {},
    request: request as never,
    subject: 'web',
    members: [{ containerId: `c-${id}`, containerName: 'web' }],
    plan: { warnings: [] } as never,
    idempotencyKey: null,
  })
  const volumes = [{ name: 'data', createdAt: '', rootIdentity: '1:2' }]
  return {
    acquire: () => journal.acquireLeases(id, { host: 'host-1', members: [{ containerId: `c-${id}`, volumes }] }),
  }
}

test('several may read a volume at a time, and none while it is made', async () => {
  await holds.take(reading('t1'))
  await holds.take(reading('t2'))
  await refused('DRAYAGE_VOLUME_BUSY', holds.take(making('t3')))
  await holds.release('t1')
  await holds.release('t2')
  await holds.take(making('t3'))
  await refused('DRAYAGE_VOLUME_BUSY', holds.take(reading('t4')))
  await refused('DRAYAGE_VOLUME_BUSY', holds.take(making('t5')))
})

test('a migration and a transfer never have the same volume', async () => {
  const { acquire } = await migration('m1')
  await holds.take(reading('t1'))
  await refused('DRAYAGE_VOLUME_BUSY', acquire())
  await holds.release('t1')
  await acquire()
  await refused('DRAYAGE_MIGRATION_IN_PROGRESS', holds.take(reading('t2')))
  await refused('DRAYAGE_MIGRATION_IN_PROGRESS', holds.take(making('t3')))
})

test('a copy whose target is taken holds its source neither', async () => {
  const target = { host: 'host-2', volume: 'data' }
  await holds.take({ id: 't1', kind: 'import', reads: [], makes: [target] })
  await expect(holds.take({ id: 't2', kind: 'copy', reads: [data], makes: [target] })).rejects.toMatchObject({
    code: 'DRAYAGE_VOLUME_BUSY',
    details: { transfer: 't1' },
  })
  await holds.take(making('t3'))
})

test('what a process that is gone held is nobody’s', async () => {
  await holds.take(making('t1'))
  await holds.clear()
  await holds.take(making('t2'))
})
