// The webhook's messages: coordinator/webhook/ports.ts says what each function promises.
import type { Transaction } from 'kysely'
import { ulid } from 'ulid'
import type { WebhookDelivery } from '../../shared/api/migrations.ts'
import type { Clock } from '../migration/ports.ts'
import type { Delivery, DeliveryStore, WebhookEvent } from '../webhook/ports.ts'
import type { Database } from './database.ts'
import type { Tables, WebhookDeliveryTable } from './tables.ts'

type Row = Omit<WebhookDeliveryTable, 'seq'> & { readonly seq: number }

const toDelivery = (row: Row): Delivery => ({
  seq: row.seq,
  id: row.id,
  event: row.event as WebhookEvent,
  at: new Date(row.at),
  migrationId: row.migrationId,
  state: row.state,
  workloadId: row.workloadId,
  attempts: row.attempts,
  nextAt: new Date(row.nextAt),
})

// In the transaction that the message tells of: it is written down exactly when that has happened.
export const announce = async (
  trx: Transaction<Tables>,
  migrationId: string,
  event: WebhookEvent,
  state: string | null,
  at: Date,
): Promise<void> => {
  // Of several that move together, the first stands for all.
  const { workloadId } = await trx
    .selectFrom('migrationMembers')
    .select('workloadId')
    .where('migrationId', '=', migrationId)
    .where('number', '=', 1)
    .executeTakeFirstOrThrow()
  const time = at.toISOString()
  await trx
    .insertInto('webhookDeliveries')
    .values({
      ...{ id: ulid(at.getTime()), migrationId, workloadId, event, state },
      ...{ at: time, attempts: 0, nextAt: time },
    })
    .execute()
}

export const deliveriesOf = async (db: Database, migrationId: string): Promise<readonly WebhookDelivery[]> => {
  const rows = await db
    .selectFrom('webhookDeliveries')
    .selectAll()
    .where('migrationId', '=', migrationId)
    .orderBy('seq')
    .execute()
  return rows.map(({ event, at, attempts, sentAt, givenUpAt, lastError }) => ({
    event: event as WebhookEvent,
    state: sentAt !== null ? 'sent' : givenUpAt !== null ? 'given-up' : 'waiting',
    ...{ at, attempts, sentAt, lastError },
  }))
}

export const createDeliveryStore = (db: Database, clock: Pick<Clock, 'now'>): DeliveryStore => ({
  open: async () => {
    const rows = await db
      .selectFrom('webhookDeliveries')
      .selectAll()
      .where('sentAt', 'is', null)
      .where('givenUpAt', 'is', null)
      .orderBy('seq')
      .execute()
    return rows.map(toDelivery)
  },

  sent: async (id) => {
    await db
      .updateTable('webhookDeliveries')
      .set((eb) => ({ sentAt: clock.now().toISOString(), attempts: eb('attempts', '+', 1) }))
      .where('id', '=', id)
      .execute()
  },

  failed: async (id, why, nextAt) => {
    const next = nextAt === null ? { givenUpAt: clock.now().toISOString() } : { nextAt: nextAt.toISOString() }
    await db
      .updateTable('webhookDeliveries')
      .set((eb) => ({ ...next, lastError: why, attempts: eb('attempts', '+', 1) }))
      .where('id', '=', id)
      .execute()
  },
})
