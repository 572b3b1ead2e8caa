// What a line is measured with: bytes that mean nothing, and that no line makes fewer of.
import { randomFillSync } from 'node:crypto'
import { headRoom } from '../../shared/rpc/piece-messages.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

export const mostNoiseBytes = 32 * mebibyte
// So that also a slow line brings a few of them in the time there is; and a fast one pieces as large as a volume's.
const firstPieceBytes = 16 * kibibyte
const largestPieceBytes = mebibyte

// Each in its own memory, to be sent from there; the memory of one that was given back may become another one.
export const noisePieces = () => {
  const returned: Buffer[] = []
  const fresh = (): Buffer => randomFillSync(Buffer.from(new ArrayBuffer(headRoom + largestPieceBytes), headRoom))
  return {
    pieces: async function* (): AsyncGenerator<Buffer> {
      let given = 0
      for (let size = firstPieceBytes; given < mostNoiseBytes; size = Math.min(2 * size, largestPieceBytes)) {
        const piece = (returned.pop() ?? fresh()).subarray(0, Math.min(size, mostNoiseBytes - given))
        given += piece.length
        yield piece
      }
    },
    giveBack: ({ buffer }: Buffer): void => {
      returned.push(Buffer.from(buffer, headRoom, largestPieceBytes))
    },
  }
}
