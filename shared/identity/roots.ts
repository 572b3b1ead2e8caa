// The authorities that are trusted, as they stand in one PEM: one, and two while the coordinator changes over from one to
// the next.
import { X509Certificate } from 'node:crypto'

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

// In their order. Throws where one cannot be read.
export const rootsIn = (pem: string): X509Certificate[] =>
  (pem.match(block) ?? []).map((one) => new X509Certificate(one))

// SHA-256 of the certificate in DER, hex: what join tokens carry.
export const fingerprintOf = (certificate: X509Certificate): string =>
  certificate.fingerprint256.replaceAll(':', '').toLowerCase()
