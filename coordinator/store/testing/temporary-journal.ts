// A journal on a database of its own, anew for each test of the file that asks for it; each of its times is a minute later.
import { afterEach, beforeEach } from 'vitest'
import type { Journal } from '../../migration/ports.ts'
import { accepted, type Lease, type NewMigration } from '../../migration/record.ts'
import { emptyPlan } from '../../testing/empty-plan.ts'
import type { Database } from '../database.ts'
import { createHostStore } from '../hosts.ts'
import { createJournal } from '../journal.ts'
import { openTemporaryDatabase, type TemporaryDatabase } from './temporary-database.ts'

export const migration = (id: string, over: Partial<NewMigration> = {}): NewMigration => ({
  id,
  kind: 'move',
  of: null,
  terms: {},
  request: accepted({ container: 'web', from: 'host-1', to: 'host-2' }),
  subject: 'web',
  members: [{ containerId: 'c1', containerName: 'web' }],
  plan: emptyPlan,
  idempotencyKey: null,
  ...over,
})

export const workload = (containerId: string, volumes: readonly string[] = [], host = 'host-1') => ({
  host,
  containerId,
  volumes: volumes.map((name) => ({ name, createdAt: '2026-01-01T00:00:00Z', rootIdentity: '2049:7' })),
})

export const rolledBack = { state: 'rolled-back', error: null } as const

export type TemporaryJournal = {
  readonly db: Database
  readonly journal: Journal
  leased(id: string, wanted: ReturnType<typeof workload>): Promise<Lease>
  commit(id: string, lease: Lease, host: string, containerId: string): Promise<void>
}

export const temporaryJournal = (): TemporaryJournal => {
  let temporary: TemporaryDatabase
  let journal: Journal
  beforeEach(async () => {
    temporary = await openTemporaryDatabase()
    let minute = 0
    journal = createJournal(temporary.db, { now: () => new Date(Date.UTC(2026, 0, 5, 8, minute++)) })
    for (const host of ['host-1', 'host-2', 'host-3']) await createHostStore(temporary.db).add(host, new Date(0))
  })
  afterEach(() => temporary.remove())
  return {
    get db() {
      return temporary.db
    },
    get journal() {
      return journal
    },
    leased: async (id, { host, ...member }) => {
      const [lease] = await journal.acquireLeases(id, { host, members: [member] })
      if (lease === undefined) throw new Error('there is no lease')
      return lease
    },
    commit: (id, lease, host, containerId) => journal.commit(id, host, [{ lease, containerId }]),
  }
}
