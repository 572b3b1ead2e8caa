import { afterEach, beforeEach, expect, test } from 'vitest'
import { accepted } from '../migration/record.ts'
import { plan } from '../testing/stand-in-parts.ts'
import { type ClaimStore, createClaimStore } from './claims.ts'
import { createHostStore } from './hosts.ts'
import { createJournal } from './journal.ts'
import { openTemporaryDatabase, type TemporaryDatabase } from './testing/temporary-database.ts'
import { createVolumeHolds } from './volume-holds.ts'

const clock = { now: () => new Date(Date.UTC(2026, 0, 5)) }
const data = {
  name: 'data',
  destination: '/data',
  anonymous: false,
  copied: true,
  traits: [],
  entries: 1,
  contentBytes: 0,
  diskBytes: 0,
}

let temporary: TemporaryDatabase
let claims: ClaimStore
beforeEach(async () => {
  temporary = await openTemporaryDatabase()
  claims = createClaimStore(temporary.db)
  for (const name of ['host-1', 'host-2']) await createHostStore(temporary.db).add(name, clock.now())
})
afterEach(() => temporary.remove())

const journal = () => createJournal(temporary.db, clock)
const begin = async (id: string) => {
  await journal().create({
    ...{ id, kind: 'move', of: null, terms: {}, subject: 'web', idempotencyKey: null },
    members: [{ containerId: `c-${id}`, containerName: 'web' }],
    request: accepted({ container: 'web', from: 'host-1', to: 'host-2' }),
    plan: { ...plan, volumes: [data] },
  })
}
const claimed = async () =>
  (await claims.claims()).map(({ host, volume, kind, id }) => `${kind} ${id} ${host}/${volume}`)

test('a migration has its volumes on both hosts from its acceptance on, and keeps them until it is finalized', async () => {
  await begin('m1')
  expect(await claimed()).toEqual(['running m1 host-1/data', 'running m1 host-2/data'])
  await journal().end('m1', { state: 'awaiting-finalize', error: null })
  expect(await claimed()).toEqual(['kept m1 host-1/data', 'kept m1 host-2/data'])
  await journal().end('m1', { state: 'completed', error: null })
  expect(await claimed()).toEqual([])
  expect(await claims.migrations(['m1', 'm2'])).toEqual(new Map([['m1', { state: 'completed', from: 'host-1' }]]))
})

test('one that failed past its commit keeps both copies, one that was put back none', async () => {
  await begin('m1')
  await begin('m2')
  await journal().end('m1', { state: 'failed', error: null })
  await journal().end('m2', { state: 'rolled-back', error: null })
  expect(await claimed()).toEqual(['kept m1 host-1/data', 'kept m1 host-2/data'])
})

test('what its plan did not know is claimed by its lease', async () => {
  await begin('m1')
  const volumes = [{ name: 'later', createdAt: '', rootIdentity: '1:1' }]
  await journal().acquireLeases('m1', { host: 'host-1', members: [{ containerId: 'c-m1', volumes }] })
  expect(await claimed()).toContain('running m1 host-1/later')
})

test('a volume that is exported, imported, copied or removed is claimed for as long as that lasts', async () => {
  const holds = createVolumeHolds(temporary.db, clock)
  await holds.take({ id: 't1', kind: 'removal', reads: [], makes: [{ host: 'host-1', volume: 'old' }] })
  expect(await claimed()).toEqual(['transfer t1 host-1/old'])
  await holds.release('t1')
  expect(await claimed()).toEqual([])
})
