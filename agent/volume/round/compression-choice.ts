// Whether pieces are compressed before they are sent, decided as they come. Compressing pays where the line is what the
// reader waits for: its processor is idle then, and fewer bytes have to cross. It costs where the line takes pieces as
// fast as they are read. So what is looked at is the time that the reader waited for the line, against the time that
// compressing would take; both are measured here and now, and grow together on a busy machine. A wait for a receiver that
// has much lying unused is none for the line, and is not told: fewer bytes would not make him quicker.
//
// Pure: it is told what happened, and has no clock.

export type Compression = 'auto' | 'zstd' | 'none'

// As it stands in a request; empty: none, as one who knows nothing of it asks.
export const compressionOf = (asked: string): Compression => (asked === 'auto' || asked === 'zstd' ? asked : 'none')

export type CompressionChoice = {
  // Whether to try the next piece on a sample of it, and to compress it where that shrinks.
  wanted(): boolean
  // Whether a sample of this many bytes shrank enough, and what it took.
  sampled(bytes: number, packedBytes: number, ms: number): boolean
  // A piece has been compressed.
  packed(bytes: number, ms: number): void
  // The line has taken a piece: how long it was waited for.
  waited(bytes: number, ms: number): void
}

// Less than a tenth is not worth what taking it apart costs the other side.
const worthwhile = 0.9
// The line must be waited for so many times longer than compressing takes.
const margin = 3
// And for at least this long, below which nothing is even tried: a line of more than 500 MB/s.
const leastWaitMsPerByte = 2 / (1024 * 1024)
// What is looked at before a decision, and for how long one stands before it is looked at anew.
const window = 8 * 1024 * 1024
const term = 1024 * 1024 * 1024

export const createCompressionChoice = (mode: Compression): CompressionChoice => {
  // Of compressing, as far as it is known.
  let msPerByte: number | undefined
  // plain: pieces go as they are, and the wait for the line is looked at. trial: compressed, to learn what that takes.
  let state: 'plain' | 'trial' | 'packing' = 'plain'
  let bytes = 0
  let waitedMs = 0
  let plainWait = 0

  const isLineSlow = (wait: number): boolean =>
    wait >= leastWaitMsPerByte && (msPerByte === undefined || wait > margin * msPerByte)

  const next = (): typeof state => {
    const wait = waitedMs / bytes
    if (state === 'trial') return isLineSlow(plainWait) ? 'packing' : 'plain'
    // Where even what was compressed was waited for, there is nothing to look at.
    if (state === 'packing') return isLineSlow(wait) ? 'packing' : 'plain'
    plainWait = wait
    if (!isLineSlow(wait)) return 'plain'
    return msPerByte === undefined ? 'trial' : 'packing'
  }
  const learn = (length: number, ms: number): void => {
    const now = ms / length
    msPerByte = msPerByte === undefined ? now : msPerByte + (now - msPerByte) / 4
  }

  return {
    wanted: () => mode === 'zstd' || (mode === 'auto' && state !== 'plain'),
    sampled: (length, packedBytes, ms) => {
      learn(length, ms)
      return packedBytes <= length * worthwhile
    },
    packed: learn,
    waited: (length, ms) => {
      if (mode !== 'auto') return
      bytes += length
      waitedMs += ms
      if (bytes < (state === 'packing' ? term : window)) return
      state = next()
      bytes = 0
      waitedMs = 0
    },
  }
}
