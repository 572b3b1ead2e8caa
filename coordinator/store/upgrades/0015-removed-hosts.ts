import type { Upgrade } from './upgrade.ts'

// Hosts that were taken out, and the keys that their agents had.
export const removedHosts: Upgrade = async (db) => {
  await db.schema.alterTable('hosts').addColumn('removed_at', 'text').execute()
  await db.schema
    .createTable('revoked_keys')
    .addColumn('public_key_hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('revoked_at', 'text', (column) => column.notNull())
    .addColumn('good_until', 'text', (column) => column.notNull())
    .execute()
}
