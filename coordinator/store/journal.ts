// The journal of migrations on SQLite: coordinator/migration/ports.ts says what each function promises.

import type { Selectable, Transaction, Updateable } from 'kysely'
import type { Round, StepName } from '../../shared/api/migrations.ts'
import { AppError, type Finding } from '../../shared/errors.ts'
import type { Clock, Journal, JournalEntry, JournalPhase } from '../migration/ports.ts'
import { accepted, type Member, type MigrationRecord, type NewMigration } from '../migration/record.ts'
import type { Database } from './database.ts'
import { hookJournal } from './hook-runs.ts'
import { acquire, ended, giveBack, isOwner, stale, transfer, unknownMigration } from './leases.ts'
import { insertMembers, membersOf, settle } from './members.ts'
import type { JournalEntryTable, MigrationTable, Tables } from './tables.ts'
import { announce, deliveriesOf } from './webhook-deliveries.ts'

const json = (value: unknown): string | null => (value === undefined || value === null ? null : JSON.stringify(value))
const parsed = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T))

const toRecord = (row: Selectable<MigrationTable>, members: readonly Member[]): MigrationRecord => ({
  id: row.id,
  kind: row.kind as MigrationRecord['kind'],
  of: row.ofId,
  // One of before there were options has none.
  request: accepted(JSON.parse(row.requestJson)),
  terms: JSON.parse(row.termsJson),
  subject: row.subject,
  members,
  plan: JSON.parse(row.planJson),
  idempotencyKey: row.idempotencyKey,
  state: row.state as MigrationRecord['state'],
  cancelRequested: row.cancelRequested === 1,
  pauseRequested: row.pauseRequested === 1,
  followedBy: row.followedBy,
  warnings: JSON.parse(row.warningsJson),
  error: parsed(row.errorJson),
  createdAt: new Date(row.createdAt),
  updatedAt: new Date(row.updatedAt),
  endedAt: row.endedAt === null ? null : new Date(row.endedAt),
})

const withMembers = async (
  within: Database,
  rows: readonly Selectable<MigrationTable>[],
): Promise<MigrationRecord[]> => {
  const members = await membersOf(
    within,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => toRecord(row, members.get(row.id) ?? []))
}

const toEntry = (row: Omit<JournalEntryTable, 'seq'> & { seq: number }): JournalEntry => ({
  seq: row.seq,
  step: row.step as StepName,
  phase: row.phase as JournalPhase,
  at: new Date(row.at),
  facts: parsed(row.factsJson),
  error: parsed(row.errorJson),
})

export type JournalOptions = {
  // A webhook is told of commits and ends: called when there is something new to send.
  readonly announced?: () => void
}

