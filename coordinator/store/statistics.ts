import type { Database } from './database.ts'

export type Statistics = {
  readonly migrationsByState: Readonly<Record<string, number>>
  readonly bytesSent: number
}

export const readStatistics = async (db: Database): Promise<Statistics> => {
  const states = await db
    .selectFrom('migrations')
    .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
    .groupBy('state')
    .orderBy('state')
    .execute()
  const { bytesSent } = await db
    .selectFrom('rounds')
    .select(({ fn }) => fn.sum<number | null>('bytesSent').as('bytesSent'))
    .executeTakeFirstOrThrow()
  return {
    migrationsByState: Object.fromEntries(states.map(({ state, count }) => [state, count])),
    bytesSent: bytesSent ?? 0,
  }
}
