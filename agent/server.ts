// What this agent serves: the coordinator's steps (proto/agent.proto), volumes as a whole (proto/archive.proto), and
// pulls by the other agents of a move (proto/transfer.proto). Builds the server; does not listen.
import type { Server } from '@grpc/grpc-js'
import { AppError } from '../shared/errors.ts'
import { streamWithFailpoints, withFailpoints } from '../shared/failpoints/failpoints.ts'
import type { Identity } from '../shared/identity/names.ts'
import type { Banned } from '../shared/rpc/banned.ts'
import type { AgentHandlers } from '../shared/rpc/generated/drayage/v1/Agent.ts'
import type { ArchiveHandlers } from '../shared/rpc/generated/drayage/v1/Archive.ts'
import type { Lease__Output as Lease } from '../shared/rpc/generated/drayage/v1/Lease.ts'
import { withSignsOfLife } from '../shared/rpc/liveness.ts'
import { type CallContext, createServer, handlers } from '../shared/rpc/server.ts'
import { services } from '../shared/rpc/services.ts'
import { defaultSilenceMs, signOfLifeMs } from '../shared/rpc/silence.ts'
import { listDirectory, readFile } from './archive/browse.ts'
import type { ArchiveSource } from './archive/coordinator-source.ts'
import { exportVolume } from './archive/export.ts'
import { importVolume } from './archive/import.ts'
import type { Lending } from './archive/lending.ts'
import { readCopy } from './archive/read-copy.ts'
import { removeVolume } from './archive/remove.ts'
import { isOnRecord, type Refusals, toRefusal } from './link/refusals.ts'
import { standingOf } from './state/standing.ts'
import { confirmTarget } from './steps/confirm.ts'
import type { AgentContext } from './steps/context.ts'
import { fenceSource, unfenceSource } from './steps/fence.ts'
import { finalizeSource, forgetCopy } from './steps/finalize.ts'
import { forgetMigration, grantEpoch } from './steps/grant.ts'
import { discardTarget, holdSource, prepareTarget, releaseSource } from './steps/hold.ts'
import { receiveImage, removeImage } from './steps/image.ts'
import { isolateSource, restoreSource } from './steps/isolate.ts'
import { keepLayer } from './steps/keep-layer.ts'
import { checkTargets, describeProject, describeWorkloads } from './steps/look.ts'
import { measureLine, measureReading, measureWriting } from './steps/measure.ts'
import { receiveVolume } from './steps/receive-volume.ts'
import { reinstateTarget } from './steps/retained.ts'
import { retireSource } from './steps/retire.ts'
import { runHook } from './steps/run-hook.ts'
import { settleWorkload } from './steps/settle.ts'
import { startTarget, stopTarget } from './steps/start.ts'
import { restartSource, stopSource } from './steps/stop.ts'
import { transferHandlers } from './transfer/handlers.ts'
import type { Serving } from './transfer/serve.ts'

const nothing = Buffer.alloc(0)

export type ArchiveParts = { readonly coordinator: ArchiveSource; readonly lending: Pick<Lending, 'lend'> }

// Who is not to call whatever his role, and who is told of whoever tried.
export type Guarding = { readonly refusals: Pick<Refusals, 'note'>; readonly banned: Pick<Banned, 'has'> }

type Leased = { readonly lease: Lease | null }

