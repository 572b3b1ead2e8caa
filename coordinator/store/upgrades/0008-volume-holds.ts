import type { Upgrade } from './upgrade.ts'

// Volumes that are read or made apart from any migration.
export const volumeHolds: Upgrade = async (db) => {
  await db.schema
    .createTable('volume_holds')
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('resource', 'text', (column) => column.notNull())
    .addColumn('transfer_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('exclusive', 'integer', (column) => column.notNull())
    .addColumn('since', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('volume_holds_of_resource').on('volume_holds').column('resource').execute()
}
