import type { Database } from './database.ts'

export type ApiToken = { readonly id: string; readonly name: string; readonly hash: string }

export type ApiTokenStore = {
  list(): Promise<ApiToken[]>
  // Idempotent for the same hash.
  add(token: ApiToken, at: Date): Promise<void>
}

export const createApiTokenStore = (db: Database): ApiTokenStore => ({
  list: () => db.selectFrom('apiTokens').select(['id', 'name', 'hash']).orderBy('id').execute(),

  add: async (token, at) => {
    await db
      .insertInto('apiTokens')
      .values({ ...token, createdAt: at.toISOString() })
      .onConflict((conflict) => conflict.column('hash').doNothing())
      .execute()
  },
})
