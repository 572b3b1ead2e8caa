// A message to whoever wants to follow a workload, written down in the transaction that it tells of, and sent after it.

export type WebhookEvent = 'migration.committed' | 'migration.ended'

export type Delivery = {
  // Of all messages of this coordinator, rising.
  readonly seq: number
  readonly id: string
  readonly event: WebhookEvent
  readonly at: Date
  readonly migrationId: string
  // Of migration.ended: as what.
  readonly state: string | null
  // Null: of a migration that ended before it came to know its workload.
  readonly workloadId: string | null
  readonly attempts: number
  // Not before this.
  readonly nextAt: Date
}

export type DeliveryStore = {
  // What is neither sent nor given up, oldest first.
  open(): Promise<readonly Delivery[]>
  sent(id: string): Promise<void>
  // nextAt null: given up.
  failed(id: string, why: string, nextAt: Date | null): Promise<void>
}
