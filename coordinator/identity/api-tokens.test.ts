import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ApiTokenStore, createApiTokenStore } from '../store/api-tokens.ts'
import { openTemporaryDatabase, type TemporaryDatabase } from '../store/testing/temporary-database.ts'
import { type ApiTokens, type Caller, createApiTokens, ensureAdminToken } from './api-tokens.ts'

const minuteMs = 60_000
let folder: string
let temporary: TemporaryDatabase
let store: ApiTokenStore
let now: Date
let tokens: ApiTokens
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-admin-'))
  temporary = await openTemporaryDatabase()
  store = createApiTokenStore(temporary.db)
  now = new Date('2026-01-05T08:00:00.000Z')
  tokens = createApiTokens(store, { now: () => now })
})
afterEach(async () => {
  await temporary.remove()
  rmSync(folder, { recursive: true, force: true })
})

const admin: Caller = { id: 'admin', name: 'admin', role: 'admin' }
const unknown = { code: 'DRAYAGE_UNAUTHENTICATED' }
const start = () => ensureAdminToken(folder, store, now)
const inFile = (file: string | null) => readFileSync(file ?? '', 'utf8').trim()

describe('a start', () => {
  test('the first leaves one token, for its owner alone, and keeps only its hash', async () => {
    const file = await start()
    const token = inFile(file)
    expect(statSync(file ?? '').mode & 0o777).toBe(0o600)
    expect(token).toMatch(/^dray_[\w-]{43}$/)
    expect(JSON.stringify(await store.list())).not.toContain(token)
    expect(await tokens.authenticate(token)).toEqual(admin)
    for (const wrong of ['', `${token}x`, token.slice(1), (await store.list())[0]?.hash ?? '']) {
      await expect(tokens.authenticate(wrong)).rejects.toMatchObject(unknown)
    }
  })

  test('a later one makes none, also when the file has been taken away', async () => {
    rmSync((await start()) ?? '')
    expect(await start()).toBeNull()
    expect(await tokens.list()).toHaveLength(1)
  })

  test('a first one takes over what is in the file: an operator put it there, or a start that was cut short', async () => {
    writeFileSync(join(folder, 'admin-token'), 'chosen-by-an-operator\n', { mode: 0o600 })
    await start()
    expect(await tokens.authenticate('chosen-by-an-operator')).toEqual(admin)
  })

  test('when every admin has run out, makes a new one, and never brings back what was removed', async () => {
    const first = inFile(await start())
    await tokens.add({ name: 'ada', role: 'admin', lifetimeSeconds: 60 }, admin)
    await tokens.add({ name: 'ci', role: 'operator' }, admin)
    await tokens.remove('admin')
    expect(await start()).toBeNull()
    now = new Date(now.getTime() + minuteMs)
    const second = inFile(await start())
    expect(await tokens.authenticate(second)).toMatchObject({ name: 'admin', role: 'admin' })
    // Another one than the first: what it asks for twice is not taken for what the first had asked for.
    expect((await tokens.authenticate(second)).id).not.toBe('admin')
    await expect(tokens.authenticate(first)).rejects.toMatchObject(unknown)
  })
})

describe('a token', () => {
  test('is shown once, has its role, and is good for ninety days unless told otherwise', async () => {
    const added = await tokens.add({ name: 'ci', role: 'operator' }, admin)
    expect(added).toMatchObject({ name: 'ci', role: 'operator', expiresAt: '2026-04-05T08:00:00.000Z' })
    expect(await tokens.authenticate(added.token)).toMatchObject({ name: 'ci', role: 'operator' })
    expect(JSON.stringify(await tokens.list())).not.toContain(added.token)
    const eternal = await tokens.add({ name: 'grafana', role: 'viewer', lifetimeSeconds: null }, admin)
    expect(eternal.expiresAt).toBeNull()
    now = new Date('2026-04-05T08:00:00.000Z')
    await expect(tokens.authenticate(added.token)).rejects.toMatchObject({
      ...unknown,
      message: expect.stringContaining('The token ci expired at 2026-04-05T08:00:00.000Z'),
    })
    expect(await tokens.authenticate(eternal.token)).toMatchObject({ name: 'grafana' })
  })

  test('says when it was last used, to the minute', async () => {
    const { token } = await tokens.add({ name: 'ci', role: 'operator' }, admin)
    const lastUsed = async () => (await tokens.list())[0]?.lastUsedAt
    expect(await lastUsed()).toBeNull()
    for (const [passed, expected] of [
      [0, '2026-01-05T08:00:00.000Z'],
      [minuteMs - 1, '2026-01-05T08:00:00.000Z'],
      [1, '2026-01-05T08:01:00.000Z'],
    ] as const) {
      now = new Date(now.getTime() + passed)
      await tokens.authenticate(token)
      expect(await lastUsed()).toBe(expected)
    }
  })

  test('has a name of its own, which is free again when it is removed', async () => {
    const first = await tokens.add({ name: 'ci', role: 'operator' }, admin)
    await expect(tokens.add({ name: 'ci', role: 'admin' }, admin)).rejects.toMatchObject({
      code: 'DRAYAGE_TOKEN_EXISTS',
    })
    await tokens.remove('ci')
    await expect(tokens.authenticate(first.token)).rejects.toMatchObject(unknown)
    await expect(tokens.remove('ci')).rejects.toMatchObject({ code: 'DRAYAGE_TOKEN_NOT_FOUND' })
    const second = await tokens.add({ name: 'ci', role: 'viewer' }, admin)
    expect(await tokens.authenticate(second.token)).toMatchObject({ role: 'viewer' })
  })

  test('stays where it is the last of an admin', async () => {
    await start()
    await tokens.add({ name: 'ci', role: 'operator' }, admin)
    const lastAdmin = { code: 'DRAYAGE_LAST_ADMIN' }
    await expect(tokens.remove('admin')).rejects.toMatchObject(lastAdmin)
    await tokens.add({ name: 'ada', role: 'admin', lifetimeSeconds: 60 }, admin)
    now = new Date(now.getTime() + minuteMs)
    // One that has run out lets nobody in.
    await expect(tokens.remove('admin')).rejects.toMatchObject(lastAdmin)
    await tokens.remove('ada')
    await tokens.add({ name: 'bob', role: 'admin' }, admin)
    await tokens.remove('admin')
    expect((await tokens.list()).map(({ name }) => name)).toEqual(['bob', 'ci'])
  })
})
