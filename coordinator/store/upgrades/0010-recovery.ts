import type { Upgrade } from './upgrade.ts'

// What a coordinator that lost part of its memory was told, and what was done without it.
export const recovery: Upgrade = async (db) => {
  await db.schema
    .createTable('coordinator_facts')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute()

  await db.schema
    .createTable('settlements')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('workload_id', 'text', (column) => column.notNull().references('workloads.id'))
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('container_id', 'text', (column) => column.notNull())
    .addColumn('settled_at', 'text', (column) => column.notNull())
    .addColumn('settled_by', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('settlements_of_workload').on('settlements').columns(['workload_id', 'epoch']).execute()

  await db.schema
    .createTable('hand_starts')
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('container_id', 'text', (column) => column.notNull())
    .addColumn('migration_id', 'text', (column) => column.notNull())
    .addColumn('workload_id', 'text', (column) => column.notNull())
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .addColumn('container_name', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('done_at', 'text')
    .addColumn('reported_at', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('hand_starts_key', ['host', 'container_id', 'migration_id'])
    .execute()
  await db.schema.createIndex('hand_starts_of_workload').on('hand_starts').column('workload_id').execute()
}
