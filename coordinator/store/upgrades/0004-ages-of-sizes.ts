import type { Upgrade } from './upgrade.ts'

export const agesOfSizes: Upgrade = async (db) => {
  await db.schema.alterTable('volumes').addColumn('size_measured_at', 'text').execute()
}
