// From a join token to a certificate. Safe to be cut off anywhere: the key is on disk before it is used, so asking
// again with the same token gets the same answer.
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { AppError } from '../../shared/errors.ts'
import { parseJoinToken } from '../../shared/identity/join-token.ts'
import { coordinatorDnsName } from '../../shared/identity/names.ts'
import { fetchPinnedAuthority } from '../../shared/identity/pinned-authority.ts'
import { fingerprintsIn } from '../../shared/identity/roots.ts'
import { connect } from '../../shared/rpc/client.ts'
import {
  type AgentIdentity,
  faultOf,
  hostIn,
  loadIdentity,
  readKey,
  storeAuthorities,
  storeCertificate,
  storedAuthorities,
  storeKey,
} from './files.ts'
import { createKey, createSigningRequest } from './signing-request.ts'

const timeoutMs = 30_000

// Throws DRAYAGE_JOIN_TOKEN_INVALID, DRAYAGE_AUTHORITY_MISMATCH, DRAYAGE_COORDINATOR_UNREACHABLE.
export const enrol = async (dataDir: string, address: string, joinToken: string): Promise<AgentIdentity> => {
  const token = parseJoinToken(joinToken)
  await requireSameAuthority(dataDir, token.fingerprint)

  const authority = await fetchPinnedAuthority(address, coordinatorDnsName, token.fingerprint)
  const key = (await readKey(dataDir)) ?? (await newKey(dataDir))
  const client = connect(
    'Enrolment',
    {
      address,
      dnsName: coordinatorDnsName,
      describedAs: `the coordinator at ${address}`,
      whenUnreachable: 'DRAYAGE_COORDINATOR_UNREACHABLE',
    },
    { authority },
  )
  try {
    const csr = await createSigningRequest(key, token.host)
    const { certificate, host } = await client.unary('Enrol', { token: joinToken.trim(), csr }, { timeoutMs })
    const fault =
      faultOf({ key, authority, certificate }) ??
      (host === token.host && hostIn(certificate) === host ? null : `it is for ${host}, not for ${token.host}`) ??
      endOf(certificate)
    if (fault !== null) {
      throw new AppError(
        'DRAYAGE_AUTHORITY_MISMATCH',
        `The certificate that ${address} gave for ${token.host} cannot be used: ${fault}. It was not stored.`,
      )
    }
    await storeAuthorities(dataDir, authority)
    await storeCertificate(dataDir, certificate)
  } finally {
    client.close()
  }
  const identity = await loadIdentity(dataDir)
  if (identity === null) throw new Error('The certificate that was just stored is gone')
  return identity
}

// null: it has not ended by this host's clock.
const endOf = (certificate: string): string | null => {
  const { validToDate } = new X509Certificate(certificate)
  if (validToDate.getTime() > Date.now()) return null
  return (
    `it ended on ${validToDate.toISOString()}, by the clock of this host. If that clock is right, ask for a new token ` +
    '(dray host add)'
  )
}

// An agent belongs to one coordinator: its epochs mean nothing to another. A token may be from before that one has changed
// its authority.
export const requireSameAuthority = async (dataDir: string, fingerprint: string): Promise<void> => {
  const { trusted, former } = await storedAuthorities(dataDir)
  const known = [...fingerprintsIn(trusted), ...fingerprintsIn(former)]
  const [first] = known
  if (first === undefined || known.includes(fingerprint)) return
  throw new AppError(
    'DRAYAGE_AUTHORITY_MISMATCH',
    `This agent belongs to the coordinator with the authority ${first.slice(0, 16)}…, and the join token is from one ` +
      `with ${fingerprint.slice(0, 16)}…. Nothing was changed. If it is the same coordinator, which has changed its ` +
      `authority while this host was away (dray ca show), remove the folder ${join(dataDir, 'identity')} and start the agent ` +
      'with the token again. To give it to another one, start it with another --data-dir, ' +
      `or move ${dataDir} away once no migration of the first one is under way here.`,
  )
}

const newKey = async (dataDir: string): Promise<string> => {
  const key = createKey()
  await storeKey(dataDir, key)
  return key
}
