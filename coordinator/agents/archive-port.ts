// One host's agent as archives see it: the calls of proto/archive.proto. Each lasts as long as bytes or signs of life come.
import type { CallLimits, RpcClient } from '../../shared/rpc/client.ts'
import type { ArchivePort } from '../archives/ports.ts'
import type { Tickets } from '../identity/ticket-office.ts'

export type ArchiveClient = RpcClient<'Archive'>

// An agent that was away for a moment is connected to again within a few seconds.
const connectMs = 10_000

// clientFor: asked anew at each call, since a host's address may change between two. tickets: for what its agent pulls.
export const createArchivePort = (
  clientFor: () => ArchiveClient,
  tickets: Tickets,
  { stallMs }: { readonly stallMs: number },
): ArchivePort => {
  const flowing = async function* <T>(
    signal: AbortSignal,
    open: (client: ArchiveClient, limits: CallLimits) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const client = clientFor()
    await client.ready(connectMs)
    yield* open(client, { stallTimeoutMs: stallMs, signal })
  }
  return {
    exportVolume: (request, signal) =>
      flowing(signal, (client, limits) => client.serverStream('ExportVolume', request, limits)),
    importVolume: async function* ({ source, ...request }, signal) {
      const from = source && { source: { ...source, ticket: await tickets(apart(request.transferId, source)) } }
      yield* flowing(signal, (client, limits) => client.serverStream('ImportVolume', { ...request, ...from }, limits))
    },
    lendVolume: (request, signal) =>
      flowing(signal, (client, limits) => client.serverStream('LendVolume', request, limits)),
    listDirectory: async (request, signal) => {
      const client = clientFor()
      await client.ready(connectMs)
      return client.unary('ListDirectory', request, { timeoutMs: stallMs, signal })
    },
    readFile: (request, signal) =>
      flowing(signal, (client, limits) => client.serverStream('ReadFile', request, limits)),
    removeVolume: (request, signal) =>
      flowing(signal, (client, limits) => client.serverStream('RemoveVolume', request, limits)),
    readCopy: (request, signal) =>
      flowing(signal, (client, limits) => client.serverStream('ReadCopy', request, limits)),
  }
}

// Of no workload.
const apart = (
  transferId: string,
  { peer, volume }: { readonly peer: { readonly host: string }; readonly volume: string },
) => ({
  ...{ transferId, workloadId: '', epoch: 0 },
  sourceHost: peer.host,
  volume,
})
