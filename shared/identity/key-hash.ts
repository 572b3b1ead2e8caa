import { createHash, type X509Certificate } from 'node:crypto'

// SHA-256 of the SubjectPublicKeyInfo in DER, hex: who it is, whatever certificates there were for the key.
export const keyHashOf = ({ publicKey }: X509Certificate): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
