import type { Database } from './database.ts'

export type JoinTokenRow = {
  readonly hash: string
  readonly host: string
  readonly expiresAt: Date
  // What it was traded for; null while it is good.
  readonly used: { readonly publicKeyHash: string; readonly certificate: string } | null
}

export type IssuedCertificate = {
  readonly publicKeyHash: string
  readonly certificate: string
  readonly expiresAt: Date
}

export type JoinTokenStore = {
  // Takes the place of every unused token of the host: the newest is the one that counts.
  issue(token: { readonly hash: string; readonly host: string; readonly expiresAt: Date }, at: Date): Promise<void>
  find(hash: string): Promise<JoinTokenRow | null>
  // Consumes the token and notes the host as enrolled, in one transaction. Answers with what the token has been traded
  // for: what is given, or, where somebody came first, what they got. Null when a newer token took its place.
  consume(hash: string, issued: IssuedCertificate, at: Date): Promise<JoinTokenRow | null>
}

export const createJoinTokenStore = (db: Database): JoinTokenStore => {
  const find = async (within: Database, hash: string): Promise<JoinTokenRow | null> => {
    const row = await within.selectFrom('joinTokens').selectAll().where('hash', '=', hash).executeTakeFirst()
    if (row === undefined) return null
    const { host, expiresAt, publicKeyHash, certificate } = row
    const used = publicKeyHash === null || certificate === null ? null : { publicKeyHash, certificate }
    return { hash, host, expiresAt: new Date(expiresAt), used }
  }

  return {
    issue: ({ hash, host, expiresAt }, at) =>
      db.transaction().execute(async (trx) => {
        await trx.deleteFrom('joinTokens').where('host', '=', host).where('usedAt', 'is', null).execute()
        await trx
          .insertInto('joinTokens')
          .values({ hash, host, createdAt: at.toISOString(), expiresAt: expiresAt.toISOString() })
          .execute()
      }),

    find: (hash) => find(db, hash),

    consume: (hash, { publicKeyHash, certificate, expiresAt }, at) =>
      db.transaction().execute(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable('joinTokens')
          .set({ usedAt: at.toISOString(), publicKeyHash, certificate })
          .where('hash', '=', hash)
          .where('usedAt', 'is', null)
          .executeTakeFirstOrThrow()
        const token = await find(trx, hash)
        if (token !== null && numUpdatedRows > 0n) {
          await trx
            .updateTable('hosts')
            .set({ enrolledAt: at.toISOString(), certificateExpiresAt: expiresAt.toISOString(), publicKeyHash })
            .where('name', '=', token.host)
            .execute()
        }
        return token
      }),
  }
}
