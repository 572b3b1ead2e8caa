import { headRoom } from '../../../shared/rpc/piece-messages.ts'

export const pieceBytes = 1024 * 1024

const longestWaitMs = 50

// Collects a stream into pieces of 1 MiB. What is read from a file goes straight into the piece, without a copy.
export type PieceSink = {
  // Bytes so far.
  readonly total: number
  // The same as they cross: compressed, where they are.
  readonly crossed: number
  write(bytes: Buffer): void
  zeros(count: number): void
  // The free rest of the current piece, never empty; `advance` says how much of it has been filled.
  space(): Buffer
  advance(count: number): void
  // Called where the stream stands still while a large file is compared: what has waited for a while is sent as it is, so
  // that the other end has little left to do when this one has finished.
  standsStill(): void
  // Sends what is left.
  finish(): void
}

// For a round that is read for its digest alone.
export const createNoSink = (heard: (total: number) => void): PieceSink => {
  const piece = Buffer.alloc(pieceBytes)
  let total = 0
  const take = (count: number): void => {
    total += count
    heard(total)
  }
  return {
    get total() {
      return total
    },
    get crossed() {
      return total
    },
    write: ({ length }) => take(length),
    zeros: take,
    space: () => piece,
    advance: take,
    standsStill: () => {},
    finish: () => {},
  }
}

// With room before the piece, for the head of the message in which it will be sent.
export const newPieceMemory = (): ArrayBuffer => Buffer.allocUnsafeSlow(headRoom + pieceBytes).buffer as ArrayBuffer

// `send` gets each piece alone in its memory, and may give that away; it answers how many bytes cross for it. `memory`: for the next piece; of no more bytes than
// newPieceMemory makes, its content does not matter.
export const createPieceSink = (send: (piece: Buffer) => number, memory = newPieceMemory): PieceSink => {
  let piece: Buffer | undefined
  let filled = 0
  let sent = 0
  let crossed = 0
  let sentAtMs = performance.now()

  const current = (): Buffer => {
    piece ??= Buffer.from(memory(), headRoom, pieceBytes)
    return piece
  }
  const flush = (): void => {
    sent += filled
    const full = current().subarray(0, filled)
    piece = undefined
    filled = 0
    crossed += send(full)
    sentAtMs = performance.now()
  }
  const advance = (count: number): void => {
    filled += count
    if (filled === pieceBytes) flush()
  }

  return {
    get total() {
      return sent + filled
    },
    get crossed() {
      return crossed + filled
    },
    write: (bytes) => {
      for (let at = 0; at < bytes.length; ) {
        const count = bytes.copy(current(), filled, at)
        at += count
        advance(count)
      }
    },
    zeros: (count) => {
      for (let rest = count; rest > 0; ) {
        const part = Math.min(rest, pieceBytes - filled)
        current().fill(0, filled, filled + part)
        rest -= part
        advance(part)
      }
    },
    space: () => current().subarray(filled),
    advance,
    standsStill: () => {
      if (filled > 0 && performance.now() - sentAtMs > longestWaitMs) flush()
    },
    finish: () => {
      if (filled > 0) flush()
    },
  }
}
