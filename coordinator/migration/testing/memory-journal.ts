// The journal's contract in memory, for model tests of what decides. It outlives the runner that a test kills.
import type { HookRun } from '../../../shared/api/migrations.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Journal, JournalEntry } from '../ports.ts'
import type { Lease, MigrationRecord, NewMigration } from '../record.ts'

type Place = { readonly host: string; readonly containerId: string }

export type MemoryJournal = Journal & { readonly owner: () => Place | null }

export const createMemoryJournal = (now: () => Date): MemoryJournal => {
  const records = new Map<string, MigrationRecord>()
  const journals = new Map<string, JournalEntry[]>()
  const rounds = new Map<string, unknown[]>()
  const hooks: { readonly id: string; run: HookRun }[] = []
  const workload = { id: 'workload-1', epoch: 0, owner: null as Place | null, holder: null as string | null }
  const places: Place[] = []

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
    change(id, { state: 'running' })
    journals.set(id, [...entries, { ...structuredClone(entry), seq: entries.length + 1, at: now() }])
  }
  const insert = (migration: NewMigration): MigrationRecord => {
    const created: MigrationRecord = {
      ...migration,
      state: 'planned',
      cancelRequested: false,
      pauseRequested: false,
      lease: null,
      followedBy: null,
      warnings: [],
      error: null,
      createdAt: now(),
      updatedAt: now(),
      endedAt: null,
    }
    records.set(migration.id, created)
    if (migration.of !== null && records.has(migration.of)) change(migration.of, { followedBy: migration.id })
    return created
  }

  return {
    owner: () => workload.owner,
    create: async (migration) => insert(migration),
    find: async (id) => records.get(id) ?? null,
    findByKey: async (key) => [...records.values()].find(({ idempotencyKey }) => idempotencyKey === key) ?? null,
    list: async ({ state, limit }) =>
      [...records.values()].filter((one) => state === undefined || one.state === state).slice(0, limit),
    unfinished: async () => [...records.values()].filter(({ endedAt }) => endedAt === null),
    entries: async (id) => journals.get(id) ?? [],
    append: async (id, { step, phase, facts = null, error = null }) => write(id, { step, phase, facts, error }),
    appendUnlessPaused: async (id, { step, phase }) => {
      if (record(id).pauseRequested) return false
      write(id, { step, phase, facts: null, error: null })
      return true
    },
    requestPause: async (id, mayPause) => {
      mayPause(record(id), journals.get(id) ?? [])
      change(id, { pauseRequested: true })
    },
    requestResume: async (id) => {
      change(id, { pauseRequested: false, ...(record(id).state === 'paused' ? { state: 'queued' } : {}) })
    },
    standStill: async (id, state) => {
      if (state === 'paused' && !record(id).pauseRequested) return false
      change(id, { state })
      return true
    },
    ownerOf: async () => workload.owner,
    workloadOf: async (host, containerId) =>
      places.some((place) => place.host === host && place.containerId === containerId) ? workload.id : null,
    acquireLease: async (id, { retired = false, host, containerId }) => {
      const { lease } = record(id)
      if (lease !== null) return lease
      if (workload.holder !== null) throw new AppError('DRAYAGE_MIGRATION_IN_PROGRESS', `held by ${workload.holder}`)
      const isOwner = workload.owner?.host === host && workload.owner.containerId === containerId
      const wasThere = places.some((place) => place.host === host && place.containerId === containerId)
      if (retired && (isOwner || !wasThere)) throw new AppError('DRAYAGE_NOTHING_TO_FINALIZE', 'it is not retired')
      if (!retired && wasThere && !isOwner) throw new AppError('DRAYAGE_WORKLOAD_RETIRED', 'it is retired')
      if (!retired && !wasThere) {
        workload.owner = { host, containerId }
        places.push(workload.owner)
      }
      workload.holder = id
      workload.epoch += 1
      const taken: Lease = { migrationId: id, workloadId: workload.id, epoch: workload.epoch }
      change(id, { lease: taken })
      return taken
    },
    commit: async (id, lease, host, containerId) => {
      if (workload.holder !== id || workload.epoch !== lease.epoch) {
        throw new AppError('DRAYAGE_EPOCH_STALE', 'the lease is gone')
      }
      workload.owner = { host, containerId }
      places.push(workload.owner)
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
    end: async (id, { state, error, follow, settles }) => {
      change(id, { state, error, endedAt: now() })
      if (workload.holder === id) workload.holder = null
      const settled = settles === undefined ? undefined : records.get(settles.id)
      if (settles !== undefined && (settled?.state === 'awaiting-finalize' || settled?.state === 'failed')) {
        const becomes = settled.state === 'awaiting-finalize' ? 'completed' : settles.failedBecomes
        change(settled.id, { state: becomes, followedBy: id })
      }
      if (follow !== undefined) insert(follow)
    },
    deliveries: async () => [],
    beginHook: async (id, run) => {
      const unknown = { endedAt: null, outcome: 'unknown', exitCode: null, output: '', truncated: false } as const
      return hooks.push({ id, run: { ...run, ...unknown, startedAt: now().toISOString() } }) - 1
    },
    endHook: async (number, end) => {
      const begun = hooks[number]
      if (begun !== undefined) begun.run = { ...begun.run, ...end, endedAt: now().toISOString() }
    },
    hookRuns: async (id) => hooks.filter((hook) => hook.id === id).map(({ run }) => run),
  }
}
