// The journal's contract in memory, for model tests of what decides. It outlives the runner that a test kills.
import { AppError } from '../../../shared/errors.ts'
import type { Journal, JournalEntry } from '../ports.ts'
import type { Lease, MigrationRecord } from '../record.ts'

export type MemoryJournal = Journal & { readonly owner: () => string | null }

export const createMemoryJournal = (now: () => Date): MemoryJournal => {
  const records = new Map<string, MigrationRecord>()
  const journals = new Map<string, JournalEntry[]>()
  const rounds = new Map<string, unknown[]>()
  const workload = { id: 'workload-1', epoch: 0, owner: null as string | null, holder: null as string | null }

  const record = (id: string): MigrationRecord => {
    const found = records.get(id)
    if (found === undefined) throw new Error(`no migration ${id}`)
    return found
  }
  const change = (id: string, changes: Partial<MigrationRecord>): MigrationRecord => {
    const changed = { ...record(id), ...changes, updatedAt: now() }
    records.set(id, changed)
    return changed
  }
  const write = (id: string, entry: Omit<JournalEntry, 'seq' | 'at'>): void => {
    const entries = journals.get(id) ?? []
    journals.set(id, [...entries, { ...structuredClone(entry), seq: entries.length + 1, at: now() }])
  }

  return {
    owner: () => workload.owner,
    create: async (migration) => {
      const created: MigrationRecord = {
        ...migration,
        state: 'running',
        cancelRequested: false,
        lease: null,
        warnings: [],
        error: null,
        createdAt: now(),
        updatedAt: now(),
        endedAt: null,
      }
      records.set(migration.id, created)
      return created
    },
    find: async (id) => records.get(id) ?? null,
    findByKey: async (key) => [...records.values()].find(({ idempotencyKey }) => idempotencyKey === key) ?? null,
    list: async ({ state, limit }) =>
      [...records.values()].filter((one) => state === undefined || one.state === state).slice(0, limit),
    unfinished: async () => [...records.values()].filter(({ endedAt }) => endedAt === null),
    entries: async (id) => journals.get(id) ?? [],
    append: async (id, { step, phase, facts = null, error = null }) => write(id, { step, phase, facts, error }),
    acquireLease: async (id) => {
      const { lease } = record(id)
      if (lease !== null) return lease
      if (workload.holder !== null) throw new AppError('DRAYAGE_MIGRATION_IN_PROGRESS', `held by ${workload.holder}`)
      workload.holder = id
      workload.epoch += 1
      const taken: Lease = { migrationId: id, workloadId: workload.id, epoch: workload.epoch }
      change(id, { lease: taken })
      return taken
    },
    commit: async (id, lease, to) => {
      if (workload.holder !== id || workload.epoch !== lease.epoch) {
        throw new AppError('DRAYAGE_EPOCH_STALE', 'the lease is gone')
      }
      workload.owner = to
      write(id, { step: 'commit', phase: 'done', facts: null, error: null })
    },
    addRound: async (id, round) => {
      rounds.set(id, [...(rounds.get(id) ?? []), round])
    },
    rounds: async (id) => (rounds.get(id) ?? []) as never,
    addWarnings: async (id, warnings) => {
      change(id, { warnings: [...record(id).warnings, ...warnings] })
    },
    requestCancel: async (id) => {
      change(id, { cancelRequested: true })
    },
    end: async (id, { state, error }) => {
      change(id, { state, error, endedAt: now() })
      if (workload.holder === id) workload.holder = null
    },
  }
}
