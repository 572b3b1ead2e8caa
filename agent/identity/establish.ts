// The agent's identity at its start: the one it has, or a new one for its join token.

import { AppError } from '../../shared/errors.ts'
import { parseJoinToken } from '../../shared/identity/join-token.ts'
import type { Log } from '../log.ts'
import { persist } from '../outage/persist.ts'
import { enrol, requireSameAuthority } from './enrol.ts'
import { type AgentIdentity, loadIdentity } from './files.ts'

const soonMs = 7 * 24 * 60 * 60_000

// Waits for a coordinator that is away. null: the signal aborted first.
// Throws DRAYAGE_JOIN_TOKEN_INVALID, DRAYAGE_AUTHORITY_MISMATCH, DRAYAGE_STATE_DAMAGED.
export const establishIdentity = async (
  {
    dataDir,
    enrolAddress,
    joinToken,
    log,
  }: {
    readonly dataDir: string
    readonly enrolAddress: string
    readonly joinToken: string | undefined
    readonly log: Log
  },
  signal: AbortSignal,
): Promise<AgentIdentity | null> => {
  const known = await loadIdentity(dataDir)
  if (known !== null && joinToken !== undefined) requireOwnToken(dataDir, known, joinToken)
  const leftMs = known === null ? 0 : known.validUntil.getTime() - Date.now()
  if (known !== null && (joinToken === undefined || leftMs > soonMs)) {
    if (leftMs < soonMs) {
      log.warn({ validUntil: known.validUntil }, 'The certificate of this agent expires soon: enrol it again')
    }
    return known
  }
  let enrolled: AgentIdentity | null = null
  await persist(
    {
      what: `The coordinator's enrolment at ${enrolAddress}`,
      log,
      signal,
      hopeless: (thrown) => !(thrown instanceof AppError && thrown.meaning.retry),
    },
    async (up) => {
      try {
        enrolled = await enrol(dataDir, enrolAddress, joinToken ?? '')
        up()
      } catch (thrown) {
        // A token that was used up is no fault of an agent whose certificate is still good.
        if (
          !(known !== null && leftMs > 0 && thrown instanceof AppError && thrown.code === 'DRAYAGE_JOIN_TOKEN_INVALID')
        ) {
          throw thrown
        }
        log.warn({ validUntil: known.validUntil }, 'The certificate expires soon, and the join token given is used up')
        enrolled = known
      }
    },
  )
  return enrolled
}

// What stays in the environment of a service is the token of its first start.
const requireOwnToken = (dataDir: string, known: AgentIdentity, joinToken: string): void => {
  const token = parseJoinToken(joinToken)
  requireSameAuthority(dataDir, known.authority, token.fingerprint)
  if (token.host === known.host) return
  throw new AppError(
    'DRAYAGE_CONFIG_INVALID',
    `This agent is enrolled as ${known.host}, and the join token is for ${token.host}. Start it without a token, or with ` +
      'another --data-dir.',
  )
}
