// One host's agent as the hand-over sees it: the calls of proto/agent.proto, each ending in a time of its own.
import type { CallLimits, RpcClient } from '../../shared/rpc/client.ts'
import type { Ticket } from '../../shared/rpc/generated/drayage/v1/Ticket.ts'
import type { Pull, Tickets } from '../identity/ticket-office.ts'
import type { AgentPort, CallOptions } from '../migration/ports.ts'
import type { Lease } from '../migration/record.ts'

export type AgentClient = RpcClient<'Agent'>

const second = 1000
const minute = 60 * second

export type TimeLimits = typeof timeLimits

export const timeLimits = {
  // What asks or notes something.
  briefMs: 15 * second,
  // Takes half a second of work; a plan that waits for longer does without.
  samplingMs: 4 * second,
  // What makes the engine work: creating a container copies its image's files into its volumes, removing one removes them.
  engineMs: 5 * minute,
  // Walks every volume, or reads a writable layer.
  measuringMs: 10 * minute,
  // On top of what a call was told to wait for.
  marginMs: 30 * second,
  // Between two messages of a stream, which come about once a second.
  stallMs: 60 * second,
}

// clientFor: asked anew at each call, since a host's address may change between two. tickets: for what its agent pulls.
export const createAgentPort = (
  clientFor: () => AgentClient,
  tickets: Tickets,
  { briefMs, samplingMs, engineMs, measuringMs, marginMs, stallMs }: TimeLimits = timeLimits,
): AgentPort => {
  const within = (timeoutMs: number, { signal }: CallOptions = {}): CallLimits =>
    signal === undefined ? { timeoutMs } : { timeoutMs, signal }

  const pulling = async function* <T>(
    pull: Pull,
    open: (client: AgentClient, ticket: Ticket, limits: CallLimits) => AsyncIterable<T>,
    { signal }: CallOptions = {},
  ): AsyncGenerator<T> {
    const ticket = await tickets(pull)
    const limits = signal === undefined ? { stallTimeoutMs: stallMs } : { stallTimeoutMs: stallMs, signal }
    yield* open(clientFor(), ticket, limits)
  }

  return {
    describeStanding: (options) => clientFor().unary('DescribeStanding', {}, within(briefMs, options)),
    describeWorkloads: (request, options) => {
      const each = request.measureVolumes ? measuringMs : engineMs
      return clientFor().unary('DescribeWorkloads', request, within(each * request.containers.length, options))
    },
    lookAtLayer: (request, options) => clientFor().unary('LookAtLayer', request, within(engineMs, options)),
    describeProject: (request, options) => clientFor().unary('DescribeProject', request, within(engineMs, options)),
    checkTargets: (request, options) =>
      clientFor().unary('CheckTargets', request, within(engineMs * request.targets.length, options)),

    measureReading: (request, options) => clientFor().unary('MeasureReading', request, within(samplingMs, options)),
    measureWriting: (request, options) => clientFor().unary('MeasureWriting', request, within(samplingMs, options)),
    measureLine: async (request, options) => {
      const { transferId, source } = request
      const ticket = await tickets({ transferId, workloadId: '', epoch: 0, sourceHost: source.host, noise: true })
      return clientFor().unary('MeasureLine', { ...request, ticket }, within(samplingMs, options))
    },

    grantEpoch: (request, options) => clientFor().unary('GrantEpoch', request, within(engineMs, options)),
    forgetMigration: async (request, options) => {
      await clientFor().unary('ForgetMigration', request, within(briefMs, options))
    },

    receiveImage: (request, options) =>
      pulling(
        { ...under(request.lease), sourceHost: request.source.host, imageId: request.image.id ?? '' },
        (client, ticket, limits) => client.serverStream('ReceiveImage', { ...request, ticket }, limits),
        options,
      ),
    removeImage: async (request, options) => {
      await clientFor().unary('RemoveImage', request, within(engineMs, options))
    },

    holdSource: async (request, options) => {
      await clientFor().unary('HoldSource', request, within(engineMs, options))
    },
    releaseSource: async (request, options) => {
      await clientFor().unary('ReleaseSource', request, within(engineMs, options))
    },
    keepLayer: (request, options) => clientFor().unary('KeepLayer', request, within(measuringMs, options)),
    prepareTarget: (request, options) => clientFor().unary('PrepareTarget', request, within(engineMs, options)),
    discardTarget: async (request, options) => {
      await clientFor().unary('DiscardTarget', request, within(engineMs, options))
    },

    receiveVolume: (request, options) =>
      pulling(
        { ...under(request.lease), sourceHost: request.source.host, volume: request.volume },
        (client, ticket, limits) => client.serverStream('ReceiveVolume', { ...request, ticket }, limits),
        options,
      ),

    fenceSource: (request, options) => clientFor().unary('FenceSource', request, within(briefMs, options)),
    unfenceSource: async (request, options) => {
      await clientFor().unary('UnfenceSource', request, within(briefMs, options))
    },
    stopSource: (request, options) =>
      clientFor().unary('StopSource', request, within(request.stopTimeoutSeconds * second + marginMs, options)),
    restartSource: async (request, options) => {
      await clientFor().unary('RestartSource', request, within(engineMs, options))
    },
    isolateSource: (request, options) => clientFor().unary('IsolateSource', request, within(briefMs, options)),
    restoreSource: async (request, options) => {
      await clientFor().unary('RestoreSource', request, within(briefMs, options))
    },

    confirmTarget: async (request, options) => {
      await clientFor().unary('ConfirmTarget', request, within(engineMs, options))
    },
    startTarget: (request, options) =>
      clientFor().unary('StartTarget', request, within(request.settleMs + request.healthTimeoutMs + marginMs, options)),
    reinstateTarget: async (request, options) => {
      await clientFor().unary('ReinstateTarget', request, within(briefMs, options))
    },
    stopTarget: async (request, options) => {
      await clientFor().unary('StopTarget', request, within(request.stopTimeoutSeconds * second + marginMs, options))
    },
    finalizeSource: ({ volumes, ...request }, options) =>
      clientFor().unary('FinalizeSource', { ...request, volumes: [...volumes] }, within(engineMs, options)),
    forgetCopy: async (request, options) => {
      await clientFor().unary('ForgetCopy', request, within(briefMs, options))
    },
    runHook: (request, options) =>
      clientFor().unary('RunHook', request, within(request.hook.timeoutMs + marginMs, options)),
    retireSource: async (request, options) => {
      await clientFor().unary('RetireSource', request, within(briefMs, options))
    },
    // May stop a container, with its own time-out.
    settleWorkload: async (request, options) => {
      await clientFor().unary('SettleWorkload', request, within(engineMs, options))
    },
  }
}

const under = ({ migrationId, workloadId, epoch }: Lease) => ({ transferId: migrationId, workloadId, epoch })
