// Whoever is not to be talked to although his certificate is good, by the hash of his public key.
export type Banned = {
  has(keyHash: string): boolean
  // Calls after each change, until what it answers with is called.
  onChange(listener: () => void): () => void
}

export type BanList = Banned & { replace(keyHashes: Iterable<string>): void }

export const createBanList = (): BanList => {
  let banned: ReadonlySet<string> = new Set()
  const listeners = new Set<() => void>()
  return {
    has: (keyHash) => banned.has(keyHash),
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    replace: (keyHashes) => {
      banned = new Set(keyHashes)
      for (const listener of [...listeners]) listener()
    },
  }
}