export const createJournal = (db: Database, clock: Pick<Clock, 'now'>, { announced }: JournalOptions = {}): Journal => {
  const now = () => clock.now().toISOString()

  const find = async (within: Database, id: string): Promise<MigrationRecord | null> => {
    const row = await within.selectFrom('migrations').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined ? null : ((await withMembers(within, [row]))[0] ?? null)
  }

  const required = async (within: Database, id: string): Promise<MigrationRecord> => {
    const record = await find(within, id)
    if (record === null) throw unknownMigration(id)
    return record
  }

  const findByKey = async (within: Database, key: string): Promise<MigrationRecord | null> => {
    const row = await within.selectFrom('migrations').selectAll().where('idempotencyKey', '=', key).executeTakeFirst()
    return row === undefined ? null : ((await withMembers(within, [row]))[0] ?? null)
  }

  const entriesOf = async (within: Database, id: string): Promise<JournalEntry[]> => {
    const rows = await within
      .selectFrom('journalEntries')
      .selectAll()
      .where('migrationId', '=', id)
      .orderBy('seq')
      .execute()
    return rows.map(toEntry)
  }

  const append = async (
    trx: Transaction<Tables>,
    id: string,
    { step, phase, facts, error }: Parameters<Journal['append']>[1],
  ): Promise<void> => {
    const { endedAt } = await required(trx, id)
    if (endedAt !== null) throw ended(id)
    await trx
      .insertInto('journalEntries')
      .values({ migrationId: id, step, phase, at: now(), factsJson: json(facts), errorJson: json(error) })
      .execute()
    await trx.updateTable('migrations').set({ state: 'running', updatedAt: now() }).where('id', '=', id).execute()
  }

  const change = (within: Database, id: string, changes: Updateable<MigrationTable>) =>
    within
      .updateTable('migrations')
      .set({ ...changes, updatedAt: now() })
      .where('id', '=', id)
      .where('endedAt', 'is', null)
      .execute()

  const insert = async (trx: Transaction<Tables>, migration: NewMigration): Promise<void> => {
    const { id, kind, of, request, terms, subject, members, plan, idempotencyKey } = migration
    await trx
      .insertInto('migrations')
      .values({
        ...{ id, kind, ofId: of, subject, idempotencyKey },
        requestJson: JSON.stringify(request),
        termsJson: JSON.stringify(terms),
        planJson: JSON.stringify(plan),
        state: 'planned',
        cancelRequested: 0,
        warningsJson: '[]',
        createdAt: now(),
        updatedAt: now(),
      })
      .execute()
    await insertMembers(trx, id, members)
    if (of !== null) await trx.updateTable('migrations').set({ followedBy: id }).where('id', '=', of).execute()
  }

  return {
    // Idempotent by id, and by the idempotency key: the first to come with a key is whom all others get.
    create: (migration) =>
      db.transaction().execute(async (trx) => {
        const { id, idempotencyKey } = migration
        const existing =
          (await find(trx, id)) ?? (idempotencyKey === null ? null : await findByKey(trx, idempotencyKey))
        if (existing !== null) {
          if (sameRequest(existing, migration)) return existing
          throw new AppError(
            'DRAYAGE_IDEMPOTENCY_KEY_REUSED',
            `The Idempotency-Key was used before for another request, migration ${existing.id}. Use a new key for a new request.`,
          )
        }
        await requireHosts(trx, migration.request)
        await insert(trx, migration)
        return required(trx, id)
      }),

    find: (id) => find(db, id),
    findByKey: (key) => findByKey(db, key),

    // Newest first.
    list: async ({ state, limit }) => {
      const rows = await db
        .selectFrom('migrations')
        .selectAll()
        .$if(state !== undefined, (query) => query.where('state', '=', state ?? ''))
        .orderBy('createdAt', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return withMembers(db, rows)
    },

    unfinished: async () => {
      const rows = await db
        .selectFrom('migrations')
        .selectAll()
        .where('endedAt', 'is', null)
        .orderBy('createdAt')
        .orderBy('id')
        .execute()
      return withMembers(db, rows)
    },

    entries: (id) => entriesOf(db, id),

    append: (id, entry) => db.transaction().execute((trx) => append(trx, id, entry)),

    appendUnlessPaused: (id, entry) =>
      db.transaction().execute(async (trx) => {
        if ((await required(trx, id)).pauseRequested) return false
        await append(trx, id, entry)
        return true
      }),

    ownerOf: async (workloadId) =>
      (await db
        .selectFrom('workloads')
        .select(['host', 'containerId'])
        .where('id', '=', workloadId)
        .executeTakeFirst()) ?? null,

    workloadOf: async (host, containerId) => {
      const place = await db
        .selectFrom('workloadPlaces')
        .select('workloadId')
        .where('host', '=', host)
        .where('containerId', '=', containerId)
        .executeTakeFirst()
      return place?.workloadId ?? null
    },

    acquireLeases: (id, wanted) => db.transaction().execute((trx) => acquire(trx, id, wanted, clock.now())),

    commit: async (id, to, handedOver) => {
      await db.transaction().execute(async (trx) => {
        const done = await trx
          .selectFrom('journalEntries')
          .select('seq')
          .where('migrationId', '=', id)
          .where('step', '=', 'commit')
          .where('phase', '=', 'done')
          .executeTakeFirst()
        if (done !== undefined) {
          for (const { lease, containerId } of handedOver) {
            if (!(await isOwner(trx, id, lease, to, containerId))) throw stale(id, lease)
          }
          return
        }
        for (const { lease, containerId } of handedOver) await transfer(trx, id, lease, to, containerId, clock.now())
        await trx
          .insertInto('journalEntries')
          .values({ migrationId: id, step: 'commit', phase: 'done', at: now() })
          .execute()
        await trx.updateTable('migrations').set({ state: 'running', updatedAt: now() }).where('id', '=', id).execute()
        if (announced !== undefined) await announce(trx, id, 'migration.committed', null, clock.now())
      })
      announced?.()
    },

    // A round that is copied again takes the place of the copy that failed.
    addRound: async (id, { round, final, volume, entries, bytesSent, contentBytes, durationMs }) => {
      const measured = { final: final ? 1 : 0, entries, bytesSent, contentBytes, durationMs }
      await db
        .insertInto('rounds')
        .values({ migrationId: id, round, volume, ...measured })
        .onConflict((conflict) => conflict.columns(['migrationId', 'round', 'volume']).doUpdateSet(measured))
        .execute()
    },

    rounds: async (id) => {
      const rows = await db
        .selectFrom('rounds')
        .selectAll()
        .where('migrationId', '=', id)
        .orderBy('round')
        .orderBy('volume')
        .execute()
      return rows.map(({ migrationId: _, final, ...round }): Round => ({ ...round, final: final === 1 }))
    },

    // The same warning twice is one warning.
    addWarnings: (id, warnings) =>
      db.transaction().execute(async (trx) => {
        const record = await required(trx, id)
        const all = new Map<string, Finding>(
          [...record.warnings, ...warnings].map(({ code, message }) => [`${code} ${message}`, { code, message }]),
        )
        await trx
          .updateTable('migrations')
          .set({ warningsJson: JSON.stringify([...all.values()]), updatedAt: now() })
          .where('id', '=', id)
          .execute()
      }),

    // Of one that has ended it changes nothing.
    requestCancel: (id) =>
      db.transaction().execute(async (trx) => {
        await required(trx, id)
        await change(trx, id, { cancelRequested: 1 })
      }),

    requestPause: (id, mayPause) =>
      db.transaction().execute(async (trx) => {
        mayPause(await required(trx, id), await entriesOf(trx, id))
        await change(trx, id, { pauseRequested: 1 })
      }),

    requestResume: (id) =>
      db.transaction().execute(async (trx) => {
        const { state } = await required(trx, id)
        await change(trx, id, { pauseRequested: 0, ...(state === 'paused' ? { state: 'queued' } : {}) })
      }),

    standStill: (id, state) =>
      db.transaction().execute(async (trx) => {
        const { pauseRequested } = await required(trx, id)
        if (state === 'paused' && !pauseRequested) return false
        await change(trx, id, { state })
        return true
      }),

    // Idempotent for the same end. One that waits to be finalized may still be completed; any other end is final.
    end: async (id, { state, error, follow, settles }) => {
      await db.transaction().execute(async (trx) => {
        const record = await required(trx, id)
        if (record.state === state) return
        if (record.endedAt !== null && record.state !== 'awaiting-finalize') throw ended(id)
        await giveBack(trx, id)
        await trx
          .updateTable('migrations')
          .set({ state, errorJson: json(error), endedAt: now(), updatedAt: now() })
          .where('id', '=', id)
          .execute()
        if (settles !== undefined) await settle(trx, settles, id, now())
        if (follow !== undefined) await insert(trx, follow)
        // To remove an old copy moves nothing.
        const tells = announced !== undefined && record.kind !== 'finalize' && record.endedAt === null
        if (tells) await announce(trx, id, 'migration.ended', state, clock.now())
      })
      announced?.()
    },

    ...hookJournal(db, clock),
    deliveries: (id) => deliveriesOf(db, id),
  }
}

// Removed since the request was looked at: its agent is refused from now on. A host that is merely unknown has been refused
// before.
const requireHosts = async (trx: Transaction<Tables>, { from, to }: NewMigration['request']): Promise<void> => {
  const removed = await trx
    .selectFrom('hosts')
    .select('name')
    .where('name', 'in', [from, to])
    .where('removedAt', 'is not', null)
    .executeTakeFirst()
  if (removed === undefined) return
  throw new AppError('DRAYAGE_HOST_NOT_FOUND', `The host ${removed.name} has just been removed. Nothing was begun.`)
}

const sameRequest = (a: NewMigration, b: NewMigration): boolean => {
  const [left, right] = [a, b].map(({ kind, of, request, terms }) => JSON.stringify([kind, of, request, terms]))
  return left === right
}
