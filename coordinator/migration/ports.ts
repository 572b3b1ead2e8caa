// What the hand-over needs from outside. It knows nothing of Fastify, SQL or gRPC: adapters in coordinator/store and
// coordinator/agents stand behind these, and the model tests put fakes there.

import type { HostPower } from '../../shared/api/host-powers.ts'
import type { Host } from '../../shared/api/hosts.ts'
import type { Container, Volume } from '../../shared/api/inventory.ts'
import type { MigrationOptions } from '../../shared/api/migration-options.ts'
import type { HookRun, Progress, Round, StepName, WebhookDelivery } from '../../shared/api/migrations.ts'
import type { AppError, ErrorDetails, Finding } from '../../shared/errors.ts'
import type { Choices } from '../../shared/rpc/generated/drayage/v1/Choices.ts'
import type { DescribedWorkloads__Output } from '../../shared/rpc/generated/drayage/v1/DescribedWorkloads.ts'
import type { DiskRates__Output } from '../../shared/rpc/generated/drayage/v1/DiskRates.ts'
import type { FencedSource__Output } from '../../shared/rpc/generated/drayage/v1/FencedSource.ts'
import type { FinalizedSource__Output } from '../../shared/rpc/generated/drayage/v1/FinalizedSource.ts'
import type { Hook__Output } from '../../shared/rpc/generated/drayage/v1/Hook.ts'
import type { HookResult__Output } from '../../shared/rpc/generated/drayage/v1/HookResult.ts'
import type { Image } from '../../shared/rpc/generated/drayage/v1/Image.ts'
import type { ImageProgress__Output } from '../../shared/rpc/generated/drayage/v1/ImageProgress.ts'
import type { IsolatedSource__Output } from '../../shared/rpc/generated/drayage/v1/IsolatedSource.ts'
import type { KeptLayer__Output } from '../../shared/rpc/generated/drayage/v1/KeptLayer.ts'
import type { LineRate__Output } from '../../shared/rpc/generated/drayage/v1/LineRate.ts'
import type { PreparedMember } from '../../shared/rpc/generated/drayage/v1/PreparedMember.ts'
import type { PreparedTarget__Output } from '../../shared/rpc/generated/drayage/v1/PreparedTarget.ts'
import type { Project__Output } from '../../shared/rpc/generated/drayage/v1/Project.ts'
import type { RetiredVolume__Output } from '../../shared/rpc/generated/drayage/v1/RetiredVolume.ts'
import type { Standing__Output } from '../../shared/rpc/generated/drayage/v1/Standing.ts'
import type { StartedTarget__Output } from '../../shared/rpc/generated/drayage/v1/StartedTarget.ts'
import type { StoppedSource__Output } from '../../shared/rpc/generated/drayage/v1/StoppedSource.ts'
import type { TargetCheck__Output } from '../../shared/rpc/generated/drayage/v1/TargetCheck.ts'
import type { VolumeProgress__Output } from '../../shared/rpc/generated/drayage/v1/VolumeProgress.ts'
import type { WritableLayer__Output } from '../../shared/rpc/generated/drayage/v1/WritableLayer.ts'
import type { Facts, Lease, MigrationEnd, MigrationRecord, NewMigration, Workload } from './record.ts'

export type Described = DescribedWorkloads__Output
export type TargetCheck = TargetCheck__Output
export type Standing = Standing__Output

export type CallOptions = { readonly signal?: AbortSignal }

