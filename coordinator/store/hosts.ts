import type { Engine } from '../../shared/api/hosts.ts'
import type { Database } from './database.ts'
import { type RemainingOnHost, remainingOn } from './remaining.ts'
import type { HostTable } from './tables.ts'

export type HostRow = {
  readonly name: string
  readonly addedAt: Date
  readonly enrolledAt: Date | null
  readonly certificateExpiresAt: Date | null
  // SHA-256 of the public key of its agent, hex: of the one that enrolled last.
  readonly publicKeyHash: string | null
  readonly address: string | null
  readonly agentVersion: string | null
  readonly engine: Engine | null
  readonly engineReachable: boolean
  readonly lastSeen: Date | null
  readonly inventoryAt: Date | null
}

export type HostStore = {
  // Idempotent: a host that is there already stays as it is. One that was removed is as if it had never been there.
  add(name: string, at: Date): Promise<HostRow>
  find(name: string): Promise<HostRow | null>
  // By name.
  list(): Promise<HostRow[]>
  register(
    name: string,
    facts: { readonly address: string; readonly agentVersion: string; readonly engine: Engine | null },
    at: Date,
  ): Promise<void>
  renewed(name: string, certificateExpiresAt: Date): Promise<void>
  seen(name: string, engineReachable: boolean, at: Date): Promise<void>
  // It is no longer found nor listed; what it held counts as gone; every key that was ever certified for it is revoked, and no
  // join token of it is good. What it was part of is kept, under its name. One transaction with the look at what of moves is
  // there: where `judge` throws, nothing is done, and no migration with it comes in between.
  remove(name: string, at: Date, judge: (remaining: RemainingOnHost) => void): Promise<void>
}

// Longer than any certificate that a token of ours was traded for may outlast the newest one of its host.
const afterTheNewestMs = 24 * 60 * 60_000

const date = (text: string | null): Date | null => (text === null ? null : new Date(text))

const toRow = (row: HostTable): HostRow => ({
  name: row.name,
  addedAt: new Date(row.addedAt),
  enrolledAt: date(row.enrolledAt),
  certificateExpiresAt: date(row.certificateExpiresAt),
  publicKeyHash: row.publicKeyHash,
  address: row.address,
  agentVersion: row.agentVersion,
  engine: row.engineJson === null ? null : JSON.parse(row.engineJson),
  engineReachable: row.engineReachable === 1,
  lastSeen: date(row.lastSeen),
  inventoryAt: date(row.inventoryAt),
})

export const createHostStore = (db: Database): HostStore => ({
  add: async (name, at) => {
    await db
      .insertInto('hosts')
      .values({ name, addedAt: at.toISOString(), engineReachable: 0 })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ addedAt: at.toISOString(), removedAt: null })
          .where('hosts.removedAt', 'is not', null),
      )
      .execute()
    return toRow(await db.selectFrom('hosts').selectAll().where('name', '=', name).executeTakeFirstOrThrow())
  },

  find: async (name) => {
    const row = await db
      .selectFrom('hosts')
      .selectAll()
      .where('name', '=', name)
      .where('removedAt', 'is', null)
      .executeTakeFirst()
    return row === undefined ? null : toRow(row)
  },

  list: async () => {
    const rows = db.selectFrom('hosts').selectAll().where('removedAt', 'is', null).orderBy('name')
    return (await rows.execute()).map(toRow)
  },

  register: async (name, { address, agentVersion, engine }, at) => {
    await db
      .updateTable('hosts')
      .set({
        address,
        agentVersion,
        lastSeen: at.toISOString(),
        engineReachable: engine === null ? 0 : 1,
        // An agent whose engine is away knows nothing of it just now; what was known stays.
        ...(engine === null ? {} : { engineJson: JSON.stringify(engine) }),
      })
      .where('name', '=', name)
      .execute()
  },

  renewed: async (name, certificateExpiresAt) => {
    await db
      .updateTable('hosts')
      .set({ certificateExpiresAt: certificateExpiresAt.toISOString() })
      .where('name', '=', name)
      .execute()
  },

  seen: async (name, engineReachable, at) => {
    await db
      .updateTable('hosts')
      .set({ lastSeen: at.toISOString(), engineReachable: engineReachable ? 1 : 0 })
      .where('name', '=', name)
      .execute()
  },

  remove: (name, at, judge) =>
    db.transaction().execute(async (trx) => {
      judge(await remainingOn(trx, name))
      const since = at.toISOString()
      const own = await trx.selectFrom('hosts').selectAll().where('name', '=', name).executeTakeFirstOrThrow()
      const traded = await trx.selectFrom('joinTokens').select('publicKeyHash').where('host', '=', name).execute()
      const keys = new Set([own.publicKeyHash, ...traded.map(({ publicKeyHash }) => publicKeyHash)])
      const last = Math.max(at.getTime(), Date.parse(own.certificateExpiresAt ?? since))
      const goodUntil = new Date(last + afterTheNewestMs).toISOString()
      for (const publicKeyHash of keys) {
        if (publicKeyHash === null) continue
        await trx
          .insertInto('revokedKeys')
          .values({ publicKeyHash, host: name, revokedAt: since, goodUntil })
          .onConflict((conflict) => conflict.column('publicKeyHash').doUpdateSet({ goodUntil }))
          .execute()
      }
      await trx.deleteFrom('joinTokens').where('host', '=', name).execute()
      for (const table of ['containers', 'volumes'] as const) {
        await trx
          .updateTable(table)
          .set({ goneAt: since })
          .where('host', '=', name)
          .where('goneAt', 'is', null)
          .execute()
      }
      await trx
        .updateTable('hosts')
        .set({
          ...{ removedAt: since, enrolledAt: null, certificateExpiresAt: null, publicKeyHash: null, address: null },
          ...{ agentVersion: null, engineJson: null, engineReachable: 0, lastSeen: null, inventoryAt: null },
        })
        .where('name', '=', name)
        .execute()
    }),
})
