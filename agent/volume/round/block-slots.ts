// Blocks of files on their way to whoever reads and hashes them, in memory that threads share. One thread says which are
// wanted and uses what is found; that one and others take one that is wanted, read it and hash its pages. A slot belongs to
// one thread at a time, as its state says: only the state is ever looked at by two.
import { OsError, readFullyAt } from '../linux/libc.ts'
import { contentBlockBytes, hashBytes, hashPages, type PageHashes, pagesInBlock } from '../tree/page-hashes.ts'
import { openSigns, signWords, workUntilClosed } from './shared-signs.ts'

// Of a slot. free: it is the filler's. done: so it is again, with what was found.
const state = { free: 0, wanted: 1, taken: 2, done: 3 } as const

// Words of a slot, after the signs of all.
const word = { state: 0, fd: 1, block: 2, length: 3, found: 4 } as const
const slotWords = 5
const hashesBytes = pagesInBlock * hashBytes

// The signs, padded so that what follows is aligned.
const headBytes = 4 * (signWords + 1)
const bytesOfSlot = 4 * slotWords + hashesBytes + contentBlockBytes

export const slotsMemory = (count: number): SharedArrayBuffer => new SharedArrayBuffer(headBytes + count * bytesOfSlot)

// As much of the block as there was, and the hashes of its pages.
export type FoundBlock = { readonly bytes: Buffer; readonly pages: PageHashes }

export type BlockSlots = ReturnType<typeof openBlockSlots>

export const openBlockSlots = (memory: SharedArrayBuffer) => {
  const signs = openSigns(memory)
  const count = Math.floor((memory.byteLength - headBytes) / bytesOfSlot)
  const slots = Array.from({ length: count }, (_, slot) => {
    const wordsFrom = headBytes + 4 * slotWords * slot
    const hashesFrom = headBytes + 4 * slotWords * count + hashesBytes * slot
    const bytesFrom = headBytes + (4 * slotWords + hashesBytes) * count + contentBlockBytes * slot
    return {
      words: new Int32Array(memory, wordsFrom, slotWords),
      hashes: Buffer.from(memory, hashesFrom, hashesBytes),
      bytes: Buffer.from(memory, bytesFrom, contentBlockBytes),
    }
  })
  const at = (slot: number) => {
    const found = slots[slot]
    if (found === undefined) throw new RangeError('there is no such slot')
    return found
  }
  const isIn = (slot: number, which: number): boolean => Atomics.load(at(slot).words, word.state) === which
  const move = (slot: number, from: number, to: number): boolean =>
    Atomics.compareExchange(at(slot).words, word.state, from, to) === from

  // Answers how much there was; -1: it cannot be read.
  const find = ({ words, hashes, bytes }: ReturnType<typeof at>): number => {
    const [fd = -1, block = 0, length = 0] = words.subarray(word.fd, word.length + 1)
    try {
      const found = readFullyAt(fd, bytes.subarray(0, length), block * contentBlockBytes)
      hashPages(bytes.subarray(0, found), hashes)
      return found
    } catch (error) {
      if (error instanceof OsError) return -1
      throw error
    }
  }

  // For the thread that takes it to read: the slot `first`, if it is wanted, or else any.
  const take = (first = 0): number | undefined => {
    for (let one = 0; one < count; one++) {
      const slot = (first + one) % count
      if (move(slot, state.wanted, state.taken)) return slot
    }
    return undefined
  }

  return {
    memory,
    signs,
    all: slots.map((_, slot) => slot),
    isFree: (slot: number): boolean => isIn(slot, state.free),
    isDone: (slot: number): boolean => isIn(slot, state.done),
    isTaken: (slot: number): boolean => isIn(slot, state.taken),
    // The first `length` bytes of a block of the open file, which stays open until the slot is free again.
    want: (slot: number, fd: number, block: number, length: number): void => {
      at(slot).words.set([fd, block, length], word.fd)
      move(slot, state.free, state.wanted)
      signs.ring()
    },
    // Of one that is done; undefined: it could not be read. Valid until the slot is free.
    found: (slot: number): FoundBlock | undefined => {
      const { words, hashes, bytes } = at(slot)
      const length = words[word.found] ?? -1
      if (length < 0) return undefined
      const pages = Math.ceil(length / (contentBlockBytes / pagesInBlock))
      return { bytes: bytes.subarray(0, length), pages: hashes.subarray(0, pages * hashBytes) }
    },
    // Nobody has taken it yet and nobody will, or it is done.
    free: (slot: number): void => {
      if (!move(slot, state.wanted, state.free)) move(slot, state.done, state.free)
    },
    take,
    // Reads and hashes a block that is wanted. false: none is.
    work: (first = 0): boolean => {
      const slot = take(first)
      if (slot === undefined) return false
      at(slot).words[word.found] = find(at(slot))
      move(slot, state.taken, state.done)
      signs.ring()
      return true
    },
  }
}

export const workOnBlocks = (memory: SharedArrayBuffer): void => {
  const slots = openBlockSlots(memory)
  workUntilClosed(slots.signs, slots.work)
}
