import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockDirectory, openDatabase } from './database.ts'
import { createHostStore } from './hosts.ts'
import { createJournal } from './journal.ts'
import { upgrades } from './upgrades.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-store-'))
  file = join(folder, 'coordinator.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('what a hand-over depends on is synced to the disk with every commit', async () => {
  const db = await openDatabase(file)
  const pragma = async (name: string) => {
    const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(db)
    return Object.values(rows[0] ?? {})[0]
  }
  // 2 is FULL: sqlite.org/pragma.html#pragma_synchronous
  expect(await pragma('synchronous')).toBe(2)
  expect(await pragma('journal_mode')).toBe('wal')
  expect(await pragma('foreign_keys')).toBe(1)
  await db.destroy()
})

test.each([undefined, ...Object.keys(upgrades)])(
  'a database at schema %s is brought up to date with its data',
  async (version) => {
    if (version !== undefined) {
      const old = await openDatabase(file, { upTo: version })
      await sql`insert into hosts (name, added_at) values ('host-1', '2026-01-01T00:00:00.000Z')`.execute(old)
      await old.destroy()
    }
    const db = await openDatabase(file)
    const hosts = await createHostStore(db).list()
    expect(hosts.map(({ name }) => name)).toEqual(version === undefined ? [] : ['host-1'])
    // Every table of the newest schema is there and answers.
    for (const table of ['apiTokens', 'mounts', 'leases', 'journalEntries', 'rounds'] as const) {
      expect(await db.selectFrom(table).selectAll().execute()).toEqual([])
    }
    await db.destroy()
  },
)

test('an older database keeps the sizes it has, of no known age, and knows which key each agent has now', async () => {
  const old = await openDatabase(file, { upTo: '0003-workloads-and-journal' })
  await sql`insert into hosts (name, added_at) values ('host-1', '2026'), ('host-2', '2026')`.execute(old)
  await sql`insert into join_tokens (hash, host, created_at, expires_at, used_at, public_key_hash) values
    ('a', 'host-1', '1', '9', '2026-01-01T00:00:00.000Z', 'first'), ('b', 'host-1', '1', '9', '2026-02-01T00:00:00.000Z', 'second'),
    ('c', 'host-1', '1', '9', null, null), ('d', 'host-2', '1', '9', null, null)`.execute(old)
  await sql`insert into volumes (host, name, created_at, driver, mountpoint, scope, options_json, labels_json, anonymous,
    size_bytes, first_seen, last_seen) values ('host-1', 'data', '', 'local', '/m', 'local', '{}', '{}', 0, 4096, '1', '1')`.execute(
    old,
  )
  await old.destroy()
  const db = await openDatabase(file)
  expect((await createHostStore(db).list()).map((host) => host.publicKeyHash)).toEqual(['second', null])
  const volumes = await db.selectFrom('volumes').select(['sizeBytes', 'sizeMeasuredAt']).execute()
  expect(volumes).toEqual([{ sizeBytes: 4096, sizeMeasuredAt: null }])
  await db.destroy()
})

test('an upgrade that fails leaves the database as it was', async () => {
  const old = await openDatabase(file, { upTo: '0001-hosts-and-tokens' })
  // Stands in the way of the last table that the upgrades make.
  await sql`create table rounds (taken text)`.execute(old)
  await old.destroy()
  await expect(openDatabase(file)).rejects.toThrow('rounds')

  const again = await openDatabase(file, { upTo: '0001-hosts-and-tokens' })
  const tables = (await again.introspection.getTables()).map(({ name }) => name)
  expect(tables).not.toContain('volumes')
  expect(tables).not.toContain('migrations')
  await sql`drop table rounds`.execute(again)
  await again.destroy()
  await (await openDatabase(file)).destroy()
})

test('a database of a newer version is refused, named, and left alone', async () => {
  const db = await openDatabase(file)
  await sql`insert into schema_upgrades (name, timestamp) values ('0099-from-the-future', '2030-01-01')`.execute(db)
  await db.destroy()
  await expect(openDatabase(file)).rejects.toMatchObject({
    code: 'DRAYAGE_CONFIG_INVALID',
    message: expect.stringContaining('0099-from-the-future'),
  })
})

