import type { Upgrade } from './upgrade.ts'

export const hooksAndPauses: Upgrade = async (db) => {
  await db.schema
    .createTable('hook_runs')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('migration_id', 'text', (column) => column.notNull().references('migrations.id'))
    .addColumn('hook', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('command_json', 'text', (column) => column.notNull())
    .addColumn('on_error', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .addColumn('outcome', 'text')
    .addColumn('exit_code', 'integer')
    .addColumn('output', 'text')
    .addColumn('truncated', 'integer')
    .execute()
  await db.schema.createIndex('hook_runs_of_migration').on('hook_runs').column('migration_id').execute()
  await db.schema
    .alterTable('migrations')
    .addColumn('pause_requested', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
}
