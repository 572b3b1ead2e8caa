// What the coordinator knows of itself.
import type { Database } from './database.ts'

const restoredAt = 'restored-at'

export const markRestored = async (db: Database, at: Date): Promise<void> => {
  const value = at.toISOString()
  await db
    .insertInto('coordinatorFacts')
    .values({ name: restoredAt, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute()
}

// When it was restored from a backup; null: it was not, or an operator has settled since what that had lost.
export const whenRestored = async (db: Database): Promise<Date | null> => {
  const row = await db.selectFrom('coordinatorFacts').select('value').where('name', '=', restoredAt).executeTakeFirst()
  return row === undefined ? null : new Date(row.value)
}

export const clearRestored = async (db: Database): Promise<void> => {
  await db.deleteFrom('coordinatorFacts').where('name', '=', restoredAt).execute()
}
