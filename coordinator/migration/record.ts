// What is kept of a migration, and what its steps leave for one another.
import { completeOptions, type MigrationOptions } from '../../shared/api/migration-options.ts'
import type { MigrationError, MigrationRequest, MigrationState, Plan, Receipt } from '../../shared/api/migrations.ts'
import type { Finding } from '../../shared/errors.ts'
import type { Lease__Output } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { StopReason } from './rounds.ts'

export type Lease = Lease__Output
export type Workload = Workload__Output

// A request with nothing left open. The same wish always compares equal, whatever order its fields came in.
export type AcceptedRequest = Omit<MigrationRequest, 'options'> & { readonly options: MigrationOptions }

export const accepted = ({ container, from, to, options }: MigrationRequest): AcceptedRequest => ({
  container,
  from,
  to,
  options: completeOptions(options),
})

export type NewMigration = {
  readonly id: string
  readonly request: AcceptedRequest
  readonly containerId: string
  readonly containerName: string
  readonly plan: Plan
  readonly idempotencyKey: string | null
}

export type MigrationRecord = NewMigration & {
  readonly state: MigrationState
  readonly cancelRequested: boolean
  // Taken by the step `lock`, given back when the migration ends; kept here for the record.
  readonly lease: Lease | null
  readonly warnings: readonly Finding[]
  readonly error: MigrationError | null
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly endedAt: Date | null
}

export type MigrationEnd = {
  readonly state: Extract<MigrationState, 'awaiting-finalize' | 'completed' | 'failed' | 'rolled-back' | 'cancelled'>
  readonly error: MigrationError | null
}

// Each step's `done` carries its own part; a step reads those of the steps above it. JSON.
export type Facts = Partial<{
  plan: { readonly workload: Workload; readonly imageId: string }
  image: { readonly imageId: string; readonly loaded: boolean }
  hold: { readonly targetContainerId: string }
  precopy: { readonly rounds: number; readonly reason: StopReason; readonly predictedMs: number | null }
  fence: { readonly restartPolicyJson: string }
  stop: {
    readonly wasRunning: boolean
    readonly exitCode: number
    readonly killed: boolean
  }
  isolate: { readonly volumes: readonly string[]; readonly renamedTo: string }
  finalcopy: { readonly receipt: Receipt; readonly durationMs: number }
  start: { readonly verdict: string; readonly upAt: string | null }
}>
