// What is kept of a migration, and what its steps leave for one another.
import { completeOptions, type MigrationOptions } from '../../shared/api/migration-options.ts'
import type {
  FinalizeRequest,
  MigrationError,
  MigrationKind,
  MigrationRequest,
  MigrationState,
  Receipt,
  ReturnRequest,
} from '../../shared/api/migrations.ts'
import type { Plan } from '../../shared/api/plan.ts'
import type { Finding } from '../../shared/errors.ts'
import { type Published, parseWanted, type Wanted } from '../../shared/ports/publish.ts'
import type { Choices } from '../../shared/rpc/generated/drayage/v1/Choices.ts'
import type { Lease__Output } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { RetainedCopy__Output } from '../../shared/rpc/generated/drayage/v1/RetainedCopy.ts'
import type { RetiredVolume__Output } from '../../shared/rpc/generated/drayage/v1/RetiredVolume.ts'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { StopReason } from './rounds.ts'

export type Lease = Lease__Output
export type Workload = Workload__Output

// A request with nothing left open. The same wish always compares equal, whatever order its fields came in.
export type AcceptedRequest = Omit<MigrationRequest, 'options'> & { readonly options: MigrationOptions }

export const accepted = ({ container, project, from, to, options }: MigrationRequest): AcceptedRequest => ({
  ...(container === undefined ? {} : { container }),
  ...(project === undefined ? {} : { project }),
  from,
  to,
  options: completeOptions(options),
})

// What both agents are told of it, about the container of that name; null: about none, whose ports do not matter.
export const choicesOf = (
  { options: { writableLayer, publish, binds } }: Pick<AcceptedRequest, 'options'>,
  container: string | null,
): Choices => ({
  writableLayer,
  publish: container === null ? [] : publishedBy(publish, container),
  binds,
})

// Of a request that was accepted, so that each can be read; one of an earlier version says nothing of it.
export const wantedPorts = (publish: readonly string[] | undefined): readonly Wanted[] =>
  (publish ?? []).flatMap(parseWanted)

// Those that are meant for the container of that name, if it publishes them.
export const publishedBy = (publish: readonly string[] | undefined, container: string): Published[] =>
  wantedPorts(publish).flatMap((one) => (one.container === null || one.container === container ? [one.port] : []))

// What was asked of a return or a finalize beside its request.
export type Terms = ReturnRequest &
  FinalizeRequest & {
    // Of a return that nobody asked for, since the target did not come up: it does not wait for its turn, and a hook that
    // fails does not stand in its way.
    readonly unasked?: boolean
    // Of a return: the Compose project that was moved.
    readonly project?: string
  }

// One of the containers that are moved, returned or removed together.
export type NewMember = {
  // Of a finalize: the retired one, on `from`.
  readonly containerId: string
  readonly containerName: string
  // Of a return: it is to run, whether or not it ran where it comes from: it did before it was moved.
  readonly start?: boolean
  // Of a finalize: the part of a migration that has left it, and the volumes as they were journaled then.
  readonly left?: { readonly by: string; readonly volumes: readonly RetiredVolume__Output[] }
}

export type Member = NewMember & {
  // Taken by the step `lock`, given back when the migration ends; kept here for the record. Its migrationId is the part's.
  readonly lease: Lease | null
  // The migration that has used up, or removed, what this one kept of it.
  readonly settledBy: string | null
}

export type NewMigration = {
  readonly id: string
  readonly kind: MigrationKind
  // The migration that it returns or finalizes; null for a move.
  readonly of: string | null
  readonly request: AcceptedRequest
  readonly terms: Terms
  // What is moved, in words, for people.
  readonly subject: string
  // In the order in which they are made and started: none uses one that comes after it.
  readonly members: readonly NewMember[]
  readonly plan: Plan
  readonly idempotencyKey: string | null
}

export type MigrationRecord = Omit<NewMigration, 'members'> & {
  readonly members: readonly Member[]
  readonly state: MigrationState
  readonly cancelRequested: boolean
  readonly pauseRequested: boolean
  // The newest return or finalize of it, or the move that has taken its retired copy.
  readonly followedBy: string | null
  readonly warnings: readonly Finding[]
  readonly error: MigrationError | null
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly endedAt: Date | null
}

export type MigrationEnd = {
  readonly state: Extract<MigrationState, 'awaiting-finalize' | 'completed' | 'failed' | 'rolled-back' | 'cancelled'>
  readonly error: MigrationError | null
  // Begins with this one's end, or not at all.
  readonly follow?: NewMigration
  // The parts of migrations whose retired copies this one has used up or removed. A migration of which none is left becomes
  // completed if it awaited its finalize, and what is said here if it had failed.
  readonly settles?: {
    readonly parts: readonly string[]
    readonly failedBecomes: 'completed' | 'rolled-back' | 'failed'
  }
}

// What the steps leave of one member.
export type MemberFacts = Partial<{
  plan: { readonly workload: Workload; readonly imageId: string }
  image: { readonly imageId: string; readonly loaded: boolean }
  // retained: the copy of an earlier migration that was found on the target and taken.
  hold: { readonly targetContainerId: string; readonly retained?: RetainedCopy__Output | null }
  fence: { readonly restartPolicyJson: string }
  stop: {
    readonly wasRunning: boolean
    readonly exitCode: number
    readonly killed: boolean
  }
  isolate: { readonly volumes: readonly string[]; readonly renamedTo: string }
  start: { readonly verdict: string; readonly upAt: string | null }
  remove: { readonly removed: readonly string[] }
}>

// Each step's `done` carries its own part, of every member in their order, or of all together; a step reads those of the
// steps above it. JSON.
export type Facts = { readonly [Step in keyof MemberFacts]: readonly NonNullable<MemberFacts[Step]>[] } & Partial<{
  precopy: { readonly rounds: number; readonly reason: StopReason; readonly predictedMs: number | null }
  finalcopy: { readonly receipt: Receipt; readonly durationMs: number }
}>

export const memberFacts = (facts: Facts, index: number): MemberFacts => {
  const { plan, image, hold, fence, stop, isolate, start, remove } = facts
  const own = { plan, image, hold, fence, stop, isolate, start, remove }
  return Object.fromEntries(
    Object.entries(own).flatMap(([step, all]) => (all?.[index] === undefined ? [] : [[step, all[index]]])),
  )
}

export const leaseOf = ({ lease }: Pick<Member, 'lease'>): Lease => {
  if (lease === null) throw new Error('The lease was never taken')
  return lease
}
