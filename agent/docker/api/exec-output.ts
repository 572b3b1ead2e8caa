// What a command writes, as Docker's attach endpoint frames it: eight bytes before each piece, of which the first names the
// stream (0, 1, 2) and the last four its length (Docker Engine API, "Stream format").

const headBytes = 8

export async function* unframe(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pending = Buffer.alloc(0)
  let left = 0
  for await (const chunk of chunks) {
    pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk])
    while (pending.length > 0) {
      if (left === 0) {
        if (pending.length < headBytes) break
        left = pending.readUInt32BE(4)
        pending = pending.subarray(headBytes)
        continue
      }
      const piece = pending.subarray(0, left)
      left -= piece.length
      pending = pending.subarray(piece.length)
      yield piece
    }
  }
}

// The newest bytes of what is added, as text.
export const tailOf = (keepBytes: number) => {
  let pieces: Buffer[] = []
  let kept = 0
  let all = 0
  return {
    add: (piece: Buffer): void => {
      pieces.push(Buffer.from(piece))
      all += piece.length
      kept += piece.length
      if (kept > 4 * keepBytes) {
        pieces = [Buffer.concat(pieces).subarray(-keepBytes)]
        kept = keepBytes
      }
    },
    read: (): { output: string; truncated: boolean } => {
      const bytes = Buffer.concat(pieces).subarray(-keepBytes)
      const truncated = all > keepBytes
      // A character that was cut in two is none.
      const from = truncated ? bytes.findIndex((byte) => (byte & 0xc0) !== 0x80) : 0
      return { output: bytes.subarray(Math.max(0, from)).toString('utf8'), truncated }
    },
  }
}
