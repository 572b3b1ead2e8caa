// What can be compared with the agents' memory, and what an operator settles: coordinator/recovery/ports.ts says what each
// function promises.
import { sql, type Transaction } from 'kysely'
import type { MigrationKind, StepName } from '../../shared/api/migrations.ts'
import { partId } from '../../shared/move-set/part.ts'
import type { Entry } from '../migration/decide.ts'
import type { JournalPhase } from '../migration/ports.ts'
import type {
  Known,
  KnownMigration,
  KnownWorkload,
  RecoveryStore,
  SeenContainer,
  Settlement,
} from '../recovery/ports.ts'
import type { Database } from './database.ts'
import { endRecovery, needRecovery, whyRecovery } from './facts.ts'
import { giveBack } from './leases.ts'
import type { Tables } from './tables.ts'

// What agents write on what a migration made (agent/docker/api/labels.ts).
const migrationLabel = 'dev.drayage.migration'

export const createRecoveryStore = (db: Database): RecoveryStore => ({
  known: () => db.transaction().execute(readKnown),

  seen: async () => {
    const rows = await db
      .selectFrom('containers')
      .select(['host', 'id', 'name', 'state', 'labelsJson'])
      .where('goneAt', 'is', null)
      .execute()
    return rows.map(({ id, labelsJson, ...row }): SeenContainer => {
      const labels = JSON.parse(labelsJson) as Record<string, string>
      return { ...row, containerId: id, madeBy: labels[migrationLabel] ?? null }
    })
  },

  needed: () => whyRecovery(db),
  need: (reason) => needRecovery(db, reason),

  noteHandStarts: async (host, { broughtBack }, at) => {
    for (const entry of broughtBack) {
      const doneAt = entry.doneAt === '' ? null : entry.doneAt
      await db
        .insertInto('handStarts')
        .values({
          ...{ host, containerId: entry.containerId, migrationId: entry.migrationId, workloadId: entry.workloadId },
          ...{ epoch: entry.epoch, containerName: entry.containerName, startedAt: entry.startedAt, doneAt },
          reportedAt: at.toISOString(),
        })
        .onConflict((conflict) => conflict.columns(['host', 'containerId', 'migrationId']).doUpdateSet({ doneAt }))
        .execute()
    }
  },

  handStartsOf: async (workloadId) => {
    const rows = await db
      .selectFrom('handStarts')
      .selectAll()
      .where('workloadId', '=', workloadId)
      .orderBy('startedAt', 'desc')
      .execute()
    return rows.map(({ reportedAt: _, startedAt, doneAt, ...row }) => ({
      ...row,
      startedAt: new Date(startedAt),
      doneAt: doneAt === null ? null : new Date(doneAt),
    }))
  },

  settle: (settlements, by, at) =>
    db.transaction().execute(async (trx) => {
      for (const settlement of settlements) await settleOne(trx, settlement, by, at.toISOString())
      await endRecovery(trx)
    }),
})

const readKnown = async (trx: Transaction<Tables>): Promise<Known> => {
  const [workloads, places, migrations, members, entries, settlements] = [
    await trx.selectFrom('workloads').selectAll().execute(),
    await trx.selectFrom('workloadPlaces').selectAll().execute(),
    await trx.selectFrom('migrations').select(['id', 'kind', 'requestJson', 'endedAt']).execute(),
    await trx.selectFrom('migrationMembers').selectAll().execute(),
    await trx.selectFrom('journalEntries').select(['migrationId', 'step', 'phase']).orderBy('seq').execute(),
    await trx.selectFrom('settlements').select(['id', 'workloadId', 'epoch']).execute(),
  ]
  const parts = members.map((member) => ({ ...member, id: partId(member.migrationId, member.number) }))
  const issued = new Map([...parts, ...settlements].map(({ id, workloadId, epoch }) => [`${workloadId} ${epoch}`, id]))
  const migrationOf = new Map(migrations.map((migration) => [migration.id, migration]))
  const placesOf = Map.groupBy(places, ({ workloadId }) => workloadId)
  const entriesOf = Map.groupBy(entries, ({ migrationId }) => migrationId)
  return {
    workloads: new Map(
      workloads.map(({ id, host, containerId, epoch }): [string, KnownWorkload] => [
        id,
        {
          ...{ id, epoch, owner: { host, containerId } },
          issuedTo: issued.get(`${id} ${epoch}`) ?? null,
          places: (placesOf.get(id) ?? []).map((place) => ({ host: place.host, containerId: place.containerId })),
        },
      ]),
    ),
    migrations: new Map(
      parts.flatMap(
        ({ id, migrationId, workloadId, epoch, containerId, containerName }): [string, KnownMigration][] => {
          const row = migrationOf.get(migrationId)
          if (row === undefined) return []
          const { from, to } = JSON.parse(row.requestJson) as { from: string; to: string }
          const own = (entriesOf.get(migrationId) ?? []).map(
            ({ step, phase }): Entry => ({ step: step as StepName, phase: phase as JournalPhase }),
          )
          const kind = row.kind as MigrationKind
          const ended = row.endedAt !== null
          return [[id, { id, kind, workloadId, epoch, from, to, containerId, containerName, ended, entries: own }]]
        },
      ),
    ),
    settled: settlements.reduce(
      (newest, { workloadId, epoch }) => newest.set(workloadId, Math.max(epoch, newest.get(workloadId) ?? 0)),
      new Map<string, number>(),
    ),
  }
}

