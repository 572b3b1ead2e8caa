// What follows a migration whose target did not come up, and what follows one at an operator's word. Pure.
import { hostPowers } from '../../shared/api/host-powers.ts'
import type { Plan } from '../../shared/api/plan.ts'
import type { ErrorCode } from '../../shared/errors.ts'
import { partId } from '../../shared/move-set/part.ts'
import { formatWanted, sameContainerPort } from '../../shared/ports/publish.ts'
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
  { request: { from, to, options }, plan }: MigrationRecord,
  terms: Pick<Terms, 'writableLayer'>,
  publish: string[],
): AcceptedRequest => ({
  container: plan.container.name,
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

// As where they come from, of the ports that were published otherwise.
const publishedBefore = ({ request }: MigrationRecord, { plan = [] }: Facts): string[] => {
  return plan.flatMap(({ workload: { name, ports } }) => {
    const changed = publishedBy(request.options.publish, name)
    const before = ports.filter((port) => changed.some((other) => sameContainerPort(port, other)))
    return before.map((port) => formatWanted({ container: plan.length === 1 ? null : name, port }))
  })
}

const planBackwards = (
  { plan, request: { from, to } }: MigrationRecord,
  idOnTarget: (containerId: string) => string,
): Plan => ({
  ...plan,
  container: { ...plan.container, id: idOnTarget(plan.container.id) },
  members: plan.members.map((member) => ({ ...member, id: idOnTarget(member.id) })),
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
  const { hold } = facts
  if (hold === undefined) return null
  const { project } = record.request
  const targets = new Map(
    record.members.map(({ containerId }, index) => [containerId, hold[index]?.targetContainerId ?? '']),
  )
  const idOnTarget = (containerId: string) => targets.get(containerId) ?? ''
  return {
    id,
    kind: 'return',
    of: record.id,
    request: backwards(record, terms, publishedBefore(record, facts)),
    terms: project === undefined ? terms : { ...terms, project },
    subject: record.subject,
    members: record.members.map(({ containerId, containerName, start }, index) => {
      // It ran before it was moved, and what it came to on the target is no reason to leave it stopped.
      const ranBefore = facts.start === undefined && (start === true || facts.stop?.[index]?.wasRunning === true)
      return { containerId: idOnTarget(containerId), containerName, ...(ranBefore ? { start: true } : {}) }
    }),
    plan: planBackwards(record, idOnTarget),
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

// Removes what the migration has kept where its workloads came from. What has gone back by itself since is not removed; where
// that is all of it, it is named nonetheless, and refused by the lock.
export const finalizeOf = (
  record: MigrationRecord,
  facts: Facts,
  id: string,
  terms: Pick<Terms, 'removeImage'>,
  idempotencyKey: string | null,
): NewMigration => {
  const all = record.members.map(({ containerId, containerName, settledBy }, index) => {
    const volumes = facts.plan?.[index]?.workload.volumes ?? []
    const left = {
      by: partId(record.id, index + 1),
      volumes: volumes.map(({ name, rootIdentity }) => ({ name, rootIdentity })),
    }
    return { settledBy, member: { containerId, containerName, left } }
  })
  const kept = all.filter(({ settledBy }) => settledBy === null)
  return {
    id,
    kind: 'finalize',
    of: record.id,
    request: record.request,
    terms,
    subject: record.subject,
    members: (kept.length > 0 ? kept : all).map(({ member }) => member),
    plan: record.plan,
    idempotencyKey,
  }
}
