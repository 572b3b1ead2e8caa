import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import { createJournal } from './journal.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-crash-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

// What the writer was told is done, up to where it was killed.
const writeAndKill = async (file: string, afterMigrations: number): Promise<string[]> => {
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'testing', 'journal-writer.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  for await (const chunk of writer.stdout) {
    said += chunk
    if (said.split('\n').length > afterMigrations) writer.kill('SIGKILL')
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit')
  expect(writer.signalCode).toBe('SIGKILL')
  return [...said.matchAll(/^done (.+)\n/gm)].map(([, id = '']) => id)
}

test('a kill in the middle loses nothing that was done, and leaves no half of anything', {
  timeout: 120_000,
}, async () => {
  const file = join(folder, 'coordinator.db')
  for (const afterMigrations of [1, 3, 7, 20]) {
    const done = await writeAndKill(file, afterMigrations)
    expect(done.length).toBeGreaterThanOrEqual(afterMigrations)
    const db = await openDatabase(file)
    const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db)
    expect(rows.map((row) => Object.values(row)[0])).toEqual(['ok'])

    const journal = createJournal(db, { now: () => new Date() })
    for (const id of done) expect((await journal.find(id))?.state).toBe('awaiting-finalize')

    for (const record of await journal.list({ limit: 10_000 })) {
      const entries = await journal.entries(record.id)
      const committed = entries.some(({ step, phase }) => step === 'commit' && phase === 'done')
      const leases = await db.selectFrom('leases').select('resource').where('migrationId', '=', record.id).execute()
      // Lease and epoch come together, and go with the end.
      const lease = record.members[0]?.lease ?? null
      expect(leases.length).toBe(lease !== null && record.endedAt === null ? 3 : 0)
      if (lease === null) continue
      const { host } = await db
        .selectFrom('workloads')
        .select('host')
        .where('id', '=', lease.workloadId)
        .executeTakeFirstOrThrow()
      // There is one owner, and it is the target exactly where the step is done.
      expect(host).toBe(committed ? 'host-2' : 'host-1')
    }
    await db.destroy()
  }
})
