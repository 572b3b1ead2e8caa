// What the coordinator knows of itself.
import type { RecoveryNeeded } from '../recovery/ports.ts'
import type { Database } from './database.ts'

const recoveryNeeded = 'recovery-needed'

// Why nothing is moved until an operator has settled what was lost. The first reason stays.
export const needRecovery = async (db: Database, { since, why }: RecoveryNeeded): Promise<void> => {
  await db
    .insertInto('coordinatorFacts')
    .values({ name: recoveryNeeded, value: JSON.stringify({ since: since.toISOString(), why }) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

export const whyRecovery = async (db: Database): Promise<RecoveryNeeded | null> => {
  const row = await db
    .selectFrom('coordinatorFacts')
    .select('value')
    .where('name', '=', recoveryNeeded)
    .executeTakeFirst()
  if (row === undefined) return null
  const { since, why } = JSON.parse(row.value) as { since: string; why: string }
  return { since: new Date(since), why }
}

export const endRecovery = async (db: Database): Promise<void> => {
  await db.deleteFrom('coordinatorFacts').where('name', '=', recoveryNeeded).execute()
}
