import type { Upgrade } from './upgrade.ts'

export const returnsAndFinalizes: Upgrade = async (db) => {
  await db.schema
    .alterTable('migrations')
    .addColumn('kind', 'text', (column) => column.notNull().defaultTo('move'))
    .execute()
  await db.schema.alterTable('migrations').addColumn('of_id', 'text').execute()
  await db.schema
    .alterTable('migrations')
    .addColumn('terms_json', 'text', (column) => column.notNull().defaultTo('{}'))
    .execute()
  await db.schema.alterTable('migrations').addColumn('followed_by', 'text').execute()
}
