// A database of its own for a test.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, openDatabase } from '../database.ts'

export type TemporaryDatabase = {
  readonly db: Database
  readonly folder: string
  readonly file: string
  remove(): Promise<void>
}

export const openTemporaryDatabase = async (): Promise<TemporaryDatabase> => {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-store-'))
  const file = join(folder, 'coordinator.db')
  const db = await openDatabase(file)
  return {
    db,
    folder,
    file,
    remove: async () => {
      await db.destroy()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
