// Who this agent is now: its certificate is renewed while it runs, and whoever connects or serves takes the newest.
import type { Renewals, TlsIdentity } from '../../shared/rpc/tls.ts'
import type { AgentIdentity } from './files.ts'

export type OwnIdentity = {
  current(): AgentIdentity
  // The same object for as long as the process lives; its members are always the newest.
  readonly tls: TlsIdentity
  readonly renewals: Renewals
  replace(next: AgentIdentity): void
}

export const createOwnIdentity = (first: AgentIdentity): OwnIdentity => {
  let current = first
  const listeners = new Set<() => void>()
  return {
    current: () => current,
    tls: {
      get authority() {
        return current.authority
      },
      get certificate() {
        return current.certificate
      },
      get key() {
        return current.key
      },
    },
    renewals: {
      add: (listener) => void listeners.add(listener),
      remove: (listener) => void listeners.delete(listener),
    },
    replace: (next) => {
      current = next
      for (const listener of [...listeners]) listener()
    },
  }
}
