import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTrust } from './trust.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-trust-'))
  await mkdir(join(dir, 'identity'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

test('whom the coordinator has revoked is refused after a start too, until it says otherwise', async () => {
  const first = await openTrust(dir, async () => {})
  expect([first.version(), first.banned.has('a')]).toEqual(['', false])
  let changes = 0
  first.banned.onChange(() => {
    changes += 1
  })
  await first.accept({ version: 'v1', revokedKeys: ['a', 'b'], authorities: [] })
  expect([first.banned.has('a'), changes]).toEqual([true, 1])
  const second = await openTrust(dir, async () => {})
  expect([second.version(), second.banned.has('b')]).toEqual(['v1', true])
  await second.accept({ version: 'v2', revokedKeys: ['b'], authorities: [] })
  expect((await openTrust(dir, async () => {})).banned.has('a')).toBe(false)
})
