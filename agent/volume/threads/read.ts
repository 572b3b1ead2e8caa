import type { Compression } from '../round/compression-choice.ts'
import type { RoundLimits } from '../round/limits.ts'
import { isPacked, type Piece } from '../round/packing.ts'
import type { ReadRequest } from '../round/read-round.ts'
import type { Summary } from '../round/summary.ts'
import { helpWith } from './help.ts'
import type { Job, WorkerPool } from './pool.ts'
import { cancellation, type Returned } from './protocol.ts'

// Pieces of 1 MiB that may be on their way from the worker at a time: enough that it works while the consumer sends.
const window = 4

// A piece takes this long on a line of 100 MB/s.
const lookEveryMs = 10

export type Reading = {
  readonly pieces: AsyncIterable<Piece>
  limits(): RoundLimits | undefined
  giveBack(piece: Piece): void
  readonly summary: Promise<Summary>
}

// Rounds that use a memory, one at a time: whoever asks anew has given up what was asked before, and its process may not
// have heard of that yet.
export type Readers = Map<string, { cancel(): void; readonly ended: Promise<unknown> }>

// The worker starts at once, or as soon as the round before has let go of the memory, and runs ahead of the consumer by
// `window` pieces.
export const readPieces = (
  pool: WorkerPool,
  readers: Readers,
  request: ReadRequest,
  compression: Compression,
  signal: AbortSignal | undefined,
  isConsumerBehind: () => boolean,
): Reading => {
  const arrived: Piece[] = []
  let ended = false
  let cancelled = false
  let limits: RoundLimits | undefined
  let wake = (): void => {}
  let job: Job | undefined

  const begin = (): Promise<unknown> => {
    if (cancelled) return Promise.reject(cancellation())
    const started = pool.start(
      { kind: 'read', request, compression },
      (report) => {
        if (report.kind === 'announced') limits = report.limits
        if (report.kind === 'help') helpWith(pool, started, report.task)
        if (report.kind !== 'piece') return
        const bytes = Buffer.from(report.bytes.buffer, report.bytes.byteOffset, report.bytes.byteLength)
        arrived.push(report.unpacked === undefined ? bytes : { zstd: bytes, bytes: report.unpacked })
        wake()
      },
      signal,
    )
    job = started
    job.signals.grant(window)
    return job.result
  }
  const cancel = (): void => {
    cancelled = true
    job?.signals.cancel()
  }
  const { memory } = request
  const before = memory === undefined ? undefined : readers.get(memory)
  before?.cancel()
  const result = before === undefined ? begin() : before.ended.then(begin, begin)
  if (memory !== undefined) {
    const reader = { cancel, ended: result }
    const leave = (): void => {
      if (readers.get(memory) === reader) readers.delete(memory)
    }
    readers.set(memory, reader)
    result.then(leave, leave)
  }
  const over = (): void => {
    ended = true
    wake()
  }
  result.then(over, over)

  async function* pieces(): AsyncGenerator<Piece, void, undefined> {
    // In the middle of a wait, since after it nothing is seen of what it was for.
    const looking = setInterval(() => job?.signals.setBehind(isConsumerBehind()), lookEveryMs)
    try {
      for (;;) {
        const piece = arrived.shift()
        if (piece !== undefined) {
          job?.signals.grant(1)
          yield piece
        } else if (ended) {
          await result
          return
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      clearInterval(looking)
      cancel()
    }
  }

  const giveBack = (piece: Piece): void => {
    const memory = (isPacked(piece) ? piece.zstd : piece).buffer as ArrayBuffer
    // A port that has been closed takes nothing, and says nothing.
    if (!ended) job?.port.postMessage({ memory } satisfies Returned, [memory])
  }

  return { pieces: pieces(), limits: () => limits, giveBack, summary: result as Promise<Summary> }
}
