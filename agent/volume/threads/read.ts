import type { Compression } from '../round/compression-choice.ts'
import type { RoundLimits } from '../round/limits.ts'
import { isPacked, type Piece } from '../round/packing.ts'
import type { ReadRequest } from '../round/read-round.ts'
import type { Summary } from '../round/summary.ts'
import type { WorkerPool } from './pool.ts'
import type { Returned } from './protocol.ts'

// Pieces of 1 MiB that may be on their way from the worker at a time: enough that it works while the consumer sends.
const window = 4

// The worker starts at once and runs ahead of the consumer by `window` pieces.
export const readPieces = (
  pool: WorkerPool,
  request: ReadRequest,
  compression: Compression,
  signal: AbortSignal | undefined,
): {
  pieces: AsyncIterable<Piece>
  limits: () => RoundLimits | undefined
  giveBack: (piece: Piece) => void
  summary: Promise<Summary>
} => {
  const arrived: Piece[] = []
  let ended = false
  let limits: RoundLimits | undefined
  let wake = (): void => {}

  const job = pool.start(
    { kind: 'read', request, compression },
    (report) => {
      if (report.kind === 'announced') limits = report.limits
      if (report.kind !== 'piece') return
      const bytes = Buffer.from(report.bytes.buffer, report.bytes.byteOffset, report.bytes.byteLength)
      arrived.push(report.unpacked === undefined ? bytes : { zstd: bytes, bytes: report.unpacked })
      wake()
    },
    signal,
  )
  job.signals.grant(window)
  const over = (): void => {
    ended = true
    wake()
  }
  job.result.then(over, over)

  async function* pieces(): AsyncGenerator<Piece, void, undefined> {
    try {
      for (;;) {
        const piece = arrived.shift()
        if (piece !== undefined) {
          job.signals.grant(1)
          yield piece
        } else if (ended) {
          await job.result
          return
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      job.signals.cancel()
    }
  }

  const giveBack = (piece: Piece): void => {
    if (isPacked(piece)) return
    const memory = piece.buffer as ArrayBuffer
    // A port that has been closed takes nothing, and says nothing.
    if (!ended) job.port.postMessage({ memory } satisfies Returned, [memory])
  }

  return { pieces: pieces(), limits: () => limits, giveBack, summary: job.result as Promise<Summary> }
}
