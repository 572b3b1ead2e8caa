// A peer that went without a word must not hold a hand-over for ever, and one that is busy before its first byte (walking
// a large volume, an engine that writes an image to its own disk first) must not be taken for one. So the giving side
// says that it lives while it has nothing to give, and the receiving side waits for a word only so long.

const silent = Symbol('silent')

const within = async <T>(promise: Promise<T>, ms: number): Promise<T | typeof silent> => {
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      promise,
      new Promise<typeof silent>((resolve) => {
        timer = setTimeout(() => resolve(silent), ms)
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}

// The source's items, and `sign()` whenever it has been silent for everyMs.
export const withSignsOfLife = async function* <T>(
  source: AsyncIterable<T>,
  everyMs: number,
  sign: () => T,
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  let next = iterator.next()
  try {
    for (;;) {
      const result = await within(next, everyMs)
      if (result === silent) {
        yield sign()
        continue
      }
      if (result.done) return
      yield result.value
      next = iterator.next()
    }
  } finally {
    next.catch(() => {})
    void iterator.return?.()?.catch(() => {})
  }
}

// The source's items; throws what `onSilence` gives when it was waited for longer than stallMs. Time that the consumer
// takes does not count.
export const withStallTimeout = async function* <T>(
  source: AsyncIterable<T>,
  stallMs: number,
  onSilence: () => Error,
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  let next = iterator.next()
  try {
    for (;;) {
      const result = await within(next, stallMs)
      if (result === silent) throw onSilence()
      if (result.done) return
      yield result.value
      next = iterator.next()
    }
  } finally {
    next.catch(() => {})
    // Not awaited: a source that is silent would not answer this either.
    void iterator.return?.()?.catch(() => {})
  }
}

// What `progress` says, about every everyMs, for as long as `work` takes; then what `work` came to. Throws what it throws.
export const reporting = async function* <P, R>(
  work: Promise<R>,
  everyMs: number,
  progress: () => P,
): AsyncGenerator<P, R> {
  for (;;) {
    const result = await within(work, everyMs)
    if (result !== silent) return result
    yield progress()
  }
}
