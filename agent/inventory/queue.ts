// From one who pushes to one who reads, in order.

export type Queue<T> = {
  readonly length: number
  push(item: T): void
  // Drops what waits: it is superseded.
  replace(item: T): void
  // Ends when the signal aborts. One reader.
  drain(signal: AbortSignal): AsyncIterable<T>
}

export const createQueue = <T>(): Queue<T> => {
  const items: T[] = []
  let wake: () => void = () => {}

  return {
    get length() {
      return items.length
    },
    push: (item) => {
      items.push(item)
      wake()
    },
    replace: (item) => {
      items.splice(0, items.length, item)
      wake()
    },
    drain: async function* (signal) {
      const onAbort = () => wake()
      signal.addEventListener('abort', onAbort)
      try {
        while (!signal.aborted) {
          const [item] = items.splice(0, 1)
          if (item !== undefined) {
            yield item
            continue
          }
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
  }
}
