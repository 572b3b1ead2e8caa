import type { Upgrade } from './upgrade.ts'

export const hostsAndTokens: Upgrade = async (db) => {
  await db.schema
    .createTable('hosts')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('added_at', 'text', (column) => column.notNull())
    .addColumn('enrolled_at', 'text')
    .addColumn('certificate_expires_at', 'text')
    .addColumn('address', 'text')
    .addColumn('agent_version', 'text')
    .addColumn('engine_json', 'text')
    .addColumn('engine_reachable', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('last_seen', 'text')
    .addColumn('inventory_at', 'text')
    .execute()

  await db.schema
    .createTable('join_tokens')
    .addColumn('hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('host', 'text', (column) => column.notNull().references('hosts.name'))
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text', (column) => column.notNull())
    .addColumn('used_at', 'text')
    .addColumn('public_key_hash', 'text')
    .addColumn('certificate', 'text')
    .execute()
  await db.schema.createIndex('join_tokens_of_host').on('join_tokens').column('host').execute()

  await db.schema
    .createTable('api_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .execute()
}
