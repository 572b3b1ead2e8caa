import { sql } from 'kysely'
import type { Upgrade } from './upgrade.ts'

export const webhookDeliveries: Upgrade = async (db) => {
  await db.schema
    .createTable('webhook_deliveries')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('migration_id', 'text', (column) => column.notNull().references('migrations.id'))
    .addColumn('workload_id', 'text')
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('state', 'text')
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_at', 'text', (column) => column.notNull())
    .addColumn('sent_at', 'text')
    .addColumn('given_up_at', 'text')
    .addColumn('last_error', 'text')
    .execute()
  await db.schema
    .createIndex('webhook_deliveries_of_migration')
    .on('webhook_deliveries')
    .column('migration_id')
    .execute()
  await db.schema
    .createIndex('webhook_deliveries_open')
    .on('webhook_deliveries')
    .column('seq')
    .where(sql.ref('sent_at'), 'is', null)
    .where(sql.ref('given_up_at'), 'is', null)
    .execute()
}
