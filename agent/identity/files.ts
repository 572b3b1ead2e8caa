// Who this agent is, on its disk: DATA_DIR/identity/{key,authority,certificate}.pem. The key is made here and never
// leaves; the authority is the one root that is trusted; the certificate is written last, and its presence means
// enrolled.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile, syncDirectory } from '../../shared/disk/durable-file.ts'
import { AppError } from '../../shared/errors.ts'
import { type Identity, identityOf } from '../../shared/identity/names.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'

export type AgentIdentity = TlsIdentity & {
  readonly host: string
  // SHA-256 of the authority's certificate in DER, hex.
  readonly fingerprint: string
  readonly validFrom: Date
  readonly validUntil: Date
}

const folderOf = (dataDir: string) => join(dataDir, 'identity')

export const fingerprintOf = (pem: string): string =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()

const readIfThere = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return null
    throw thrown
  })

export const readKey = (dataDir: string): Promise<string | null> => readIfThere(join(folderOf(dataDir), 'key.pem'))

export const storeKey = async (dataDir: string, key: string): Promise<void> => {
  await mkdir(folderOf(dataDir), { recursive: true, mode: 0o700 })
  await syncDirectory(dataDir)
  await replaceFile(join(folderOf(dataDir), 'key.pem'), key, 0o600)
}

export const storeCertificate = async (
  dataDir: string,
  { authority, certificate }: Pick<TlsIdentity, 'authority' | 'certificate'>,
): Promise<void> => {
  await replaceFile(join(folderOf(dataDir), 'authority.pem'), authority, 0o644)
  await replaceFile(join(folderOf(dataDir), 'certificate.pem'), certificate, 0o644)
}

// Also of an agent that was cut off between the two files: whose it is, is then decided.
export const storedAuthority = (dataDir: string): Promise<string | null> =>
  readIfThere(join(folderOf(dataDir), 'authority.pem'))

// null: not enrolled. Throws DRAYAGE_STATE_DAMAGED where the three do not belong together.
export const loadIdentity = async (dataDir: string): Promise<AgentIdentity | null> => {
  const certificate = await readIfThere(join(folderOf(dataDir), 'certificate.pem'))
  if (certificate === null) return null
  const key = await readKey(dataDir)
  const authority = await storedAuthority(dataDir)
  const fault =
    key === null || authority === null ? 'a part of it is missing' : faultOf({ key, authority, certificate })
  if (key === null || authority === null || fault !== null) {
    throw new AppError(
      'DRAYAGE_STATE_DAMAGED',
      `The identity in ${folderOf(dataDir)} cannot be used: ${fault}. Restore it from a backup, or move the folder away ` +
        'and enrol this host anew with a token from `dray host add`.',
    )
  }
  return {
    key,
    authority,
    certificate,
    host: hostIn(certificate) ?? '',
    fingerprint: fingerprintOf(authority),
    validFrom: new X509Certificate(certificate).validFromDate,
    validUntil: new X509Certificate(certificate).validToDate,
  }
}

// Why these three are not one agent's identity; null: they are.
export const faultOf = ({ key, authority, certificate }: TlsIdentity): string | null => {
  try {
    const own = new X509Certificate(certificate)
    const root = new X509Certificate(authority)
    if (!root.ca) return 'the authority is no certificate authority'
    if (!own.checkIssued(root) || !own.verify(root.publicKey)) return 'the certificate was not issued by the authority'
    if (!own.checkPrivateKey(createPrivateKey(key))) return 'the certificate is of another key'
    if (hostIn(certificate) === null) return 'the certificate is not that of an agent'
    return null
  } catch (thrown) {
    return (thrown as Error).message
  }
}

export const hostIn = (certificate: string): string | null => {
  const identity: Identity = identityOf(new X509Certificate(certificate).subjectAltName)
  return identity.role === 'agent' ? identity.host : null
}
