import { sql } from 'kysely'
import type { Upgrade } from './upgrade.ts'

export const workloadsAndJournal: Upgrade = async (db) => {
  await db.schema
    .createTable('workloads')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('container_id', 'text', (column) => column.notNull())
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addUniqueConstraint('workloads_owner', ['host', 'container_id'])
    .execute()

  await db.schema
    .createTable('workload_places')
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('container_id', 'text', (column) => column.notNull())
    .addColumn('workload_id', 'text', (column) => column.notNull().references('workloads.id'))
    .addColumn('since', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('workload_places_key', ['host', 'container_id'])
    .execute()

  await db.schema
    .createTable('workload_volumes')
    .addColumn('workload_id', 'text', (column) => column.notNull().references('workloads.id'))
    .addColumn('epoch', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('root_identity', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('workload_volumes_key', ['workload_id', 'epoch', 'name'])
    .execute()

  await db.schema
    .createTable('migrations')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('request_json', 'text', (column) => column.notNull())
    .addColumn('container_id', 'text', (column) => column.notNull())
    .addColumn('container_name', 'text', (column) => column.notNull())
    .addColumn('plan_json', 'text', (column) => column.notNull())
    .addColumn('idempotency_key', 'text', (column) => column.unique())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('cancel_requested', 'integer', (column) => column.notNull())
    .addColumn('warnings_json', 'text', (column) => column.notNull())
    .addColumn('error_json', 'text')
    .addColumn('workload_id', 'text', (column) => column.references('workloads.id'))
    .addColumn('epoch', 'integer')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .execute()
  await db.schema.createIndex('migrations_by_state').on('migrations').columns(['state', 'created_at']).execute()
  await db.schema
    .createIndex('migrations_unfinished')
    .on('migrations')
    .columns(['created_at', 'id'])
    .where(sql.ref('ended_at'), 'is', null)
    .execute()
  await db.schema.createIndex('migrations_by_age').on('migrations').columns(['created_at', 'id']).execute()

  await db.schema
    .createTable('leases')
    .addColumn('resource', 'text', (column) => column.primaryKey().notNull())
    .addColumn('migration_id', 'text', (column) => column.notNull().references('migrations.id'))
    .execute()
  await db.schema.createIndex('leases_of_migration').on('leases').column('migration_id').execute()

  await db.schema
    .createTable('journal_entries')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('migration_id', 'text', (column) => column.notNull().references('migrations.id'))
    .addColumn('step', 'text', (column) => column.notNull())
    .addColumn('phase', 'text', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('facts_json', 'text')
    .addColumn('error_json', 'text')
    .execute()
  await db.schema.createIndex('journal_of_migration').on('journal_entries').columns(['migration_id', 'seq']).execute()
  // The pivot happens once.
  await db.schema
    .createIndex('journal_one_commit')
    .unique()
    .on('journal_entries')
    .column('migration_id')
    .where(sql.ref('step'), '=', sql.lit('commit'))
    .where(sql.ref('phase'), '=', sql.lit('done'))
    .execute()

  await db.schema
    .createTable('rounds')
    .addColumn('migration_id', 'text', (column) => column.notNull().references('migrations.id'))
    .addColumn('round', 'integer', (column) => column.notNull())
    .addColumn('volume', 'text', (column) => column.notNull())
    .addColumn('final', 'integer', (column) => column.notNull())
    .addColumn('entries', 'integer', (column) => column.notNull())
    .addColumn('bytes_sent', 'integer', (column) => column.notNull())
    .addColumn('content_bytes', 'integer', (column) => column.notNull())
    .addColumn('duration_ms', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('rounds_key', ['migration_id', 'round', 'volume'])
    .execute()
}
