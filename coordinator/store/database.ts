// The coordinator's database: one SQLite file in the data directory, opened by one process at a time.
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { CamelCasePlugin, Kysely, SqliteAdapter, SqliteDialect, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { AppError } from '../../shared/errors.ts'
import type { Tables } from './tables.ts'
import { upgrades } from './upgrades.ts'

export type Database = Kysely<Tables>

const schemaTable = 'schema_upgrades'

// SQLite undoes CREATE TABLE like anything else (sqlite.org/lang_transaction.html): an upgrade that is interrupted has
// not happened.
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}
class TransactionalSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalSqliteAdapter()
  }
}

const connect = (file: string): Database => {
  // What containers are made of stands in it, their environment too. SQLite gives its other files the same mode.
  closeSync(openSync(file, 'a', 0o600))
  const sqlite = new Sqlite(file)
  sqlite.pragma('journal_mode = WAL')
  // A hand-over depends on what was committed being there after a power cut: WAL with NORMAL may lose the newest.
  sqlite.pragma('synchronous = FULL')
  sqlite.pragma('foreign_keys = ON')
  sqlite.pragma('busy_timeout = 5000')
  return new Kysely<Tables>({
    dialect: new TransactionalSqliteDialect({ database: sqlite }),
    plugins: [new CamelCasePlugin()],
  })
}

const namesApplied = async (db: Database): Promise<string[]> => {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === schemaTable)) return []
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(schemaTable)} order by name`.execute(db)
  return rows.map(({ name }) => name)
}

const refuseNewer = async (db: Database, file: string): Promise<void> => {
  const unknown = (await namesApplied(db)).filter((name) => !Object.hasOwn(upgrades, name))
  if (unknown.length === 0) return
  throw new AppError(
    'DRAYAGE_CONFIG_INVALID',
    `${file} was written by a newer version of Drayage (its schema has ${unknown.join(', ')}), and this one cannot ` +
      'tell what that means. Nothing was changed. Run the newer version, or start on a copy of the data directory from before it.',
  )
}

// upTo: the last upgrade to apply; for tests of the others.
const upgrade = async (db: Database, upTo: string | undefined): Promise<void> => {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...upgrades }) },
    migrationTableName: schemaTable,
    migrationLockTableName: 'schema_lock',
  })
  const { error } = await (upTo === undefined ? migrator.migrateToLatest() : migrator.migrateTo(upTo))
  if (error !== undefined) throw error
}

// Opens it, and brings an older one up to date in one transaction. Throws DRAYAGE_CONFIG_INVALID for a newer one.
export const openDatabase = async (file: string, { upTo }: { readonly upTo?: string } = {}): Promise<Database> => {
  const db = connect(file)
  try {
    await refuseNewer(db, file)
    await upgrade(db, upTo)
    return db
  } catch (thrown) {
    await db.destroy()
    throw thrown
  }
}

// Rejects when it does not.
export const isAnswering = async (db: Database): Promise<void> => {
  await sql`select 1`.execute(db)
}

export type DirectoryLock = { release(): void }

// One coordinator per data directory. The lock is a transaction held open in a file of its own: it ends with the
// process however that ends, and leaves the database itself readable by others (a backup, sqlite3).
export const lockDirectory = (dataDir: string): DirectoryLock => {
  const lock = new Sqlite(join(dataDir, 'coordinator.lock'))
  try {
    lock.pragma('busy_timeout = 0')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (thrown) {
    lock.close()
    if (!(thrown instanceof Sqlite.SqliteError) || !thrown.code.startsWith('SQLITE_BUSY')) throw thrown
    throw new AppError(
      'DRAYAGE_CONFIG_INVALID',
      `Another coordinator runs on ${dataDir}. Two on the same data would move the same container twice: stop that one, ` +
        'or give this one a data directory of its own.',
      { cause: thrown },
    )
  }
  return { release: () => lock.close() }
}
