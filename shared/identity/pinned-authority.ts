// The first contact: a fingerprint, which came by another way, says which authority to trust, the coordinator presents it,
// and only when the two agree is anything sent. TLS itself cannot check this yet, since no root is known.
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import tls, { type DetailedPeerCertificate } from 'node:tls'
import { AppError } from '../errors.ts'
import '../rpc/tls.ts'

const timeoutMs = 10_000

// PEM of the certificate in the chain presented at host:port whose SHA-256, in hex, is `fingerprint`. name: what the server
// is asked for by (SNI).
// Throws DRAYAGE_COORDINATOR_UNREACHABLE, DRAYAGE_AUTHORITY_MISMATCH.
export const fetchPinnedAuthority = async (address: string, name: string, fingerprint: string): Promise<string> => {
  const chain = await presentedChain(address, name)
  const authority = chain.find((certificate) => digest(certificate) === fingerprint)
  if (authority === undefined || !authority.ca) {
    throw new AppError(
      'DRAYAGE_AUTHORITY_MISMATCH',
      `What answers at ${address} does not present the authority ${fingerprint.slice(0, 16)}…: it is another coordinator, ` +
        'or somebody stands in between. Nothing was sent. Check the address, and where the fingerprint is from.',
    )
  }
  return authority.toString()
}

const digest = (certificate: X509Certificate): string => certificate.fingerprint256.replaceAll(':', '').toLowerCase()

const presentedChain = (address: string, name: string): Promise<readonly X509Certificate[]> =>
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
    const socket = tls.connect(
      { host, port, ...(isIP(name) === 0 ? { servername: name } : {}), rejectUnauthorized: false },
      () => {
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
      },
    )
    socket.setTimeout(timeoutMs, () => fail(new Error(`it said nothing for ${timeoutMs / 1000} s`)))
    socket.once('error', fail)
  })
