// What is said of a certificate that ends soon, since it could not be renewed.
import type { AgentIdentity } from './files.ts'

const soonMs = 7 * 24 * 60 * 60_000

// What to do about it, from the day on which it matters; null: nothing yet.
export const expiryWarning = ({ host, validUntil }: Pick<AgentIdentity, 'host' | 'validUntil'>, now: number) => {
  const leftMs = validUntil.getTime() - now
  if (leftMs > soonMs) return null
  const when = leftMs > 0 ? 'expires soon' : 'has expired, and nothing moves to or from this host'
  // A host that is online is given no second token.
  return (
    `The certificate of ${host} ${when}: stop this agent, run \`dray host add ${host}\` once \`dray hosts\` shows the ` +
    'host as lost, and start the agent with the new token'
  )
}
