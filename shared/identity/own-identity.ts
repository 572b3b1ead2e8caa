// Who this process is now: its certificate, and whom it trusts, change while it runs, and whoever connects or serves takes
// the newest.
import type { Renewals, TlsIdentity } from '../rpc/tls.ts'

export type OwnIdentity<T extends TlsIdentity = TlsIdentity> = {
  current(): T
  // The same object for as long as the process lives; its members are always the newest.
  readonly tls: TlsIdentity
  readonly renewals: Renewals
  // One change at a time, each made of what the one before it came to.
  update(change: (current: T) => Promise<T>): Promise<void>
}

export const createOwnIdentity = <T extends TlsIdentity>(first: T): OwnIdentity<T> => {
  let current = first
  let last: Promise<void> = Promise.resolve()
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
    update: (change) => {
      const done = last.then(async () => {
        current = await change(current)
        for (const listener of [...listeners]) listener()
      })
      last = done.catch(() => {})
      return done
    },
  }
}
