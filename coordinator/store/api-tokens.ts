import type { Role } from '../../shared/api/tokens.ts'
import type { Database } from './database.ts'
import type { ApiTokenTable } from './tables.ts'

export type ApiToken = {
  readonly id: string
  readonly name: string
  // SHA-256 of the secret, hex.
  readonly hash: string
  readonly role: Role
  readonly createdAt: Date
  // Null: the coordinator itself.
  readonly createdBy: string | null
  // Null: never.
  readonly expiresAt: Date | null
  readonly lastUsedAt: Date | null
}

export type ApiTokenStore = {
  list(): Promise<ApiToken[]>
  // false: there is one of this name.
  add(token: Omit<ApiToken, 'lastUsedAt'>): Promise<boolean>
  // false: there is none of this id.
  remove(id: string): Promise<boolean>
  used(id: string, at: Date): Promise<void>
}

const dateOrNull = (text: string | null): Date | null => (text === null ? null : new Date(text))

const tokenOf = (row: ApiTokenTable): ApiToken => ({
  ...row,
  createdAt: new Date(row.createdAt),
  expiresAt: dateOrNull(row.expiresAt),
  lastUsedAt: dateOrNull(row.lastUsedAt),
})

export const createApiTokenStore = (db: Database): ApiTokenStore => ({
  list: async () => (await db.selectFrom('apiTokens').selectAll().orderBy('name').execute()).map(tokenOf),

  add: async ({ createdAt, expiresAt, ...token }) => {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('apiTokens')
      .values({
        ...token,
        createdAt: createdAt.toISOString(),
        expiresAt: expiresAt?.toISOString() ?? null,
        lastUsedAt: null,
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },

  remove: async (id) => {
    const { numDeletedRows } = await db.deleteFrom('apiTokens').where('id', '=', id).executeTakeFirst()
    return numDeletedRows === 1n
  },

  used: async (id, at) => {
    await db.updateTable('apiTokens').set({ lastUsedAt: at.toISOString() }).where('id', '=', id).execute()
  },
})