export const createAgentServer = (
  context: AgentContext,
  serving: Serving,
  { coordinator, lending }: ArchiveParts,
  { refusals, banned }: Guarding,
  options: { readonly silenceMs?: number } = {},
): Server => {
  const { silenceMs = defaultSilenceMs } = options
  const { state, log } = context
  const onFailure = (thrown: unknown, method: string, caller: Identity, address: string) => {
    const { code, message, stack } = thrown as { code?: string; message?: string; stack?: string }
    if (thrown instanceof AppError && isOnRecord(thrown)) refusals.note(toRefusal(thrown, method, caller, address))
    const unforeseen = !(thrown instanceof AppError) || thrown.code === 'DRAYAGE_INTERNAL'
    const details = { method, caller: caller.host ?? caller.role, code, reason: message }
    if (unforeseen) log.error({ ...details, stack }, 'A call failed in a way that was not foreseen')
    else log.warn(details, 'A call was refused or failed')
  }
  const { unary, serverStream } = handlers(['coordinator'], onFailure, banned)
  const peers = handlers(['agent'], onFailure, banned)

  // A step's turn: alone among the calls for its workload, and only under an epoch that is not stale; `atAnyEpoch` is for
  // what concerns nothing but its own migration.
  const begin = async (
    { lease }: Leased,
    { signal }: CallContext,
    atAnyEpoch: boolean,
  ): Promise<{ lease: Lease; end: () => void }> => {
    if (!lease?.migrationId || !lease.workloadId || lease.epoch < 1) {
      throw new AppError('DRAYAGE_INVALID_REQUEST', 'The call carries no whole lease. Nothing was done.')
    }
    const end = await state.turns.take(lease.workloadId, signal)
    try {
      if (!atAnyEpoch) state.epochs.check(lease)
      return { lease, end }
    } catch (thrown) {
      end()
      throw thrown
    }
  }
  const look = <Request, Reply>(work: (request: Request, call: CallContext) => Promise<Reply>) =>
    unary<Request, Reply>((request, call) => withFailpoints(call.method, () => work(request, call)))
  const step = <Request extends Leased, Reply>(
    work: (request: Request, lease: Lease, call: CallContext) => Promise<Reply>,
    { atAnyEpoch = false } = {},
  ) =>
    unary<Request, Reply>(async (request, call) => {
      const { lease, end } = await begin(request, call, atAnyEpoch)
      try {
        return await withFailpoints(call.method, () => work(request, lease, call))
      } finally {
        end()
      }
    })
  const streamedStep = <Request extends Leased, Reply>(
    work: (request: Request, lease: Lease, call: CallContext) => AsyncIterable<Reply>,
  ) =>
    serverStream<Request, Reply>(async function* (request, call) {
      const { lease, end } = await begin(request, call, false)
      try {
        yield* streamWithFailpoints(call.method, () => work(request, lease, call))
      } finally {
        end()
      }
    })

  const server = createServer(options)
  server.addService(services.Agent, {
    DescribeWorkloads: look((request, { signal }) => describeWorkloads(context, request, signal)),
    LookAtLayer: look(({ containerId }) => context.engine.layer(containerId)),
    DescribeProject: look(({ project }) => describeProject(context, project)),
    DescribeStanding: look(async () => standingOf(state)),
    CheckTargets: look((request) => checkTargets(context, request)),
    MeasureReading: look((request, { signal }) => measureReading(context, request, signal)),
    MeasureWriting: look((_, { signal }) => measureWriting(context, signal)),
    MeasureLine: look((request, { signal }) => measureLine(context, request, signal)),
    GrantEpoch: step((request, lease) => grantEpoch(context, request, lease)),
    // A coordinator that was restored from an older backup must be able to end what it believes to be under way.
    ForgetMigration: step((request, lease) => forgetMigration(context, request.movedHere, lease), { atAnyEpoch: true }),
    ReceiveImage: streamedStep((request, lease, { signal }) => receiveImage(context, request, lease, signal)),
    RemoveImage: step((_, lease) => removeImage(context, lease)),
    HoldSource: step((request, lease) => holdSource(context, request.containerId, lease)),
    ReleaseSource: step((_, lease) => releaseSource(context, lease)),
    KeepLayer: step((request, lease) => keepLayer(context, request.containerId, lease)),
    PrepareTarget: step((request, lease) => prepareTarget(context, request, lease)),
    DiscardTarget: step((_, lease) => discardTarget(context, lease)),
    ReceiveVolume: streamedStep((request, lease, { signal }) => receiveVolume(context, request, lease, signal)),
    FenceSource: step((request, lease) => fenceSource(context, request.containerId, lease)),
    UnfenceSource: step((request, lease) => unfenceSource(context, request.containerId, lease)),
    StopSource: step((request, lease) => stopSource(context, request, lease)),
    RestartSource: step((request, lease) => restartSource(context, request.containerId, lease)),
    IsolateSource: step((request, lease) => isolateSource(context, request, lease)),
    RestoreSource: step((request, lease) => restoreSource(context, request.containerId, lease)),
    ConfirmTarget: step((request, lease) => confirmTarget(context, request.containerId, lease)),
    ReinstateTarget: step((request, lease) => reinstateTarget(context, request.containerId, lease)),
    StartTarget: step((request, lease, { signal }) => startTarget(context, request, lease, signal)),
    StopTarget: step((request, lease) => stopTarget(context, request.containerId, lease)),
    RunHook: step((request, lease, { signal }) => runHook(context, request, lease, signal)),
    RetireSource: step((request, lease) => retireSource(context, request, lease)),
    FinalizeSource: step((request, lease) => finalizeSource(context, request, lease)),
    ForgetCopy: step((_, lease) => forgetCopy(context, lease), { atAnyEpoch: true }),
    SettleWorkload: step((request, lease) => settleWorkload(context, request, lease)),
  } satisfies AgentHandlers)
  server.addService(services.Archive, {
    ExportVolume: serverStream((request, { signal }) =>
      withSignsOfLife(exportVolume(context, request, signal), signOfLifeMs(silenceMs), () => ({ tar: nothing })),
    ),
    ImportVolume: serverStream((request, { signal }) =>
      withSignsOfLife(importVolume(context, coordinator, request, signal), signOfLifeMs(silenceMs), () => ({})),
    ),
    LendVolume: serverStream((request, { signal }) =>
      withSignsOfLife(lending.lend(request, signal), signOfLifeMs(silenceMs), () => ({})),
    ),
    ListDirectory: unary((request, { signal }) => listDirectory(context, request, signal)),
    ReadFile: serverStream((request, { signal }) =>
      withSignsOfLife(readFile(context, request, signal), signOfLifeMs(silenceMs), () => ({ content: nothing })),
    ),
    RemoveVolume: serverStream((request, { signal }) => removeVolume(context, request, signal)),
    ReadCopy: serverStream((request, { signal }) => readCopy(context, request, signal)),
  } satisfies ArchiveHandlers)
  server.addService(services.Transfer, transferHandlers(serving, peers))
  return server
}
