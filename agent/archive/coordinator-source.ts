// A tarball that the coordinator's REST client sends, pulled from the coordinator: the receiver is the gRPC client here
// too (docs/adr/0002).
import { AppError } from '../../shared/errors.ts'
import { coordinatorDnsName } from '../../shared/identity/names.ts'
import { connect } from '../../shared/rpc/client.ts'
import { withStallTimeout } from '../../shared/rpc/liveness.ts'
import { pieceStallMs } from '../../shared/rpc/silence.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'

export type ArchiveSource = {
  // In order; ends where the tarball does. Throws what the coordinator says was wrong.
  pull(transferId: string, signal: AbortSignal): AsyncIterable<Buffer>
}

type Options = { readonly coordinator: string; readonly tls: TlsIdentity; readonly silenceMs: number }

export const createCoordinatorSource = ({ coordinator, tls, silenceMs }: Options): ArchiveSource => ({
  pull: async function* (transferId, signal) {
    const describedAs = `the coordinator at ${coordinator}`
    const client = connect(
      'Coordinator',
      {
        address: coordinator,
        dnsName: coordinatorDnsName,
        describedAs,
        whenUnreachable: 'DRAYAGE_COORDINATOR_UNREACHABLE',
        silenceMs,
      },
      tls,
    )
    const stallMs = pieceStallMs(silenceMs)
    const silent = () =>
      new AppError(
        'DRAYAGE_COORDINATOR_UNREACHABLE',
        `Nothing has come from ${describedAs} for ${Math.round(stallMs / 1000)} s. What had arrived is thrown away.`,
      )
    try {
      const messages = client.serverStream('PullArchive', { transferId }, { signal })
      for await (const { tar } of withStallTimeout(messages, stallMs, silent)) if (tar.length > 0) yield tar
    } finally {
      client.close()
    }
  },
})
