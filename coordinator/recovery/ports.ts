// What the coordinator's database knows of workloads, as far as it can be compared with what agents remember, and what an
// operator settles about them.
import type { MigrationKind } from '../../shared/api/migrations.ts'
import type { Entry } from '../migration/decide.ts'
import type { Standing } from '../migration/ports.ts'

export type Place = { readonly host: string; readonly containerId: string }

export type KnownWorkload = {
  readonly id: string
  readonly owner: Place
  readonly epoch: number
  // The migrations and settlements that were issued this epoch: one, unless it is 0.
  readonly issuedTo: string | null
  readonly places: readonly Place[]
}

export type KnownMigration = {
  readonly id: string
  readonly kind: MigrationKind
  readonly workloadId: string | null
  readonly epoch: number | null
  readonly from: string
  readonly to: string
  readonly containerId: string
  readonly containerName: string
  readonly ended: boolean
  readonly entries: readonly Entry[]
}

export type Known = {
  readonly workloads: ReadonlyMap<string, KnownWorkload>
  readonly migrations: ReadonlyMap<string, KnownMigration>
  // By workload: the epoch of the newest settlement.
  readonly settled: ReadonlyMap<string, number>
}

// A container as its host's agent last reported it.
export type SeenContainer = Place & {
  readonly name: string
  readonly state: string
  // The migration that made it; null: none.
  readonly madeBy: string | null
}

export type HandStart = Place & {
  readonly migrationId: string
  readonly workloadId: string
  readonly epoch: number
  readonly containerName: string
  readonly startedAt: Date
  // Null: it was cut off.
  readonly doneAt: Date | null
}

export type Settlement = {
  readonly id: string
  readonly workloadId: string
  // Above every epoch that anybody is known to hold.
  readonly epoch: number
  // Null: nobody has a copy that may run; kept so that the epoch is never issued again.
  readonly owner: Place | null
  readonly copies: readonly Place[]
  // Every host that has a copy, or holds an epoch.
  readonly hosts: readonly string[]
}

export type RecoveryNeeded = { readonly since: Date; readonly why: string }

// Everything is on the disk when a promise resolves.
export type RecoveryStore = {
  known(): Promise<Known>
  seen(): Promise<readonly SeenContainer[]>
  // Why nothing is moved until an operator has settled what was lost; null: nothing was.
  needed(): Promise<RecoveryNeeded | null>
  // The first reason stays.
  need(reason: RecoveryNeeded): Promise<void>
  // What was brought back by hand on a host, as its agent tells it. Idempotent.
  noteHandStarts(host: string, standing: Standing, at: Date): Promise<void>
  // Newest first: what was brought back by hand of this workload, by whatever host has told of it.
  handStartsOf(workloadId: string): Promise<readonly HandStart[]>
  // One transaction: owners and epochs as settled, migrations of these workloads ended as `failed`, their leases given back,
  // what hosts were owed for them dropped, and each host owed the settlement. Recovery is needed no more.
  settle(settlements: readonly Settlement[], by: string, at: Date): Promise<void>
}
