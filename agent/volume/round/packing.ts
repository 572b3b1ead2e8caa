// Pieces of a stream, compressed one by one with zstd at its quickest, so that each can be undone by itself and by whoever
// knows how large it will be.
import { performance } from 'node:perf_hooks'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { damaged } from '../damaged.ts'
import { type Compression, createCompressionChoice } from './compression-choice.ts'
import { pieceBytes } from './piece-sink.ts'

// A piece as it crosses. `bytes`: what it is when it is unpacked.
export type Packed = { readonly zstd: Buffer; readonly bytes: number }
export type Piece = Buffer | Packed

export const isPacked = (piece: Piece): piece is Packed => !Buffer.isBuffer(piece)
export const unpackedBytes = (piece: Piece): number => (isPacked(piece) ? piece.bytes : piece.length)
export const packedBytes = (piece: Piece): number => (isPacked(piece) ? piece.zstd.length : piece.length)

const sampleBytes = 64 * 1024
// Room for what does not shrink as well (ZSTD_compressBound): so it comes in one memory of its own, above what Node pools.
const mostCompressed = (bytes: number): number => bytes + (bytes >> 7) + 64 * 1024
const compress = (bytes: Buffer): Buffer =>
  zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
    chunkSize: mostCompressed(bytes.length),
  })

// Memory that is used up goes at once: the garbage collector would let a hundred pieces pile up. What is as small as Node's pool
// may be in it, beside others.
export const letGo = ({ buffer }: Buffer): void => {
  if (buffer.byteLength > Buffer.poolSize) (buffer as ArrayBuffer).transfer(0)
}

export type Packer = {
  // The piece, or, where that shrinks it, what has been made of it, in its place.
  pack(piece: Buffer): Piece
  waited(bytes: number, ms: number): void
}

export const createPacker = (mode: Compression): Packer => {
  const choice = createCompressionChoice(mode)
  const timed = (bytes: Buffer): { readonly packed: Buffer; readonly ms: number } => {
    const startedAt = performance.now()
    const packed = compress(bytes)
    return { packed, ms: performance.now() - startedAt }
  }
  // From the middle: a piece often begins with the head of a file.
  const shrinks = (piece: Buffer): boolean => {
    const from = Math.max(0, (piece.length - sampleBytes) >> 1)
    const sample = piece.subarray(from, from + sampleBytes)
    const { packed, ms } = timed(sample)
    const { length } = packed
    letGo(packed)
    return choice.sampled(sample.length, length, ms)
  }
  return {
    pack: (piece) => {
      if (!choice.wanted() || !shrinks(piece)) return piece
      const { packed, ms } = timed(piece)
      const { length } = packed
      choice.packed(piece.length, ms)
      if (length < piece.length) packed.copy(piece)
      letGo(packed)
      return length < piece.length ? { zstd: piece.subarray(0, length), bytes: piece.length } : piece
    },
    waited: choice.waited,
  }
}

// zstd's window for a piece of 1 MiB; a frame that asks for more was not made here.
const windowLog = 20

// Exactly the announced bytes, of no more than a piece, or DRAYAGE_STREAM_DAMAGED: neither memory nor time can be had by
// announcing little and sending much.
export const unpack = ({ zstd, bytes }: Packed): Buffer => {
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > pieceBytes) {
    throw damaged(`a piece of it is said to unpack to ${bytes} bytes`)
  }
  let unpacked: Buffer
  try {
    unpacked = zstdDecompressSync(zstd, {
      maxOutputLength: bytes,
      chunkSize: Math.max(bytes, 64),
      params: { [constants.ZSTD_d_windowLogMax]: windowLog },
    })
  } catch (thrown) {
    throw damaged(`a piece of it does not unpack to its ${bytes} bytes: ${(thrown as Error).message}`)
  }
  if (unpacked.length !== bytes) throw damaged(`a piece of it unpacks to ${unpacked.length} bytes, not to ${bytes}`)
  return unpacked
}
