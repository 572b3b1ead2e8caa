// Keys of agents whose hosts were removed. One is kept for as long as a certificate for it may be good.
import type { Database } from './database.ts'

export type RevokedKeyStore = {
  // SHA-256 of each SubjectPublicKeyInfo, hex, in order.
  list(at: Date): Promise<string[]>
}

export const createRevokedKeyStore = (db: Database): RevokedKeyStore => ({
  list: async (at) => {
    const rows = await db
      .selectFrom('revokedKeys')
      .select('publicKeyHash')
      .where('goodUntil', '>', at.toISOString())
      .orderBy('publicKeyHash')
      .execute()
    return rows.map(({ publicKeyHash }) => publicKeyHash)
  },
})
