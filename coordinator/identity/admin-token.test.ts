import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { authenticate, ensureAdminToken, type KnownToken } from './admin-token.ts'

let folder: string
let known: KnownToken[]
const tokens = {
  list: async () => known,
  add: async (token: KnownToken) => void known.push(token),
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-admin-'))
  known = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('the first start leaves one token, for its owner alone, and keeps only its hash', async () => {
  const file = await ensureAdminToken(folder, tokens, new Date())
  if (file === null) throw new Error('No token was made')
  const token = readFileSync(file, 'utf8').trim()
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(token.length).toBeGreaterThanOrEqual(43)
  expect(JSON.stringify(known)).not.toContain(token)
  expect(await authenticate(tokens, token)).toBe('admin')
  for (const wrong of ['', `${token}x`, token.slice(1), known[0]?.hash ?? '']) {
    expect(await authenticate(tokens, wrong)).toBeNull()
  }
})

test('a later start makes none, also when the file has been taken away', async () => {
  const file = await ensureAdminToken(folder, tokens, new Date())
  rmSync(file ?? '')
  expect(await ensureAdminToken(folder, tokens, new Date())).toBeNull()
  expect(known).toHaveLength(1)
})

test('a first start that was cut short after the file was written takes that token over', async () => {
  writeFileSync(join(folder, 'admin-token'), 'left-by-the-last-start\n', { mode: 0o600 })
  await ensureAdminToken(folder, tokens, new Date())
  expect(await authenticate(tokens, 'left-by-the-last-start')).toBe('admin')
})
