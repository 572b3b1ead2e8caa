// The authorities that are trusted, as they stand in one PEM: one, and two while the coordinator changes over from one to
// the next; the one that issues is first.
import { X509Certificate } from 'node:crypto'

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

// In their order. Throws where one cannot be read.
export const rootsIn = (pem: string): X509Certificate[] =>
  (pem.match(block) ?? []).map((one) => new X509Certificate(one))

// SHA-256 of the certificate in DER, hex: what join tokens carry.
export const fingerprintOf = (certificate: X509Certificate): string =>
  certificate.fingerprint256.replaceAll(':', '').toLowerCase()

export const fingerprintsIn = (pem: string): string[] => rootsIn(pem).map(fingerprintOf)

// Which of them has signed it; null: none.
export const issuerOf = (certificate: string, authorities: string): X509Certificate | null => {
  const issued = new X509Certificate(certificate)
  return rootsIn(authorities).find((root) => issued.checkIssued(root) && issued.verify(root.publicKey)) ?? null
}
