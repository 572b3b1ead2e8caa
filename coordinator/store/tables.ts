// The tables as the newest schema has them (upgrades.ts makes them). Columns are snake_case on disk. Times are RFC 3339
// in UTC with milliseconds, which sort as text; `…Json` columns hold JSON; yes and no are 1 and 0.
import type { Generated } from 'kysely'
import type { AuditOutcome } from '../../shared/api/audit.ts'
import type { Role } from '../../shared/api/tokens.ts'

export type HostTable = {
  name: string
  addedAt: string
  // Null until an agent has traded a join token for a certificate.
  enrolledAt: string | null
  certificateExpiresAt: string | null
  // SHA-256 of the public key that the newest certificate is for, hex.
  publicKeyHash: string | null
  address: string | null
  agentVersion: string | null
  engineJson: string | null
  engineReachable: number
  lastSeen: string | null
  // Null: never reported, which is not the same as having nothing.
  inventoryAt: string | null
  // Null: it is one of ours.
  removedAt: string | null
}

export type JoinTokenTable = {
  // SHA-256 of the secret, hex. The token itself is nowhere.
  hash: string
  host: string
  createdAt: string
  expiresAt: string
  usedAt: string | null
  // SHA-256 of the public key that it was traded for, hex, and the certificate that was given.
  publicKeyHash: string | null
  certificate: string | null
}

export type RevokedKeyTable = {
  publicKeyHash: string
  host: string
  revokedAt: string
  // No certificate for the key lasts longer.
  goodUntil: string
}

export type ApiTokenTable = {
  id: string
  name: string
  // SHA-256 of the token, hex.
  hash: string
  role: Role
  createdAt: string
  // A token's name. Null: the coordinator itself.
  createdBy: string | null
  // Null: never.
  expiresAt: string | null
  lastUsedAt: string | null
}

// Triggers refuse to change or delete a line.
export type AuditTable = {
  seq: Generated<number>
  at: string
  actor: string | null
  role: Role | null
  address: string
  action: string
  subject: string | null
  outcome: AuditOutcome
  code: string | null
  requestId: string | null
}

export type VolumeTable = {
  // One for each volume that ever was; a name can come back as another volume.
  id: Generated<number>
  host: string
  name: string
  createdAt: string
  driver: string
  mountpoint: string
  scope: string
  optionsJson: string
  labelsJson: string
  anonymous: number
  sizeBytes: number | null
  // Null: by an agent that did not say when, or never measured.
  sizeMeasuredAt: string | null
  firstSeen: string
  lastSeen: string
  goneAt: string | null
}

export type ContainerTable = {
  host: string
  id: string
  name: string
  image: string
  imageId: string
  state: string
  createdAt: string
  labelsJson: string
  firstSeen: string
  lastSeen: string
  goneAt: string | null
}

// A container's mounts are fixed when it is made: they come and go with it.
export type MountTable = {
  host: string
  containerId: string
  destination: string
  type: string
  // As Docker names it; empty where it is no volume.
  volumeName: string
  // Which of the volumes that ever bore this name. Null until that volume has been reported.
  volumeId: number | null
  source: string
  readOnly: number
}

// A lineage: the one container that this is, wherever it runs.
export type WorkloadTable = {
  id: string
  // The owner: the only place where it may run.
  host: string
  containerId: string
  epoch: number
  createdAt: string
}

// Every place where a workload ever was. Those that are not its owner are retired copies.
export type WorkloadPlaceTable = {
  host: string
  containerId: string
  workloadId: string
  since: string
}

// What the workload's volumes were when an epoch was issued.
export type WorkloadVolumeTable = {
  workloadId: string
  epoch: number
  name: string
  createdAt: string
  rootIdentity: string
}

export type MigrationTable = {
  id: string
  requestJson: string
  // What is moved, in words.
  subject: string
  planJson: string
  idempotencyKey: string | null
  state: string
  cancelRequested: number
  warningsJson: string
  errorJson: string | null
  createdAt: string
  updatedAt: string
  endedAt: string | null
  pauseRequested: Generated<number>
  // move, return or finalize; `ofId`: of which migration; `followedBy`: by which it was followed last.
  kind: Generated<string>
  ofId: string | null
  termsJson: Generated<string>
  followedBy: string | null
}

