// Tables of millions of rows outside the JavaScript heap: rows of 32-bit words in chunks of memory that never move, and
// byte strings in chunks of their own. A table of objects takes five times as much, and cannot be written to a file as it
// is. Words have the machine's byte order, which is the same on x64 and arm64.

// Chunks are so large that their memory goes back to the kernel when it is freed (threads/worker.ts). What of one is not
// used yet takes none.
export const leastChunkBytes = 2 * 1024 * 1024

const rowsPerChunk = 65536
const chunkShift = 16
const rowMask = rowsPerChunk - 1

// Stands for no row.
export const none = 0xffffffff

export type Rows = {
  readonly count: number
  // A row of zeros at the end.
  add(): number
  get(row: number, word: number): number
  set(row: number, word: number, value: number): void
  // The chunk that holds the row, and where in it the row begins: for loops over several words.
  chunkOf(row: number): Uint32Array
  offsetOf(row: number): number
  getBytes(row: number, word: number, length: number): string
  setBytes(row: number, word: number, bytes: string): void
  // The memory in use, in order; and the same to be filled with `count` rows.
  memory(): Buffer[]
  fill(count: number): Buffer[]
  // Gives the memory back now, not when it is collected. The table is not used again.
  release(): void
}

export const createRows = (wordsPerRow: number): Rows => {
  const chunks: Uint32Array[] = []
  const bytes: Buffer[] = []
  let count = 0

  const grow = (): void => {
    const words = new Uint32Array(rowsPerChunk * wordsPerRow)
    chunks.push(words)
    bytes.push(Buffer.from(words.buffer))
  }
  const chunkOf = (row: number): Uint32Array => {
    const chunk = chunks[row >>> chunkShift]
    if (chunk === undefined || row >= count) throw new RangeError('there is no such row')
    return chunk
  }
  const offsetOf = (row: number): number => (row & rowMask) * wordsPerRow
  const bytesOf = (row: number): Buffer => {
    const chunk = bytes[row >>> chunkShift]
    if (chunk === undefined) throw new RangeError('there is no such row')
    return chunk
  }
  const memory = (): Buffer[] =>
    bytes.map((chunk, index) => {
      const rows = Math.min(count - index * rowsPerChunk, rowsPerChunk)
      return chunk.subarray(0, rows * wordsPerRow * 4)
    })

  return {
    get count() {
      return count
    },
    add: () => {
      if ((count & rowMask) === 0) grow()
      return count++
    },
    get: (row, word) => chunkOf(row)[offsetOf(row) + word] ?? 0,
    set: (row, word, value) => {
      chunkOf(row)[offsetOf(row) + word] = value
    },
    chunkOf,
    offsetOf,
    getBytes: (row, word, length) => {
      const at = (offsetOf(row) + word) * 4
      return bytesOf(row).toString('latin1', at, at + length)
    },
    setBytes: (row, word, value) => {
      bytesOf(row).write(value, (offsetOf(row) + word) * 4, 'latin1')
    },
    memory,
    fill: (wanted) => {
      while (count < wanted) {
        grow()
        count = Math.min(wanted, count + rowsPerChunk)
      }
      return memory()
    },
    release: () => {
      for (const chunk of chunks) (chunk.buffer as ArrayBuffer).transfer(0)
      chunks.length = 0
      bytes.length = 0
      count = 0
    },
  }
}

const arenaChunkBytes = leastChunkBytes
const arenaShift = 21

// Byte strings of up to 64 KiB, each in one piece; known by where they begin.
export type Arena = {
  add(value: string): number
  text(at: number, length: number): string
  equals(at: number, length: number, value: string): boolean
  byteAt(at: number): number
  memory(): Buffer[]
  // As many chunks as held `bytes` when they were written, to be filled.
  fill(bytes: number): Buffer[]
  release(): void
}

export const createArena = (): Arena => {
  const chunks: Buffer[] = []
  let filled = arenaChunkBytes

  const chunkAt = (at: number): Buffer => {
    const chunk = chunks[at >>> arenaShift]
    if (chunk === undefined) throw new RangeError('there is no such string')
    return chunk
  }
  const memory = (): Buffer[] =>
    chunks.map((chunk, index) => (index === chunks.length - 1 ? chunk.subarray(0, filled) : chunk))
  const grow = (): void => {
    if (chunks.length === 2048) throw new RangeError('the names of this volume take more than 4 GiB')
    chunks.push(Buffer.from(new ArrayBuffer(arenaChunkBytes)))
    filled = 0
  }
  return {
    add: (value) => {
      if (filled + value.length > arenaChunkBytes) grow()
      const at = (chunks.length - 1) * arenaChunkBytes + filled
      filled += chunkAt(at).write(value, filled, 'latin1')
      return at
    },
    text: (at, length) => {
      const from = at & (arenaChunkBytes - 1)
      return chunkAt(at).toString('latin1', from, from + length)
    },
    equals: (at, length, value) => {
      if (length !== value.length) return false
      const chunk = chunkAt(at)
      const from = at & (arenaChunkBytes - 1)
      for (let index = 0; index < length; index++) if (chunk[from + index] !== value.charCodeAt(index)) return false
      return true
    },
    byteAt: (at) => chunkAt(at)[at & (arenaChunkBytes - 1)] ?? 0,
    memory,
    fill: (bytes) => {
      for (let rest = bytes; rest > 0; rest -= arenaChunkBytes) {
        grow()
        filled = Math.min(rest, arenaChunkBytes)
      }
      return memory()
    },
    release: () => {
      for (const chunk of chunks) (chunk.buffer as ArrayBuffer).transfer(0)
      chunks.length = 0
      filled = arenaChunkBytes
    },
  }
}
