// The first contact: the token says which authority to trust, the coordinator presents it, and only when the two agree
// is anything sent. TLS itself cannot check this yet, since the agent knows no root.
import { X509Certificate } from 'node:crypto'
import tls, { type DetailedPeerCertificate } from 'node:tls'
import { AppError } from '../../shared/errors.ts'
import { coordinatorDnsName } from '../../shared/identity/names.ts'
import '../../shared/rpc/tls.ts'

const timeoutMs = 10_000

// PEM of the certificate in the chain presented at host:port whose SHA-256 is `fingerprint`.
// Throws DRAYAGE_COORDINATOR_UNREACHABLE, DRAYAGE_AUTHORITY_MISMATCH.
export const fetchPinnedAuthority = async (address: string, fingerprint: string): Promise<string> => {
  const chain = await presentedChain(address)
  const authority = chain.find((certificate) => digest(certificate) === fingerprint)
  if (authority === undefined || !authority.ca) {
    throw new AppError(
      'DRAYAGE_AUTHORITY_MISMATCH',
      `What answers at ${address} is not the coordinator that the join token came from: it does not present the ` +
        `authority ${fingerprint.slice(0, 16)}…. Nothing was sent. Check --enrol, and that nobody stands in between.`,
    )
  }
  return authority.toString()
}

const digest = (certificate: X509Certificate): string => certificate.fingerprint256.replaceAll(':', '').toLowerCase()

const presentedChain = (address: string): Promise<readonly X509Certificate[]> =>
  new Promise((resolve, reject) => {
    const port = Number(address.slice(address.lastIndexOf(':') + 1))
    const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '')
    const fail = (cause: Error) => {
      socket.destroy()
      reject(
        new AppError('DRAYAGE_COORDINATOR_UNREACHABLE', `No coordinator answers at ${address}: ${cause.message}`, {
          cause,
        }),
      )
    }
    const socket = tls.connect({ host, port, servername: coordinatorDnsName, rejectUnauthorized: false }, () => {
      const chain: X509Certificate[] = []
      const seen = new Set<string>()
      // A root names itself as its issuer.
      let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
      while (next?.raw && !seen.has(next.fingerprint256)) {
        seen.add(next.fingerprint256)
        chain.push(new X509Certificate(next.raw))
        next = next.issuerCertificate
      }
      socket.end()
      resolve(chain)
    })
    socket.setTimeout(timeoutMs, () => fail(new Error(`it said nothing for ${timeoutMs / 1000} s`)))
    socket.once('error', fail)
  })
