import { sql } from 'kysely'
import type { Upgrade } from './upgrade.ts'

// Hosts that an operator has declared down, and what their agents are owed when they are back.
export const fences: Upgrade = async (db) => {
  await db.schema
    .createTable('host_fences')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('fenced_at', 'text', (column) => column.notNull())
    .addColumn('fenced_by', 'text', (column) => column.notNull())
    .addColumn('lifted_at', 'text')
    .execute()
  // A host is fenced once at a time.
  await db.schema
    .createIndex('host_fences_in_force')
    .unique()
    .on('host_fences')
    .column('host')
    .where(sql.ref('lifted_at'), 'is', null)
    .execute()

  await db.schema
    .createTable('owed_calls')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('after_host', 'text')
    .addColumn('migration_id', 'text', (column) => column.notNull())
    .addColumn('method', 'text', (column) => column.notNull())
    .addColumn('request_json', 'text', (column) => column.notNull())
    .addColumn('owed_since', 'text', (column) => column.notNull())
    .addColumn('done_at', 'text')
    .addColumn('error_json', 'text')
    .execute()
  await db.schema
    .createIndex('owed_calls_open')
    .on('owed_calls')
    .columns(['host', 'seq'])
    .where(sql.ref('done_at'), 'is', null)
    .execute()
}
