// A connection to the coordinator for what is asked once in a long while, apart from the link.
import { coordinatorDnsName } from '../../shared/identity/names.ts'
import { connect, type RpcClient } from '../../shared/rpc/client.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'

export type CoordinatorLine = {
  // host:port
  readonly coordinator: string
  readonly tls: TlsIdentity
  readonly silenceMs: number
}

export const withCoordinator = async <T>(
  { coordinator, tls, silenceMs }: CoordinatorLine,
  ask: (client: RpcClient<'Coordinator'>) => Promise<T>,
): Promise<T> => {
  const client = connect(
    'Coordinator',
    {
      address: coordinator,
      dnsName: coordinatorDnsName,
      describedAs: `the coordinator at ${coordinator}`,
      whenUnreachable: 'DRAYAGE_COORDINATOR_UNREACHABLE',
      silenceMs,
    },
    tls,
  )
  try {
    return await ask(client)
  } finally {
    client.close()
  }
}
