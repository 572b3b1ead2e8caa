// The agent's identity at its start: the one it has while it is good, or a new one for its join token.
import { AppError } from '../../shared/errors.ts'
import { parseJoinToken } from '../../shared/identity/join-token.ts'
import type { Log } from '../log.ts'
import { persist } from '../outage/persist.ts'
import { enrol, requireSameAuthority } from './enrol.ts'
import { type AgentIdentity, loadIdentity } from './files.ts'

type Options = {
  readonly dataDir: string
  readonly enrolAddress: string
  // Of the first start, or of one after the certificate has ended.
  readonly joinToken: string | undefined
  readonly log: Log
}

// Waits for a coordinator that is away. null: the signal aborted first.
// Throws DRAYAGE_JOIN_TOKEN_INVALID, DRAYAGE_AUTHORITY_MISMATCH, DRAYAGE_STATE_DAMAGED.
export const establishIdentity = async (options: Options, signal: AbortSignal): Promise<AgentIdentity | null> => {
  const { dataDir, enrolAddress, joinToken, log } = options
  const known = await loadIdentity(dataDir)
  if (known !== null && joinToken !== undefined) await requireOwnToken(dataDir, known, joinToken)
  // One that ends soon is renewed while the agent runs (renewal.ts).
  if (known !== null && known.validUntil.getTime() > Date.now()) return known

  let enrolled: AgentIdentity | null = null
  const persistence = {
    what: `The coordinator's enrolment at ${enrolAddress}`,
    log,
    signal,
    hopeless: (thrown: unknown) => !(thrown instanceof AppError && thrown.meaning.retry),
  }
  await persist(persistence, async (up) => {
    enrolled = await enrol(dataDir, enrolAddress, joinToken ?? '')
    up()
  })
  return enrolled
}

// What stays in the environment of a service is the token of its first start.
const requireOwnToken = async (dataDir: string, known: AgentIdentity, joinToken: string): Promise<void> => {
  const token = parseJoinToken(joinToken)
  await requireSameAuthority(dataDir, token.fingerprint)
  if (token.host === known.host) return
  throw new AppError(
    'DRAYAGE_CONFIG_INVALID',
    `This agent is enrolled as ${known.host}, and the join token is for ${token.host}. Start it without a token, or with ` +
      'another --data-dir.',
  )
}
