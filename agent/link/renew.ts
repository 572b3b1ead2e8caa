// Asks the coordinator for the next certificate, on a connection of its own: it is due once in weeks.
import { coordinatorDnsName } from '../../shared/identity/names.ts'
import { connect } from '../../shared/rpc/client.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import type { Renewal } from '../identity/renewal.ts'

const timeoutMs = 30_000

export const askToRenew =
  (
    { coordinator, silenceMs }: { readonly coordinator: string; readonly silenceMs: number },
    tls: TlsIdentity,
  ): Renewal['ask'] =>
  async (csr, signal) => {
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
      return await client.unary('Renew', { csr }, { timeoutMs, signal })
    } finally {
      client.close()
    }
  }