// One of the containers that a migration moves together.
export type MigrationMemberTable = {
  migrationId: string
  // From 1, in the order in which they are made and started: agents know it by this (shared/move-set/part.ts).
  number: number
  containerId: string
  containerName: string
  // What of a return or a finalize is its own.
  termsJson: string
  // Null: the lease was not taken yet.
  workloadId: string | null
  epoch: number | null
  // The migration that has used up, or removed, what this one kept of it.
  settledBy: string | null
}

export type LeaseTable = {
  // What is held: workload/ID, container/HOST/ID, volume/HOST/NAME. The primary key is what makes it exclusive.
  resource: string
  migrationId: string
}

// Held by an export, an import, a copy or a removal, for as long as its request lasts: none of them outlives the process.
export type VolumeHoldTable = {
  id: Generated<number>
  // volume/HOST/NAME, as in `leases`; those that only read may be several.
  resource: string
  transferId: string
  // export, import, copy, removal
  kind: string
  exclusive: number
  since: string
}

export type JournalEntryTable = {
  seq: Generated<number>
  migrationId: string
  step: string
  phase: string
  at: string
  factsJson: string | null
  errorJson: string | null
}

export type RoundTable = {
  migrationId: string
  round: number
  volume: string
  final: number
  entries: number
  bytesSent: number
  contentBytes: number
  durationMs: number
}

// An operator's word that a host is down. In force until its agent is back and was told what it was owed.
export type HostFenceTable = {
  id: Generated<number>
  host: string
  fencedAt: string
  // The id of the API token.
  fencedBy: string
  liftedAt: string | null
}

// A call to an agent that could not be asked: it is made when that agent is back, before anything else.
export type OwedCallTable = {
  seq: Generated<number>
  host: string
  // Not before all that this host is owed of the same migration is done.
  afterHost: string | null
  migrationId: string
  // Of AgentPort.
  method: string
  requestJson: string
  owedSince: string
  doneAt: string | null
  // Why the last try failed.
  errorJson: string | null
}

// One time that a hook was run. Without an end, what came of it is not known.
export type HookRunTable = {
  seq: Generated<number>
  migrationId: string
  hook: string
  // The name of the one that it was run in.
  container: string
  host: string
  commandJson: string
  onError: string
  startedAt: string
  endedAt: string | null
  outcome: string | null
  exitCode: number | null
  output: string | null
  truncated: number | null
}

// What the webhook is told, written down with what it tells of (coordinator/webhook).
export type WebhookDeliveryTable = {
  seq: Generated<number>
  // ULID: by which the receiver knows that it has had a message before.
  id: string
  migrationId: string
  workloadId: string | null
  event: string
  // Of migration.ended: as what.
  state: string | null
  at: string
  attempts: number
  nextAt: string
  sentAt: string | null
  givenUpAt: string | null
  lastError: string | null
}

// `recovery-needed`: since when and why nothing is moved until an operator has settled what was lost.
export type CoordinatorFactTable = { name: string; value: string }

// An operator's word on who owns a workload, under which epoch.
export type SettlementTable = {
  id: string
  workloadId: string
  epoch: number
  host: string
  containerId: string
  settledAt: string
  // The id of the API token.
  settledBy: string
}

// What was brought back by hand on a host, as its agent told it. From startedAt on the copy there may have been written to.
export type HandStartTable = {
  host: string
  containerId: string
  migrationId: string
  workloadId: string
  // The workload's when it was brought back: history as soon as the workload has a higher one.
  epoch: number
  containerName: string
  startedAt: string
  // Null: it was cut off.
  doneAt: string | null
  reportedAt: string
}

export type Tables = {
  hosts: HostTable
  joinTokens: JoinTokenTable
  revokedKeys: RevokedKeyTable
  apiTokens: ApiTokenTable
  audit: AuditTable
  volumes: VolumeTable
  containers: ContainerTable
  mounts: MountTable
  workloads: WorkloadTable
  workloadPlaces: WorkloadPlaceTable
  workloadVolumes: WorkloadVolumeTable
  migrations: MigrationTable
  migrationMembers: MigrationMemberTable
  leases: LeaseTable
  volumeHolds: VolumeHoldTable
  journalEntries: JournalEntryTable
  rounds: RoundTable
  hostFences: HostFenceTable
  owedCalls: OwedCallTable
  webhookDeliveries: WebhookDeliveryTable
  hookRuns: HookRunTable
  coordinatorFacts: CoordinatorFactTable
  settlements: SettlementTable
  handStarts: HandStartTable
}