test('a data directory has one coordinator at a time, and is free when it has ended', () => {
  const lock = lockDirectory(folder)
  expect(() => lockDirectory(folder)).toThrow(expect.objectContaining({ code: 'DRAYAGE_CONFIG_INVALID' }))
  lock.release()
  lockDirectory(folder).release()
})

test('migrations of before there were sets are of one member each, with all that their steps have left', async () => {
  const old = await openDatabase(file, { upTo: '0015-removed-hosts' })
  await sql`insert into hosts (name, added_at) values ('host-1', '2026'), ('host-2', '2026')`.execute(old)
  await sql`insert into workloads (id, host, container_id, epoch, created_at) values ('w', 'host-2', 'c2', 2, '1')`.execute(
    old,
  )
  const request = JSON.stringify({ container: 'web', from: 'host-1', to: 'host-2' })
  const plan = JSON.stringify({
    container: { id: 'c1', name: 'web', state: 'running' },
    image: { reference: 'web:1' },
    volumes: [],
  })
  const add = (id: string, kind: string, of: string | null, terms: object, state: string, followedBy: string | null) =>
    sql`insert into migrations (id, request_json, container_id, container_name, plan_json, state, cancel_requested,
      warnings_json, workload_id, epoch, created_at, updated_at, ended_at, kind, of_id, terms_json, followed_by) values
      (${id}, ${request}, 'c1', 'web', ${plan}, ${state}, 0, '[]', 'w', 2, '1', '1', null, ${kind}, ${of},
      ${JSON.stringify(terms)}, ${followedBy})`.execute(old)
  const volumes = [{ name: 'data', rootIdentity: '1:2' }]
  await add('m1', 'move', null, {}, 'completed', 'm3')
  await add('m2', 'return', 'm1', { start: true, unasked: true }, 'running', null)
  await add('m3', 'finalize', 'm1', { removeImage: true, volumes }, 'running', null)
  const facts = JSON.stringify({ hold: { targetContainerId: 'c2', retained: null } })
  const receipt = JSON.stringify({ finalcopy: { durationMs: 7 } })
  await sql`insert into journal_entries (migration_id, step, phase, at, facts_json) values
    ('m1', 'lock', 'done', '1', null), ('m1', 'hold', 'done', '1', ${facts}), ('m1', 'finalcopy', 'done', '1', ${receipt})`.execute(
    old,
  )
  await sql`insert into hook_runs (migration_id, hook, host, command_json, on_error, started_at) values
    ('m1', 'pre-stop', 'host-1', '["sync"]', 'fail', '1')`.execute(old)
  await old.destroy()

  const db = await openDatabase(file)
  const journal = createJournal(db, { now: () => new Date() })
  const lease = (migrationId: string) => ({ migrationId, workloadId: 'w', epoch: 2 })
  const web = { containerId: 'c1', containerName: 'web' }
  expect(await journal.find('m1')).toMatchObject({
    ...{ subject: 'web', terms: {}, members: [{ ...web, lease: lease('m1'), settledBy: 'm3' }] },
    plan: { members: [{ id: 'c1', name: 'web', state: 'running', image: { reference: 'web:1' } }] },
  })
  expect(await journal.find('m2')).toMatchObject({
    ...{ terms: { unasked: true }, members: [{ ...web, start: true, lease: lease('m2'), settledBy: null }] },
  })
  expect(await journal.find('m3')).toMatchObject({
    ...{ terms: { removeImage: true }, members: [{ ...web, left: { by: 'm1', volumes } }] },
  })
  expect((await journal.entries('m1')).map(({ facts }) => facts)).toEqual([
    null,
    { hold: [{ targetContainerId: 'c2', retained: null }] },
    { finalcopy: { durationMs: 7 } },
  ])
  expect(await journal.hookRuns('m1')).toMatchObject([{ hook: 'pre-stop', container: 'web' }])
  await db.destroy()
})
