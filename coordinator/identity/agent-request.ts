// What an agent asks to have certified: PKCS #10, for an EC P-256 key of its own.
import 'reflect-metadata'
import { createHash, webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequest } from '@peculiar/x509'
import { AppError } from '../../shared/errors.ts'

export type AgentRequest = {
  readonly publicKey: webcrypto.CryptoKey
  // SHA-256 of the SubjectPublicKeyInfo in DER, hex.
  readonly publicKeyHash: string
  readonly commonName: string
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const

// Checks that whoever asks holds the private key (the request is signed with it). Throws DRAYAGE_INVALID_REQUEST.
export const readAgentRequest = async (der: Uint8Array): Promise<AgentRequest> => {
  try {
    const request = new Pkcs10CertificateRequest(new Uint8Array(der))
    const publicKey = await webcrypto.subtle.importKey('spki', request.publicKey.rawData, algorithm, true, ['verify'])
    if (!(await request.verify())) throw new Error('its signature does not fit its key')
    return {
      publicKey,
      publicKeyHash: createHash('sha256').update(new Uint8Array(request.publicKey.rawData)).digest('hex'),
      commonName: request.subjectName.getField('CN')[0] ?? '',
    }
  } catch (thrown) {
    throw new AppError(
      'DRAYAGE_INVALID_REQUEST',
      `The certificate signing request cannot be used: ${(thrown as Error).message}. It must be PKCS #10 in DER, with an EC P-256 key.`,
      { cause: thrown },
    )
  }
}