// One host's agent. Each function is one call of proto/agent.proto, with its contract and its errors; every one ends
// within a time of its own with DRAYAGE_TIMEOUT or DRAYAGE_AGENT_UNREACHABLE.
export type AgentPort = {
  describeStanding(options?: CallOptions): Promise<Standing>
  describeWorkloads(
    request: { containers: string[]; measureVolumes: boolean; choices?: Choices },
    options?: CallOptions,
  ): Promise<Described>
  lookAtLayer(request: { containerId: string }, options?: CallOptions): Promise<WritableLayer__Output>
  describeProject(request: { project: string }, options?: CallOptions): Promise<Project__Output>
  checkTargets(
    request: {
      targets: {
        workload: Workload
        migrationId: string
        workloadId: string
        overwriteChanged: boolean
        allowedPowers: HostPower[]
        choices: Choices
      }[]
    },
    options?: CallOptions,
  ): Promise<{ checks: TargetCheck[] }>
  measureReading(request: { containers: string[]; choices: Choices }, options?: CallOptions): Promise<DiskRates__Output>
  measureWriting(request: Record<string, never>, options?: CallOptions): Promise<DiskRates__Output>
  measureLine(
    request: { transferId: string; source: { host: string; address: string }; bytesPerSecond: number },
    options?: CallOptions,
  ): Promise<LineRate__Output>
  grantEpoch(
    request: {
      lease: Lease
      role: 'source' | 'target' | 'retired'
      peerHost: string
      containerId: string
      choices?: Choices
    },
    options?: CallOptions,
  ): Promise<{ previousEpoch: number }>
  // movedHere: the container that is the workload now, on the target; '': it is not here.
  forgetMigration(request: { lease: Lease; movedHere: string }, options?: CallOptions): Promise<void>
  receiveImage(
    request: {
      lease: Lease
      image: Image
      source: { host: string; address: string }
      bytesPerSecond: number
      isLayer?: boolean
      pull?: boolean
    },
    options?: CallOptions,
  ): AsyncIterable<ImageProgress__Output>
  removeImage(request: { lease: Lease; imageId: string }, options?: CallOptions): Promise<void>
  holdSource(request: { lease: Lease; containerId: string }, options?: CallOptions): Promise<void>
  releaseSource(request: { lease: Lease }, options?: CallOptions): Promise<void>
  keepLayer(request: { lease: Lease; containerId: string }, options?: CallOptions): Promise<KeptLayer__Output>
  prepareTarget(
    request: {
      lease: Lease
      workload: Workload
      imageId: string
      overwriteChanged: boolean
      allowedPowers: HostPower[]
      choices: Choices
      layer?: Image
      prepared: PreparedMember[]
    },
    options?: CallOptions,
  ): Promise<PreparedTarget__Output>
  discardTarget(request: { lease: Lease }, options?: CallOptions): Promise<void>
  receiveVolume(
    request: {
      lease: Lease
      volume: string
      source: { host: string; address: string }
      round: number
      final: boolean
      rootIdentity: string
      devices: MigrationOptions['devices']
      verification: MigrationOptions['verify']
      bytesPerSecond: number
      compression: MigrationOptions['compression']
    },
    options?: CallOptions,
  ): AsyncIterable<VolumeProgress__Output>
  fenceSource(request: { lease: Lease; containerId: string }, options?: CallOptions): Promise<FencedSource__Output>
  unfenceSource(request: { lease: Lease; containerId: string }, options?: CallOptions): Promise<void>
  stopSource(
    request: { lease: Lease; containerId: string; stopTimeoutSeconds: number },
    options?: CallOptions,
  ): Promise<StoppedSource__Output>
  restartSource(request: { lease: Lease; containerId: string }, options?: CallOptions): Promise<void>
  isolateSource(
    request: { lease: Lease; containerId: string; volumes: Workload['volumes'] },
    options?: CallOptions,
  ): Promise<IsolatedSource__Output>
  restoreSource(request: { lease: Lease; containerId: string }, options?: CallOptions): Promise<void>
  confirmTarget(request: { lease: Lease; containerId: string }, options?: CallOptions): Promise<void>
  reinstateTarget(request: { lease: Lease; containerId: string }, options?: CallOptions): Promise<void>
  startTarget(
    request: { lease: Lease; containerId: string; settleMs: number; healthTimeoutMs: number },
    options?: CallOptions,
  ): Promise<StartedTarget__Output>
  stopTarget(
    request: { lease: Lease; containerId: string; stopTimeoutSeconds: number },
    options?: CallOptions,
  ): Promise<void>
  runHook(
    request: { lease: Lease; containerId: string; hook: Hook__Output },
    options?: CallOptions,
  ): Promise<HookResult__Output>
  retireSource(request: { lease: Lease; containerId: string; notCopied: boolean }, options?: CallOptions): Promise<void>
  finalizeSource(
    request: {
      lease: Lease
      retiredMigrationId: string
      containerId: string
      volumes: readonly RetiredVolume__Output[]
      removeImage: boolean
    },
    options?: CallOptions,
  ): Promise<FinalizedSource__Output>
  forgetCopy(request: { lease: Lease }, options?: CallOptions): Promise<void>
  settleWorkload(
    request: { lease: Lease; ownerHost: string; isOwner: boolean; containerIds: string[] },
    options?: CallOptions,
  ): Promise<void>
}

export type Hosts = {
  // Throws DRAYAGE_HOST_NOT_FOUND for a name that was never added, DRAYAGE_HOST_OFFLINE for one that is not online.
  online(host: string): Promise<{ readonly agent: AgentPort; readonly address: string }>
  // The same without asking whether it is online now: for steps that must go on as soon as it is back. Throws
  // DRAYAGE_HOST_NOT_FOUND, and DRAYAGE_HOST_OFFLINE where no address was ever reported.
  known(host: string): Promise<{ readonly agent: AgentPort; readonly address: string }>
}

// What is known of a Compose project, by its label.
export type KnownOfProject = {
  // All of ours.
  readonly hosts: readonly Pick<Host, 'name' | 'state' | 'inventoryAt'>[]
  // On any host, as it last said; those that are gone included.
  readonly containers: readonly Container[]
  // Those that exist.
  readonly volumes: readonly Volume[]
}

export type Inventories = { ofProject(name: string): Promise<KnownOfProject> }

