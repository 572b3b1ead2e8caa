// Who but a container has a part in a volume, from the journal and from what is being exported, imported or copied.

import type { MigrationState } from '../../shared/api/migrations.ts'
import type { Plan } from '../../shared/api/plan.ts'
import { migrationOfPart } from '../../shared/move-set/part.ts'
import { accepted } from '../migration/record.ts'
import type { Claim, Known } from '../orphans/ports.ts'
import { inChunks } from './chunks.ts'
import type { Database } from './database.ts'
import type { MigrationTable } from './tables.ts'

export type ClaimStore = {
  claims(): Promise<Claim[]>
  // Those of these ids that there are.
  migrations(ids: readonly string[]): Promise<Known['migrations']>
}

// What has ended so keeps copies on both of its hosts, until it is finalized or returned.
const keeping = ['awaiting-finalize', 'failed'] as const

type Row = Pick<MigrationTable, 'id' | 'requestJson' | 'planJson' | 'subject' | 'endedAt'>

const claimsOf = ({ id, requestJson, planJson, subject, endedAt }: Row): Claim[] => {
  const { from, to } = accepted(JSON.parse(requestJson))
  const { volumes }: Plan = JSON.parse(planJson)
  const kind = endedAt === null ? 'running' : 'kept'
  return volumes.flatMap(({ name }) =>
    [from, to].map((host) => ({ host, volume: name, kind, id, container: subject }) as const),
  )
}

const placeOf = (resource: string): { readonly host: string; readonly volume: string } => {
  const [, host = '', ...name] = resource.split('/')
  return { host, volume: name.join('/') }
}

export const createClaimStore = (db: Database): ClaimStore => ({
  claims: () =>
    db.transaction().execute(async (trx) => {
      const migrations = await trx
        .selectFrom('migrations')
        .select(['id', 'requestJson', 'planJson', 'subject', 'endedAt'])
        .where((eb) => eb.or([eb('endedAt', 'is', null), eb('state', 'in', keeping)]))
        .orderBy('createdAt', 'desc')
        .execute()
      const leases = await trx
        .selectFrom('leases')
        .innerJoin('migrations', 'migrations.id', 'leases.migrationId')
        .select(['leases.resource', 'migrations.id', 'migrations.subject as container'])
        .where('leases.resource', 'like', 'volume/%')
        .execute()
      const holds = await trx.selectFrom('volumeHolds').select(['resource', 'transferId as id']).execute()
      return [
        ...leases.map(({ resource, ...migration }) => ({
          ...placeOf(resource),
          kind: 'running' as const,
          ...migration,
        })),
        ...migrations.toSorted((a, b) => Number(a.endedAt !== null) - Number(b.endedAt !== null)).flatMap(claimsOf),
        ...holds.map(({ resource, id }) => ({ ...placeOf(resource), kind: 'transfer' as const, id })),
      ]
    }),

  migrations: async (ids) => {
    const found = new Map<string, { state: MigrationState; from: string }>()
    const parts = Map.groupBy(ids, migrationOfPart)
    await inChunks([...parts.keys()], async (chunk) => {
      const rows = await db
        .selectFrom('migrations')
        .select(['id', 'state', 'requestJson'])
        .where('id', 'in', chunk)
        .execute()
      for (const { id, state, requestJson } of rows) {
        const { from } = accepted(JSON.parse(requestJson))
        for (const part of parts.get(id) ?? []) found.set(part, { state: state as MigrationState, from })
      }
    })
    return found
  },
})
