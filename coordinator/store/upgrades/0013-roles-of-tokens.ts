import type { Upgrade } from './upgrade.ts'

// The only token that there was, the first one, may everything.
export const rolesOfTokens: Upgrade = async (db) => {
  await db.schema
    .alterTable('api_tokens')
    .addColumn('role', 'text', (column) => column.notNull().defaultTo('admin'))
    .execute()
  for (const column of ['created_by', 'expires_at', 'last_used_at']) {
    await db.schema.alterTable('api_tokens').addColumn(column, 'text').execute()
  }
  await db.schema.createIndex('api_tokens_by_name').unique().on('api_tokens').column('name').execute()
}