export type JournalPhase = 'started' | 'done' | 'failed' | 'undo-started' | 'undone'

export type JournalEntry = {
  readonly seq: number
  readonly step: StepName
  readonly phase: JournalPhase
  readonly at: Date
  // done: what later steps need. failed: why.
  readonly facts: Facts | null
  readonly error: { readonly code: string; readonly message: string; readonly details: ErrorDetails } | null
}

// Everything is on the disk (synchronous=FULL) when a promise resolves.
export type Journal = {
  // One that is `of` another is noted there as what follows it.
  create(migration: NewMigration): Promise<MigrationRecord>
  find(id: string): Promise<MigrationRecord | null>
  // By Idempotency-Key of the one who asked.
  findByKey(key: string): Promise<MigrationRecord | null>
  list(filter: { readonly state?: string; readonly limit: number }): Promise<readonly MigrationRecord[]>
  // What had not ended when the coordinator did, oldest first.
  unfinished(): Promise<readonly MigrationRecord[]>

  entries(id: string): Promise<readonly JournalEntry[]>
  append(
    id: string,
    entry: Pick<JournalEntry, 'step' | 'phase'> & Partial<Pick<JournalEntry, 'facts' | 'error'>>,
  ): Promise<void>

  // The same, unless a pause was asked for meanwhile: false, and nothing is written.
  appendUnlessPaused(id: string, entry: Pick<JournalEntry, 'step' | 'phase'>): Promise<boolean>

  // Takes the lease on each member's workload and on each of its volumes on the source, minting a workload's id when it never
  // moved before, and issues their next epochs. One transaction: all, or none. Idempotent for the same migration: the same
  // answer, in the order of its members. The record carries them from then on, also after the end.
  // Throws DRAYAGE_MIGRATION_IN_PROGRESS naming the other migration.
  // retired: the containers are copies that workloads have left on the host; throws DRAYAGE_NOTHING_TO_FINALIZE unless the
  // owners are elsewhere.
  acquireLeases(
    id: string,
    wanted: {
      readonly retired?: boolean
      readonly host: string
      readonly members: readonly {
        readonly containerId: string
        readonly volumes: readonly {
          readonly name: string
          readonly createdAt: string
          readonly rootIdentity: string
        }[]
      }[]
    },
  ): Promise<readonly Lease[]>

  // Where a workload is: null where there is none of that id.
  ownerOf(workloadId: string): Promise<{ readonly host: string; readonly containerId: string } | null>
  // The workload that this container is, wherever it belongs now; null for one that never moved.
  workloadOf(host: string, containerId: string): Promise<string | null>

  // The pivot. One transaction: the owner of every workload becomes `to`, known there by its new container, under its
  // lease's epoch, and the step `commit` is done. Refused with DRAYAGE_EPOCH_STALE unless every lease is still this
  // migration's.
  commit(
    id: string,
    to: string,
    handedOver: readonly { readonly lease: Lease; readonly containerId: string }[],
  ): Promise<void>

  addRound(id: string, round: Round): Promise<void>
  rounds(id: string): Promise<readonly Round[]>
  // Before it is run, and when its outcome is known: until then it is unknown. Answers by which number to end it.
  beginHook(id: string, run: Pick<HookRun, 'hook' | 'container' | 'host' | 'command' | 'onError'>): Promise<number>
  endHook(number: number, end: Pick<HookRun, 'outcome' | 'exitCode' | 'output' | 'truncated'>): Promise<void>
  // In their order.
  hookRuns(id: string): Promise<readonly HookRun[]>
  addWarnings(id: string, warnings: readonly Finding[]): Promise<void>
  requestCancel(id: string): Promise<void>
  // In one transaction with the look at what it must not come after: `mayPause` throws why it may not.
  requestPause(id: string, mayPause: (record: MigrationRecord, entries: readonly JournalEntry[]) => void): Promise<void>
  // It is no longer to be paused.
  requestResume(id: string): Promise<void>
  // What it does now: nothing. paused: false where that is no longer asked for.
  standStill(id: string, state: 'queued' | 'paused'): Promise<boolean>
  // Ends it, gives the lease back, and does what the end says of others, in one transaction.
  end(id: string, end: MigrationEnd): Promise<void>
  // What the webhook was told of it, or is to be told.
  deliveries(id: string): Promise<readonly WebhookDelivery[]>
}

// What must not go on before an operator has settled something.
export type Holds = {
  // Why nothing may be done with the container, or the workload; null: it may.
  of(subject: {
    readonly workloadId: string | null
    readonly host: string
    readonly containerId: string
  }): AppError | null
  // Calls whenever that may have changed, until what it answers with is called.
  onChange(listener: () => void): () => void
}

export type Clock = { now(): Date; sleep(ms: number, signal?: AbortSignal): Promise<void> }

// For those who watch; losing one loses nothing.
export type Watchers = {
  changed(id: string): void
  progress(id: string, progress: Progress): void
}
