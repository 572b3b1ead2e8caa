// What follows a migration whose target did not come up, and what follows one at an operator's word. Pure.
import { hostPowers } from '../../shared/api/host-powers.ts'
import type { Plan } from '../../shared/api/migrations.ts'
import type { ErrorCode } from '../../shared/errors.ts'
import { formatPublish, sameContainerPort } from '../../shared/ports/publish.ts'
import {
  type AcceptedRequest,
  type Facts,
  type MigrationRecord,
  type NewMigration,
  publishedBy,
  type Terms,
} from './record.ts'

// The container was made and never ran, or ran and was seen to fail. Any other answer leaves open whose data that is.
const didNotComeUp: ReadonlySet<string> = new Set<ErrorCode>([
  'DRAYAGE_TARGET_NOT_STARTED',
  'DRAYAGE_TARGET_UNHEALTHY',
  // Its post-start hook, past the commit.
  'DRAYAGE_HOOK_FAILED',
])

const backwards = (
  { request: { from, to, options }, containerName }: MigrationRecord,
  terms: Pick<Terms, 'writableLayer'>,
  publish: string[],
): AcceptedRequest => ({
  container: containerName,
  from: to,
  to: from,
  // It has run there, with whatever power it has; and what was moved alone goes back alone.
  options: {
    ...options,
    allow: [...hostPowers],
    dependents: 'leave',
    writableLayer: terms.writableLayer ?? options.writableLayer,
    publish,
  },
})

// As where it comes from, of the ports that were published otherwise.
const publishedBefore = ({ request }: MigrationRecord, { plan }: Facts): string[] => {
  const changed = publishedBy(request.options.publish)
  const ports = plan?.workload.ports ?? []
  return ports.filter((port) => changed.some((other) => sameContainerPort(port, other))).map(formatPublish)
}

const planBackwards = ({ plan, request: { from, to } }: MigrationRecord, containerId: string): Plan => ({
  ...plan,
  container: { ...plan.container, id: containerId },
  from: to,
  to: from,
  set: [],
  warnings: [],
  refusals: [],
})

// The way back of a migration that has been committed; null where there is none to go.
export const wayBack = (
  record: MigrationRecord,
  facts: Facts,
  id: string,
  terms: Pick<Terms, 'discardWrites' | 'overwriteChanged' | 'writableLayer' | 'unasked'>,
  idempotencyKey: string | null,
): NewMigration | null => {
  const containerId = facts.hold?.targetContainerId
  if (containerId === undefined) return null
  return {
    id,
    kind: 'return',
    of: record.id,
    request: backwards(record, terms, publishedBefore(record, facts)),
    terms: {
      ...terms,
      // It ran before it was moved, and what it came to on the target is no reason to leave it stopped.
      ...(facts.start === undefined ? { start: record.terms.start === true || facts.stop?.wasRunning === true } : {}),
    },
    containerId,
    containerName: record.containerName,
    plan: planBackwards(record, containerId),
    idempotencyKey,
  }
}

// A return that does not come up either is not sent to and fro: then somebody has to look.
export const followUpOf = (record: MigrationRecord, facts: Facts, code: string, id: string): NewMigration | null => {
  const wish = record.request.options.onUnhealthy
  if (record.kind !== 'move' || !didNotComeUp.has(code) || (wish !== 'return' && wish !== 'discard')) return null
  const terms = { unasked: true, ...(wish === 'discard' ? { discardWrites: true } : {}) }
  return wayBack(record, facts, id, terms, null)
}

// Removes what the migration has kept where its workload came from.
export const finalizeOf = (
  record: MigrationRecord,
  facts: Facts,
  id: string,
  terms: Pick<Terms, 'removeImage'>,
  idempotencyKey: string | null,
): NewMigration => ({
  id,
  kind: 'finalize',
  of: record.id,
  request: record.request,
  terms: {
    ...terms,
    volumes: (facts.plan?.workload.volumes ?? []).map(({ name, rootIdentity }) => ({ name, rootIdentity })),
  },
  containerId: record.containerId,
  containerName: record.containerName,
  plan: record.plan,
  idempotencyKey,
})
