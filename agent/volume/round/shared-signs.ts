// What threads that work on the same memory tell each other, in its first words: that there is news, that there will be no
// more work, and that one of them has died, perhaps in the middle of a piece of it.
//
// The bell makes sleeping safe: it is read before looking for news and compared as a thread falls asleep, so that a ring in
// between is never missed.
const sign = { bell: 0, closed: 1, failed: 2 } as const
export const signWords = 3

export type SharedSigns = {
  ring(): void
  // The current count of rings; sleeps until it is another than `since`.
  heard(): number
  sleep(since: number): void
  isClosed(): boolean
  close(): void
  hasFailed(): boolean
  fail(): void
}

export const openSigns = (memory: SharedArrayBuffer): SharedSigns => {
  const words = new Int32Array(memory, 0, signWords)
  const ring = (): void => {
    Atomics.add(words, sign.bell, 1)
    Atomics.notify(words, sign.bell)
  }
  const set = (which: number): void => {
    Atomics.store(words, which, 1)
    ring()
  }
  return {
    ring,
    heard: () => Atomics.load(words, sign.bell),
    sleep: (since) => void Atomics.wait(words, sign.bell, since),
    isClosed: () => Atomics.load(words, sign.closed) === 1,
    close: () => set(sign.closed),
    hasFailed: () => Atomics.load(words, sign.failed) === 1,
    fail: () => set(sign.failed),
  }
}

// What a further thread does until there is nothing more to do. `work`: does a piece of it; false: there is none just now.
export const workUntilClosed = (signs: SharedSigns, work: () => boolean): void => {
  for (;;) {
    const heard = signs.heard()
    if (signs.isClosed()) return
    if (!work()) signs.sleep(heard)
  }
}
