// Who this agent is, on its disk: DATA_DIR/identity/{key,authority,certificate,former}.pem. The key is made here and never
// leaves; authority has the one root that is trusted, or two while the coordinator changes over; the certificate is written
// last, and its presence means enrolled; former has the roots that are no longer trusted.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile, syncDirectory } from '../../shared/disk/durable-file.ts'
import { AppError } from '../../shared/errors.ts'
import { type Identity, identityOf } from '../../shared/identity/names.ts'
import { fingerprintOf, issuerOf, rootsIn } from '../../shared/identity/roots.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'

export type AgentIdentity = TlsIdentity & {
  readonly host: string
  // SHA-256 of the certificate, in DER, of the authority that its own is from; hex.
  readonly fingerprint: string
  readonly validFrom: Date
  readonly validUntil: Date
}

const folderOf = (dataDir: string) => join(dataDir, 'identity')

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

export const storeCertificate = (dataDir: string, certificate: string): Promise<void> =>
  replaceFile(join(folderOf(dataDir), 'certificate.pem'), certificate, 0o644)

// Those that it replaces are remembered as former ones first.
export const storeAuthorities = async (dataDir: string, authorities: string): Promise<void> => {
  const { trusted, former } = await storedAuthorities(dataDir)
  const named = (pem: string) => new Map(rootsIn(pem).map((root) => [fingerprintOf(root), root.toString()]))
  const left = new Map([...named(former), ...named(trusted)])
  for (const fingerprint of named(authorities).keys()) left.delete(fingerprint)
  const folder = folderOf(dataDir)
  if (left.size > 0) await replaceFile(join(folder, 'former.pem'), [...left.values()].join(''), 0o644)
  await replaceFile(join(folder, 'authority.pem'), authorities, 0o644)
}

// Both empty: it belongs to nobody yet. Also of an agent that was cut off before it had a certificate: whose it is, is then
// decided.
export const storedAuthorities = async (
  dataDir: string,
): Promise<{ readonly trusted: string; readonly former: string }> => {
  const read = async (name: string) => (await readIfThere(join(folderOf(dataDir), name))) ?? ''
  return { trusted: await read('authority.pem'), former: await read('former.pem') }
}

// null: not enrolled. Throws DRAYAGE_STATE_DAMAGED where the three do not belong together.
export const loadIdentity = async (dataDir: string): Promise<AgentIdentity | null> => {
  const certificate = await readIfThere(join(folderOf(dataDir), 'certificate.pem'))
  if (certificate === null) return null
  const key = await readKey(dataDir)
  const { trusted: authority } = await storedAuthorities(dataDir)
  const fault = key === null || authority === '' ? 'a part of it is missing' : faultOf({ key, authority, certificate })
  if (key === null || fault !== null) {
    throw new AppError(
      'DRAYAGE_STATE_DAMAGED',
      `The identity in ${folderOf(dataDir)} cannot be used: ${fault}. Restore it from a backup, or move the folder away ` +
        'and enrol this host anew with a token from `dray host add`.',
    )
  }
  const issuer = issuerOf(certificate, authority)
  return {
    key,
    authority,
    certificate,
    host: hostIn(certificate) ?? '',
    fingerprint: issuer === null ? '' : fingerprintOf(issuer),
    validFrom: new X509Certificate(certificate).validFromDate,
    validUntil: new X509Certificate(certificate).validToDate,
  }
}

// Why these three are not one agent's identity; null: they are.
export const faultOf = ({ key, authority, certificate }: TlsIdentity): string | null => {
  try {
    const own = new X509Certificate(certificate)
    if (!rootsIn(authority).every(({ ca }) => ca)) return 'the authority is no certificate authority'
    if (issuerOf(certificate, authority) === null) return 'the certificate was not issued by the authority'
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
