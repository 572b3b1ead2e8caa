import { lstatSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openAuthority } from './authority.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-authority-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const refused = (why: RegExp) => ({ code: 'DRAYAGE_CONFIG_INVALID', message: expect.stringMatching(why) })

test('an authority is made where there is none and no host trusts another, and only then', async () => {
  const enrolledHosts = async () => ['host-1', 'host-2']
  await expect(openAuthority(folder, new Date(), { enrolledHosts })).rejects.toMatchObject(
    refused(/2 enrolled hosts trust it \(host-1, host-2\).* back from a backup/),
  )
  expect(readdirSync(folder)).toEqual([])
  const { fingerprint } = await openAuthority(folder, new Date(), { enrolledHosts: async () => [] })
  expect((await openAuthority(folder, new Date(), { enrolledHosts })).fingerprint).toBe(fingerprint)
})

test('a link to an authority that is not there now is left as it is', async () => {
  const link = join(folder, 'authority.pem')
  symlinkSync(join(folder, 'not-mounted', 'authority.pem'), link)
  await expect(openAuthority(folder, new Date())).rejects.toMatchObject(refused(/ENOENT.*mount what it is on/))
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
})
