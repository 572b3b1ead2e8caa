// A new certificate for the same key when two thirds of the old one's life are over, or when another authority issues, for as
// long as the agent runs. What is connected stays connected: the new one is for the next connection.
import { setTimeout as sleep } from 'node:timers/promises'
import { backdatedMs } from '../../shared/identity/names.ts'
import type { OwnIdentity } from '../../shared/identity/own-identity.ts'
import { fingerprintsIn } from '../../shared/identity/roots.ts'
import type { Log } from '../log.ts'
import { expiryWarning } from './expiry.ts'
import { type AgentIdentity, faultOf, hostIn, loadIdentity, storeCertificate } from './files.ts'
import { createSigningRequest } from './signing-request.ts'

export type Renewal = {
  readonly dataDir: string
  readonly identity: OwnIdentity<AgentIdentity>
  // The coordinator's answer to a signing request: PEM.
  readonly ask: (csr: Buffer, signal: AbortSignal) => Promise<{ readonly certificate: string }>
  readonly log: Log
}

const hourMs = 60 * 60_000
// What waits for a change of the authority to end does not wait for hours.
const retryChangeMs = 15_000

// When to ask for the next one.
export const renewalDue = ({ validFrom, validUntil }: Pick<AgentIdentity, 'validFrom' | 'validUntil'>): number => {
  const from = validFrom.getTime() + backdatedMs
  return from + ((validUntil.getTime() - from) * 2) / 3
}

// The first of those that are trusted issues.
const isFromAnother = ({ authority, fingerprint }: AgentIdentity): boolean =>
  fingerprintsIn(authority)[0] !== fingerprint

// How long to wait after one that failed: often enough that there are many before the end, and not for nothing.
export const retryAfterMs = (leftMs: number): number => Math.min(hourMs, Math.max(1_000, leftMs / 20))

// Until the signal aborts.
export const keepRenewed = async (renewal: Renewal, signal: AbortSignal): Promise<void> => {
  const { identity, log } = renewal
  const pause = async (ms: number): Promise<void> => {
    const changed = new AbortController()
    const onChange = () => changed.abort()
    identity.renewals.add(onChange)
    await sleep(ms, undefined, { signal: AbortSignal.any([signal, changed.signal]) }).catch(() => {})
    identity.renewals.remove(onChange)
  }
  while (!signal.aborted) {
    const waitMs = isFromAnother(identity.current()) ? 0 : renewalDue(identity.current()) - Date.now()
    if (waitMs > 0) {
      // In between, the clock may have been set.
      await pause(Math.min(waitMs, hourMs))
      continue
    }
    try {
      await renew(renewal, signal)
      log.info({ validUntil: identity.current().validUntil }, 'The certificate was renewed')
    } catch (thrown) {
      if (signal.aborted) return
      const { host, validUntil } = identity.current()
      const warning = expiryWarning({ host, validUntil }, Date.now())
      log.warn({ err: thrown, validUntil }, warning ?? 'The certificate was not renewed; it is asked for again')
      const againMs = retryAfterMs(validUntil.getTime() - Date.now())
      await pause(isFromAnother(identity.current()) ? Math.min(againMs, retryChangeMs) : againMs)
    }
  }
}

const renew = async ({ dataDir, identity, ask }: Renewal, signal: AbortSignal): Promise<void> => {
  const { key, host } = identity.current()
  const { certificate } = await ask(await createSigningRequest(key, host), signal)
  await identity.update(async ({ authority }) => {
    const fault = faultOf({ key, authority, certificate })
    if (fault !== null) throw new Error(`The certificate that the coordinator gave cannot be used: ${fault}`)
    if (hostIn(certificate) !== host) throw new Error(`The certificate that the coordinator gave is not for ${host}`)
    await storeCertificate(dataDir, certificate)
    const stored = await loadIdentity(dataDir)
    if (stored === null) throw new Error('The certificate that was just stored is gone')
    return stored
  })
}
