import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { restoreBackup, takeBackup } from './backup.ts'
import { openDatabase } from './database.ts'
import { endRecovery, whyRecovery } from './facts.ts'
import { createHostStore } from './hosts.ts'

const now = new Date('2026-01-05T08:00:00Z')
const outside = { version: '0.1.0', now }
let folder: string
let dataDir: string
let backup: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-backup-'))
  ;[dataDir, backup] = [join(folder, 'data'), join(folder, 'backup.db')]
  mkdirSync(dataDir)
  writeFileSync(join(dataDir, 'authority.pem'), 'the key and the certificate')
  writeFileSync(join(dataDir, 'admin-token'), 'secret\n')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (directory = dataDir) => openDatabase(join(directory, 'coordinator.db'))
const names = async (directory: string): Promise<string[]> => {
  const db = await open(directory)
  try {
    return (await createHostStore(db).list()).map(({ name }) => name)
  } finally {
    await db.destroy()
  }
}

test('a backup that is taken while the coordinator writes holds one moment of it, whole, and is the owner’s alone to read', async () => {
  const db = await open()
  const hosts = createHostStore(db)
  let taking = true
  const writing = (async () => {
    for (let count = 0; taking || count < 20; count++) {
      await hosts.add(`host-${String(count).padStart(5, '0')}`, now)
      // The other's turn: writing is synchronous.
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  await takeBackup(dataDir, backup, outside)
  taking = false
  await writing
  await db.destroy()
  expect(statSync(backup).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder).toSorted()).toEqual(['backup.db', 'data'])

  const restored = join(folder, 'restored')
  expect(await restoreBackup(backup, restored, { now })).toMatchObject({ version: '0.1.0', takenAt: now.toISOString() })
  const there = await names(restored)
  expect(there).toEqual((await names(dataDir)).slice(0, there.length))
})

test('what is restored is all that a coordinator needs, and the database says that it was restored', async () => {
  const db = await open()
  await createHostStore(db).add('host-1', now)
  expect(await whyRecovery(db)).toBeNull()
  await db.destroy()
  await takeBackup(dataDir, backup, outside)
  const restored = join(folder, 'restored')
  mkdirSync(restored)
  await restoreBackup(backup, restored, { now })
  expect(readdirSync(restored).toSorted()).toEqual(['admin-token', 'authority.pem', 'coordinator.db'])
  expect(statSync(restored).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(restored)) expect(statSync(join(restored, name)).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(restored, 'authority.pem'), 'utf8')).toBe('the key and the certificate')
  expect(await names(restored)).toEqual(['host-1'])
  const again = await open(restored)
  expect(await whyRecovery(again)).toMatchObject({ since: now, why: expect.stringContaining('restored') })
  await endRecovery(again)
  expect(await whyRecovery(again)).toBeNull()
  await again.destroy()
  expect(readdirSync(folder).toSorted()).toEqual(['backup.db', 'data', 'restored'])
})

test('nothing is written over: neither a backup, nor a data directory that has anything in it', async () => {
  await (await open()).destroy()
  writeFileSync(backup, 'an older one')
  await expect(takeBackup(dataDir, backup, outside)).rejects.toMatchObject({ code: 'DRAYAGE_CONFIG_INVALID' })
  expect(readFileSync(backup, 'utf8')).toBe('an older one')
  rmSync(backup)
  await takeBackup(dataDir, backup, outside)
  await expect(restoreBackup(backup, dataDir, { now })).rejects.toMatchObject({ code: 'DRAYAGE_CONFIG_INVALID' })
  await expect(takeBackup(folder, join(folder, 'other.db'), outside)).rejects.toMatchObject({
    message: expect.stringContaining('lacks coordinator.db and authority.pem'),
  })
})

test('a backup that is not whole is refused, and leaves nothing behind', async () => {
  await (await open()).destroy()
  await takeBackup(dataDir, backup, outside)
  const whole = readFileSync(backup)
  const restored = join(folder, 'restored')
  const refuses = async (what: Buffer) => {
    writeFileSync(backup, what)
    await expect(restoreBackup(backup, restored, { now })).rejects.toMatchObject({ code: 'DRAYAGE_BACKUP_DAMAGED' })
    expect(existsSync(restored)).toBe(false)
    expect(readdirSync(folder).toSorted()).toEqual(['backup.db', 'data'])
  }
  await refuses(whole.subarray(0, whole.length / 2))
  await refuses(Buffer.from('no database'))
  const key = whole.indexOf('the key and the certificate')
  expect(key).toBeGreaterThan(0)
  const altered = Buffer.from(whole)
  altered.write('THE', key)
  await refuses(altered)
  writeFileSync(backup, whole)
  const other = new Sqlite(backup)
  other.exec("update backup_facts set value = '2' where name = 'format'")
  other.close()
  await refuses(readFileSync(backup))
})
