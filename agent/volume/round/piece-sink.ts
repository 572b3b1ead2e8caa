export const pieceBytes = 1024 * 1024

// Collects a stream into pieces of 1 MiB. What is read from a file goes straight into the piece, without a copy.
export type PieceSink = {
  // Bytes so far.
  readonly total: number
  write(bytes: Buffer): void
  zeros(count: number): void
  // The free rest of the current piece, never empty; `advance` says how much of it has been filled.
  space(): Buffer
  advance(count: number): void
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
    write: ({ length }) => take(length),
    zeros: take,
    space: () => piece,
    advance: take,
    finish: () => {},
  }
}

// `send` gets each piece once, alone in its memory, and may give it away.
export const createPieceSink = (send: (piece: Buffer) => void): PieceSink => {
  let piece = Buffer.allocUnsafeSlow(pieceBytes)
  let filled = 0
  let sent = 0

  const flush = (): void => {
    sent += filled
    send(piece.subarray(0, filled))
    piece = Buffer.allocUnsafeSlow(pieceBytes)
    filled = 0
  }
  const advance = (count: number): void => {
    filled += count
    if (filled === pieceBytes) flush()
  }

  return {
    get total() {
      return sent + filled
    },
    write: (bytes) => {
      for (let at = 0; at < bytes.length; ) {
        const count = bytes.copy(piece, filled, at)
        at += count
        advance(count)
      }
    },
    zeros: (count) => {
      for (let rest = count; rest > 0; ) {
        const part = Math.min(rest, pieceBytes - filled)
        piece.fill(0, filled, filled + part)
        rest -= part
        advance(part)
      }
    },
    space: () => piece.subarray(filled),
    advance,
    finish: () => {
      if (filled > 0) flush()
    },
  }
}
