// What is sent, and how the receiver knows that it is ours. Pure; docs/webhook.md describes it to receivers.
import { createHmac } from 'node:crypto'
import type { HookRun } from '../../shared/api/migrations.ts'
import { isCommitted } from '../migration/decide.ts'
import type { JournalEntry } from '../migration/ports.ts'
import type { MigrationRecord } from '../migration/record.ts'
import { downtimeMs, factsOf } from '../migration/view/view.ts'
import type { Delivery } from './ports.ts'

// The same bytes at every try: they depend on what does not change any more.
export const bodyOf = (
  delivery: Delivery,
  record: MigrationRecord,
  entries: readonly JournalEntry[],
  hooks: readonly HookRun[],
): string => {
  const { kind, of, request, members, plan } = record
  const ended = delivery.event === 'migration.ended'
  const hold = isCommitted(entries) ? factsOf(entries).hold : undefined
  const workloads = members.map(({ containerId, containerName, lease }, index) => ({
    id: lease?.workloadId ?? null,
    epoch: lease?.epoch ?? null,
    name: containerName,
    // Where it lives from now on.
    host: hold === undefined ? request.from : request.to,
    containerId: hold?.[index]?.targetContainerId ?? containerId,
  }))
  const asked = members.findIndex(({ containerId }) => containerId === plan.container.id)
  return JSON.stringify({
    id: delivery.id,
    sequence: delivery.seq,
    event: delivery.event,
    at: delivery.at.toISOString(),
    workload: { ...workloads[Math.max(asked, 0)], ports: plan.ports },
    // All that move together, it among them.
    workloads,
    migration: {
      ...{ id: record.id, kind, of, from: request.from, to: request.to },
      state: delivery.state ?? 'running',
      downtimeMs: ended ? downtimeMs(entries, { hooks }) : null,
      error: ended && record.error !== null ? { code: record.error.code, message: record.error.message } : null,
    },
  })
}

// Over the time as well, so that what was overheard cannot be sent again later.
export const signatureOf = (secret: string, unixSeconds: number, body: string): string =>
  `t=${unixSeconds},v1=${createHmac('sha256', secret).update(`${unixSeconds}.${body}`).digest('hex')}`
