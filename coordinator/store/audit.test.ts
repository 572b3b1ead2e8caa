import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AuditStore, createAuditStore } from './audit.ts'
import { openTemporaryDatabase, type TemporaryDatabase } from './testing/temporary-database.ts'

const at = '2026-01-05T08:00:00.000Z'
let temporary: TemporaryDatabase
let audit: AuditStore
beforeEach(async () => {
  temporary = await openTemporaryDatabase()
  audit = createAuditStore(temporary.db, { now: () => new Date(at) })
})
afterEach(() => temporary.remove())

const entry = {
  actor: 'ci',
  role: 'operator',
  address: '10.0.0.9',
  action: 'startMigration',
  subject: 'web from host-1 to host-2',
  outcome: 'allowed',
  code: null,
  requestId: 'req-1',
} as const

test('what is put on record is read back newest first, in pages, and by who, what and how it ended', async () => {
  const refused = { ...entry, actor: null, outcome: 'refused', code: 'DRAYAGE_UNAUTHENTICATED' } as const
  for (const one of [entry, refused, { ...entry, action: 'cancelMigration' }]) await audit.append(one)
  expect((await audit.list({ limit: 10 })).map(({ seq }) => seq)).toEqual([3, 2, 1])
  expect((await audit.list({ limit: 1, before: 3 })).map(({ seq }) => seq)).toEqual([2])
  expect(await audit.list({ limit: 10, action: 'startMigration', outcome: 'allowed' })).toEqual([
    { seq: 1, at, ...entry },
  ])
  expect((await audit.list({ limit: 10, actor: 'ci' })).map(({ seq }) => seq)).toEqual([3, 1])
})

test('nobody changes or deletes a line, not even by SQL', async () => {
  await audit.append(entry)
  await expect(sql`delete from audit`.execute(temporary.db)).rejects.toThrow('only ever added to')
  await expect(sql`update audit set actor = 'nobody'`.execute(temporary.db)).rejects.toThrow('only ever added to')
  expect(await audit.list({ limit: 10 })).toEqual([{ seq: 1, at, ...entry }])
})
