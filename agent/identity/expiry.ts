// A certificate that ends soon is told of every day, for as long as the agent runs: the line of its start may be months
// back. The start itself is establish.ts's.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log.ts'
import type { AgentIdentity } from './files.ts'

export const soonMs = 7 * 24 * 60 * 60_000
const dayMs = 24 * 60 * 60_000

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

// Until the signal aborts. The first look is a day after the start.
export const watchExpiry = async (
  {
    identity,
    log,
    now = Date.now,
    everyMs = dayMs,
  }: {
    readonly identity: Pick<AgentIdentity, 'host' | 'validUntil'>
    readonly log: Log
    readonly now?: () => number
    readonly everyMs?: number
  },
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    const warning = expiryWarning(identity, now())
    if (warning !== null) log.warn({ validUntil: identity.validUntil }, warning)
  }
}
