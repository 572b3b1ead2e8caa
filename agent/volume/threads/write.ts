import { damaged } from '../damaged.ts'
import type { Holding } from '../round/base-tree.ts'
import type { RoundLimits } from '../round/limits.ts'
import { isPacked, type Piece, unpackedBytes } from '../round/packing.ts'
import type { Summary } from '../round/summary.ts'
import type { WriteRequest } from '../round/write-round.ts'
import { helpWith } from './help.ts'
import type { WorkerPool } from './pool.ts'
import type { Delivery } from './protocol.ts'
import { createWriteOut } from './write-out.ts'

// Pieces that may wait for the worker at a time; a larger one is cut, so this bounds memory too.
const window = 4
const pieceBytes = 1024 * 1024

// A piece that has its memory to itself, but for the head of the message that it came in, is given to the worker with it;
// one that shares it with others is copied.
const mostHead = 64
const isAlone = ({ buffer, length }: Buffer): boolean =>
  buffer instanceof ArrayBuffer && length <= pieceBytes && buffer.byteLength - length <= mostHead
const copyOf = (bytes: Buffer): Buffer => {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}
const ownMemory = (bytes: Buffer): Buffer => (isAlone(bytes) ? bytes : copyOf(bytes))
const partsOf = function* (piece: Piece): Generator<Piece> {
  if (isPacked(piece)) {
    // Before it is unpacked too it takes no more memory than a piece.
    if (piece.zstd.length > pieceBytes) throw damaged('a piece of it is larger compressed than any may be')
    yield { ...piece, zstd: ownMemory(piece.zstd) }
  } else if (isAlone(piece)) yield piece
  else for (let at = 0; at < piece.length; at += pieceBytes) yield copyOf(piece.subarray(at, at + pieceBytes))
}

export type Progress = { readonly bytes: number; readonly entries: number }

// `limits`: what was announced, known as soon as there is a piece; undefined: nothing was.
export type Incoming = { readonly pieces: AsyncIterable<Piece>; limits(): RoundLimits | undefined }

// `open` is asked for the pieces as soon as it is known, or to be expected, what is held: at once where nothing is remembered.
// It is asked anew where that turns out to be otherwise; what the stream before brings is then of no account.
export const writePieces = async (
  pool: WorkerPool,
  request: WriteRequest,
  open: (holding: Holding) => Incoming,
  signal: AbortSignal | undefined,
  onProgress: ((progress: Progress) => void) | undefined,
): Promise<Summary> => {
  // Lengths of the pieces that the worker has not used up yet, in order.
  const queued: number[] = []
  let bytes = 0
  const writeOut = createWriteOut(request.root)
  let ended = false
  let wake = (): void => {}
  // What is held, and how often it was told.
  let holding: Holding | undefined = request.memory === undefined ? { digest: '', lacking: [] } : undefined
  let told = 0

  const job = pool.start(
    { kind: 'write', request },
    (report) => {
      if (report.kind === 'holding') {
        holding = report.holding
        told++
        // It takes none of them.
        queued.length = 0
        wake()
      }
      if (report.kind === 'help') helpWith(pool, job, report.task)
      if (report.kind !== 'taken') return
      bytes += queued.shift() ?? 0
      writeOut.reached(bytes, report.entries)
      onProgress?.({ bytes, entries: report.entries })
      wake()
    },
    signal,
  )
  const over = (): void => {
    ended = true
    wake()
  }
  job.result.then(over, over)

  const deliver = (delivery: Delivery, transfer: ArrayBuffer[] = []): void => {
    job.port.postMessage(delivery, transfer)
    job.signals.ring()
  }
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  // Until its end, or until nobody wants it any more.
  const supply = async (incoming: Incoming, isOver: () => boolean): Promise<void> => {
    const iterator = incoming.pieces[Symbol.asyncIterator]()
    let announced = false
    // The next piece, or undefined as soon as it is over: it must not wait for a source that has stalled.
    const nextOrOver = (): Promise<IteratorResult<Piece> | undefined> =>
      new Promise((resolve, reject) => {
        wake = () => {
          if (isOver()) resolve(undefined)
        }
        wake()
        iterator.next().then(resolve, reject)
      })
    try {
      while (!isOver()) {
        const next = await nextOrOver()
        if (next === undefined) return
        if (next.done) return deliver({ kind: 'end' })
        if (!announced) {
          announced = true
          const limits = incoming.limits()
          if (limits !== undefined) deliver({ kind: 'announced', limits })
        }
        for (const part of partsOf(next.value)) {
          await until(() => isOver() || queued.length < window)
          if (isOver()) return
          queued.push(unpackedBytes(part))
          const bytes = isPacked(part) ? part.zstd : part
          const unpacked = isPacked(part) ? { unpacked: part.bytes } : {}
          deliver({ kind: 'piece', bytes, ...unpacked }, [bytes.buffer as ArrayBuffer])
        }
      }
    } finally {
      // Not awaited: a generator that is stuck in its own `await` would keep us.
      void Promise.resolve(iterator.return?.()).catch(() => {})
    }
  }

  try {
    await until(() => ended || holding !== undefined)
    while (!ended && holding !== undefined) {
      const answered = told
      const isOver = (): boolean => ended || told !== answered
      deliver({ kind: 'opened', holding: answered })
      await supply(open(holding), isOver)
      await until(isOver)
    }
  } catch (error) {
    job.signals.cancel()
    await job.result.catch(() => {})
    throw error
  } finally {
    await writeOut.ended()
  }
  return (await job.result) as Summary
}
