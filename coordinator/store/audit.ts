// Who asked for what, and what was answered. Only ever added to: the database itself refuses to change or delete a line
// (upgrade 0013).
import type { AuditEntry, AuditOutcome } from '../../shared/api/audit.ts'
import type { Clock } from '../migration/ports.ts'
import type { Database } from './database.ts'

export type AuditFilter = {
  readonly limit: number
  // Only lines with a lower number.
  readonly before?: number
  readonly actor?: string
  readonly action?: string
  readonly outcome?: AuditOutcome
}

export type AuditStore = {
  // On the disk when it returns.
  append(entry: Omit<AuditEntry, 'seq' | 'at'>): Promise<void>
  // Newest first.
  list(filter: AuditFilter): Promise<AuditEntry[]>
}

export const createAuditStore = (db: Database, clock: Pick<Clock, 'now'>): AuditStore => ({
  append: async (entry) => {
    await db
      .insertInto('audit')
      .values({ ...entry, at: clock.now().toISOString() })
      .execute()
  },

  list: ({ limit, before, actor, action, outcome }) =>
    db
      .selectFrom('audit')
      .selectAll()
      .$if(before !== undefined, (query) => query.where('seq', '<', before ?? 0))
      .$if(actor !== undefined, (query) => query.where('actor', '=', actor ?? ''))
      .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''))
      .$if(outcome !== undefined, (query) => query.where('outcome', '=', outcome ?? 'allowed'))
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute(),
})
