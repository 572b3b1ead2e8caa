// The journal's contract in memory, for model tests of what decides. It outlives the runner that a test kills.
import type { HookRun } from '../../../shared/api/migrations.ts'
import { AppError } from '../../../shared/errors.ts'
import { migrationOfPart, partId } from '../../../shared/move-set/part.ts'
import type { Journal, JournalEntry } from '../ports.ts'
import type { Member, MigrationRecord, NewMigration } from '../record.ts'

type Place = { readonly host: string; readonly containerId: string }

type Workload = { readonly id: string; epoch: number; owner: Place; holder: string | null; readonly places: Place[] }

// owner: of the workload that began as this container; null: it never moved.
export type MemoryJournal = Journal & { readonly owner: (first?: string) => Place | null }

export const createMemoryJournal = (now: () => Date): MemoryJournal => {
  const records = new Map<string, MigrationRecord>()
  const journals = new Map<string, JournalEntry[]>()
  const rounds = new Map<string, unknown[]>()
  const hooks: { readonly id: string; run: HookRun }[] = []
  const workloads: Workload[] = []
  const at = (host: string, containerId: string) => (place: Place) =>
    place.host === host && place.containerId === containerId
  const workloadAt = (host: string, containerId: string) =>
    workloads.find(({ places }) => places.some(at(host, containerId)))

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
      members: migration.members.map((member) => ({ ...member, lease: null, settledBy: null })),
      state: 'planned',
      cancelRequested: false,
      pauseRequested: false,
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

  const memberAt = (id: string, index: number): Member => {
    const member = record(id).members[index]
    if (member === undefined) throw new Error(`${id} has no member ${index + 1}`)
    return member
  }
  const settle = (part: string, by: string, failedBecomes: MigrationRecord['state']): void => {
    const id = migrationOfPart(part)
    const settled = records.get(id)
    if (settled?.state !== 'awaiting-finalize' && settled?.state !== 'failed') return
    const members = settled.members.map((member, index) =>
      partId(id, index + 1) === part ? { ...member, settledBy: by } : member,
    )
    change(id, { members })
    if (members.some(({ settledBy }) => settledBy === null)) return
    change(id, { state: settled.state === 'awaiting-finalize' ? 'completed' : failedBecomes, followedBy: by })
  }

  return {
    owner: (first = 'c1') => workloads.find(({ places: [place] }) => place?.containerId === first)?.owner ?? null,
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
    ownerOf: async (workloadId) => workloads.find(({ id }) => id === workloadId)?.owner ?? null,
    workloadOf: async (host, containerId) => workloadAt(host, containerId)?.id ?? null,
    acquireLeases: async (id, { retired = false, host, members }) => {
      const held = record(id).members.flatMap(({ lease }) => (lease === null ? [] : [lease]))
      if (held.length > 0) return held
      const wanted = members.map(({ containerId }) => {
        const known = workloadAt(host, containerId)
        const isOwner = known !== undefined && at(host, containerId)(known.owner)
        if (known?.holder) throw new AppError('DRAYAGE_MIGRATION_IN_PROGRESS', `held by ${known.holder}`)
        if (retired && (isOwner || known === undefined)) {
          throw new AppError('DRAYAGE_NOTHING_TO_FINALIZE', 'it is not retired')
        }
        if (!retired && known !== undefined && !isOwner) throw new AppError('DRAYAGE_WORKLOAD_RETIRED', 'it is retired')
        return { known, owner: { host, containerId } }
      })
      const leased = wanted.map(({ known, owner }, index): Member => {
        const workload = known ?? {
          ...{ id: `workload-${workloads.length + 1}`, epoch: 0, owner, holder: null, places: [owner] },
        }
        if (known === undefined) workloads.push(workload)
        workload.holder = id
        workload.epoch += 1
        const lease = { migrationId: partId(id, index + 1), workloadId: workload.id, epoch: workload.epoch }
        return { ...memberAt(id, index), lease }
      })
      change(id, { members: leased })
      return leased.flatMap(({ lease }) => lease ?? [])
    },
    commit: async (id, host, handedOver) => {
      const taken = handedOver.map(({ lease, containerId }) => {
        const workload = workloads.find((one) => one.id === lease.workloadId)
        if (workload?.holder !== id || workload.epoch !== lease.epoch) {
          throw new AppError('DRAYAGE_EPOCH_STALE', 'the lease is gone')
        }
        return { workload, owner: { host, containerId } }
      })
      for (const { workload, owner } of taken) {
        workload.owner = owner
        workload.places.push(owner)
      }
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
      for (const workload of workloads) if (workload.holder === id) workload.holder = null
      for (const part of settles?.parts ?? []) settle(part, id, settles?.failedBecomes ?? 'failed')
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
