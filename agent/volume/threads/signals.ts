// What the main thread tells a worker that is in the middle of synchronous work: that it has been cancelled, how many
// more pieces it may send, what they wait for, and that there is news. In shared memory, because a worker that does not return to its event
// loop hears no events; with Atomics.wait, because it should sleep while there is nothing to do.
//
// The bell makes sleeping safe: it is read before looking for news and compared as the worker falls asleep, so that a
// ring in between is never missed.
const bell = 0
const cancelled = 1
const credit = 2
const behind = 3

export type Signals = {
  readonly memory: SharedArrayBuffer
  ring(): void
  cancel(): void
  isCancelled(): boolean
  grant(pieces: number): void
  // Whether pieces wait for who uses them, rather than for the line to him.
  setBehind(isBehind: boolean): void
  isBehind(): boolean
  // Takes one piece's credit, if there is any.
  spend(): boolean
  // The current count of rings.
  heard(): number
  // Sleeps until the count is another than `since`. Worker threads only.
  sleep(since: number): void
}

export const createSignals = (memory = new SharedArrayBuffer(16)): Signals => {
  const words = new Int32Array(memory)
  const ring = (): void => {
    Atomics.add(words, bell, 1)
    Atomics.notify(words, bell)
  }
  return {
    memory,
    ring,
    cancel: () => {
      Atomics.store(words, cancelled, 1)
      ring()
    },
    isCancelled: () => Atomics.load(words, cancelled) === 1,
    grant: (pieces) => {
      Atomics.add(words, credit, pieces)
      ring()
    },
    setBehind: (isBehind) => {
      Atomics.store(words, behind, isBehind ? 1 : 0)
    },
    isBehind: () => Atomics.load(words, behind) === 1,
    spend: () => {
      if (Atomics.load(words, credit) === 0) return false
      Atomics.sub(words, credit, 1)
      return true
    },
    heard: () => Atomics.load(words, bell),
    sleep: (since) => {
      Atomics.wait(words, bell, since)
    },
  }
}
