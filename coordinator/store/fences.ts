// Hosts that are declared down, and what they are owed: coordinator/fencing/ports.ts says what each function promises.

import type { FenceStore, OwedCall, OwedMethod } from '../fencing/ports.ts'
import type { Clock } from '../migration/ports.ts'
import type { Database } from './database.ts'
import type { HostFenceTable, OwedCallTable } from './tables.ts'

const toFence = ({ host, fencedAt, fencedBy }: Omit<HostFenceTable, 'id'>) => ({
  host,
  at: new Date(fencedAt),
  by: fencedBy,
})

const toOwed = (row: Omit<OwedCallTable, 'seq'> & { seq: number }): OwedCall => ({
  seq: row.seq,
  host: row.host,
  afterHost: row.afterHost,
  migrationId: row.migrationId,
  method: row.method as OwedMethod,
  request: JSON.parse(row.requestJson),
  error: row.errorJson === null ? null : JSON.parse(row.errorJson),
})

export const createFenceStore = (db: Database, clock: Pick<Clock, 'now'>): FenceStore => {
  const now = () => clock.now().toISOString()
  const inForce = (host: string) =>
    db.selectFrom('hostFences').selectAll().where('host', '=', host).where('liftedAt', 'is', null)

  return {
    fence: (host, by) =>
      db.transaction().execute(async (trx) => {
        await trx
          .insertInto('hostFences')
          .values({ host, fencedAt: now(), fencedBy: by })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
        const row = await trx
          .selectFrom('hostFences')
          .selectAll()
          .where('host', '=', host)
          .where('liftedAt', 'is', null)
          .executeTakeFirstOrThrow()
        return toFence(row)
      }),

    current: async (host) => {
      const row = await inForce(host).executeTakeFirst()
      return row === undefined ? null : toFence(row)
    },

    all: async () =>
      (await db.selectFrom('hostFences').selectAll().where('liftedAt', 'is', null).orderBy('host').execute()).map(
        toFence,
      ),

    lift: async (host) => {
      await db
        .updateTable('hostFences')
        .set({ liftedAt: now() })
        .where('host', '=', host)
        .where('liftedAt', 'is', null)
        .execute()
    },

    owe: (calls) =>
      db.transaction().execute(async (trx) => {
        for (const { host, afterHost, migrationId, method, request } of calls) {
          const requestJson = JSON.stringify(request)
          // Asked for again by a step that is repeated, it is owed once.
          const same = await trx
            .selectFrom('owedCalls')
            .select('seq')
            .where('host', '=', host)
            .where('migrationId', '=', migrationId)
            .where('method', '=', method)
            .where('requestJson', '=', requestJson)
            .where('doneAt', 'is', null)
            .executeTakeFirst()
          if (same !== undefined) continue
          await trx
            .insertInto('owedCalls')
            .values({ host, afterHost, migrationId, method, requestJson, owedSince: now() })
            .execute()
        }
      }),

    owed: async (filter = {}) => {
      const rows = await db
        .selectFrom('owedCalls')
        .selectAll()
        .where('doneAt', 'is', null)
        .$if(filter.host !== undefined, (query) => query.where('host', '=', filter.host ?? ''))
        .orderBy('seq')
        .execute()
      return rows.map(toOwed)
    },

    settled: async (seq) => {
      await db.updateTable('owedCalls').set({ doneAt: now(), errorJson: null }).where('seq', '=', seq).execute()
    },

    failed: async (seq, error) => {
      await db
        .updateTable('owedCalls')
        .set({ errorJson: JSON.stringify(error) })
        .where('seq', '=', seq)
        .execute()
    },
  }
}