const settleOne = async (
  trx: Transaction<Tables>,
  { id, workloadId, epoch, owner, copies, hosts }: Settlement,
  by: string,
  at: string,
): Promise<void> => {
  // Where no copy may run the workload is kept all the same, so that its epoch is never issued again.
  const { host, containerId } = owner ?? { host: hosts[0] ?? '', containerId: `none of ${workloadId}` }
  await trx
    .insertInto('workloads')
    .values({ id: workloadId, host, containerId, epoch, createdAt: at })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ host, containerId, epoch }))
    .execute()
  for (const place of [...copies, ...(owner === null ? [] : [owner])]) {
    await trx
      .insertInto('workloadPlaces')
      .values({ host: place.host, containerId: place.containerId, workloadId, since: at })
      .onConflict((conflict) => conflict.columns(['host', 'containerId']).doUpdateSet({ workloadId }))
      .execute()
  }
  await trx
    .insertInto('settlements')
    .values({ id, workloadId, epoch, host, containerId, settledAt: at, settledBy: by })
    .execute()
  await endMigrations(trx, workloadId, by, at)
  await owe(trx, { id, workloadId, epoch, owner, copies, hosts }, at)
}

const endMigrations = async (trx: Transaction<Tables>, workloadId: string, by: string, at: string): Promise<void> => {
  const unfinished = await trx
    .selectFrom('migrations')
    .innerJoin('migrationMembers as member', 'member.migrationId', 'migrations.id')
    .select('migrations.id')
    .where('member.workloadId', '=', workloadId)
    .where('migrations.endedAt', 'is', null)
    .execute()
  const error = {
    code: 'DRAYAGE_RECOVERED',
    message: `An operator has settled at ${at} whose this workload is (dray recover, by ${by}), and that ended this migration.`,
    step: null,
    reasons: [],
  }
  for (const migration of unfinished) {
    await giveBack(trx, migration.id)
    await trx
      .updateTable('migrations')
      .set({ state: 'failed', errorJson: JSON.stringify(error), endedAt: at, updatedAt: at })
      .where('id', '=', migration.id)
      .execute()
  }
}

// What was owed for the workload before is answered by this, and would be refused under an epoch below it.
const owe = async (trx: Transaction<Tables>, settlement: Settlement, at: string): Promise<void> => {
  const { id, workloadId, epoch, owner, copies, hosts } = settlement
  await trx
    .updateTable('owedCalls')
    .set({ doneAt: at })
    .where('doneAt', 'is', null)
    .where(sql`json_extract(request_json, '$.lease.workloadId')`, '=', workloadId)
    .execute()
  for (const host of hosts) {
    const isOwner = owner?.host === host
    const containerIds = isOwner
      ? [owner.containerId]
      : copies.filter((copy) => copy.host === host).map(({ containerId }) => containerId)
    const request = {
      lease: { migrationId: id, workloadId, epoch },
      ownerHost: owner?.host ?? '',
      isOwner,
      containerIds,
    }
    await trx
      .insertInto('owedCalls')
      .values({
        ...{ host, migrationId: id, method: 'settleWorkload', requestJson: JSON.stringify(request), owedSince: at },
        // I1: it may run again only where all others that can be asked have stopped theirs.
        afterHost: isOwner ? '*' : null,
      })
      .execute()
  }
}
