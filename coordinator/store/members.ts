// The containers that a migration moves together: rows beside it, in their order.
import type { Selectable, Transaction } from 'kysely'
import { migrationOfPart, partId } from '../../shared/move-set/part.ts'
import type { Member, MigrationEnd, NewMember } from '../migration/record.ts'
import { inChunks } from './chunks.ts'
import type { Database } from './database.ts'
import type { MigrationMemberTable, Tables } from './tables.ts'

const toMember = (row: Selectable<MigrationMemberTable>): Member => {
  const { migrationId, number, containerId, containerName, workloadId, epoch, settledBy } = row
  return {
    ...(JSON.parse(row.termsJson) as Pick<NewMember, 'start' | 'left'>),
    ...{ containerId, containerName, settledBy },
    lease:
      workloadId === null || epoch === null ? null : { migrationId: partId(migrationId, number), workloadId, epoch },
  }
}

export const membersOf = async (
  within: Database,
  migrations: readonly string[],
): Promise<ReadonlyMap<string, readonly Member[]>> => {
  const rows: Selectable<MigrationMemberTable>[] = []
  await inChunks([...migrations], async (chunk) => {
    const found = await within
      .selectFrom('migrationMembers')
      .selectAll()
      .where('migrationId', 'in', chunk)
      .orderBy('number')
      .execute()
    rows.push(...found)
  })
  const byMigration = Map.groupBy(rows, ({ migrationId }) => migrationId)
  return new Map([...byMigration].map(([id, own]) => [id, own.map(toMember)]))
}

export const insertMembers = async (
  trx: Transaction<Tables>,
  migrationId: string,
  members: readonly NewMember[],
): Promise<void> => {
  await trx
    .insertInto('migrationMembers')
    .values(
      members.map(({ containerId, containerName, ...terms }, index) => ({
        ...{ migrationId, number: index + 1, containerId, containerName, termsJson: JSON.stringify(terms) },
      })),
    )
    .execute()
}

// Of a migration that has kept nothing it changes nothing. One of which nothing is kept any more has come to its end.
export const settle = async (
  trx: Transaction<Tables>,
  { parts, failedBecomes }: NonNullable<MigrationEnd['settles']>,
  by: string,
  at: string,
): Promise<void> => {
  for (const [id, own] of Map.groupBy(parts, migrationOfPart)) {
    const row = await trx.selectFrom('migrations').select('state').where('id', '=', id).executeTakeFirst()
    if (row?.state !== 'awaiting-finalize' && row?.state !== 'failed') continue
    const members = await trx.selectFrom('migrationMembers').selectAll().where('migrationId', '=', id).execute()
    const settled = members.filter(({ number }) => own.includes(partId(id, number)))
    for (const { number } of settled) {
      await trx
        .updateTable('migrationMembers')
        .set({ settledBy: by })
        .where('migrationId', '=', id)
        .where('number', '=', number)
        .execute()
    }
    if (members.some((member) => member.settledBy === null && !settled.includes(member))) continue
    const state = row.state === 'awaiting-finalize' ? 'completed' : failedBecomes
    await trx.updateTable('migrations').set({ state, followedBy: by, updatedAt: at }).where('id', '=', id).execute()
  }
}
