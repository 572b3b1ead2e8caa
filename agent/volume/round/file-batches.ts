// Small files on their way to whoever makes them, in memory that threads share. One thread fills batches and reads what
// became of them; that one and others take a batch that is ready, and make its files. A batch belongs to one thread at a
// time, as its state says: only the state is ever looked at by two.
import type { ByteString } from '../byte-string.ts'
import { lastTrace, signed, splitNumber, type Trace, traceWords } from '../linux/trace.ts'
import { openSigns, signWords, workUntilClosed } from './shared-signs.ts'
import { makeSmallFile, type SmallFile } from './small-file.ts'

export const mostSmallBytes = 64 * 1024

const batchCount = 4
const filesPerBatch = 64
const bytesPerBatch = 256 * 1024
const hashBytes = 32

// Of a batch. filling: it is the filler's, empty or not. done: so it is again, with what became of its files.
const state = { filling: 0, ready: 1, taken: 2, done: 3 } as const

// Words at the beginning: the signs, a state for each batch, and how many files are in it.
const statesFrom = signWords
const countsFrom = statesFrom + batchCount
const controlWords = 16
// Of a file, in its batch: first what it is to be, then what it has become.
const file = {
  dir: 0,
  nameAt: 1,
  nameLength: 2,
  contentAt: 3,
  contentLength: 4,
  permissions: 5,
  uid: 6,
  gid: 7,
  modifiedSeconds: 8,
  modifiedNanoseconds: 10,
  isMade: 11,
  seen: 12,
  hash: 12 + traceWords,
} as const
const fileWords = file.hash + hashBytes / 4
const batchWords = filesPerBatch * fileWords

export const batchesMemory = (): SharedArrayBuffer =>
  new SharedArrayBuffer(4 * (controlWords + batchCount * batchWords) + batchCount * bytesPerBatch)

// What became of a file that is as it was wanted.
export type Made = { readonly seen: Trace; readonly content: ByteString }

export type Batches = ReturnType<typeof openBatches>

export const openBatches = (memory: SharedArrayBuffer) => {
  const signs = openSigns(memory)
  const control = new Int32Array(memory, 0, controlWords)
  const words = Array.from(
    { length: batchCount },
    (_, batch) => new Uint32Array(memory, 4 * (controlWords + batch * batchWords), batchWords),
  )
  const bytesFrom = 4 * (controlWords + batchCount * batchWords)
  const bytes = words.map((_, batch) => Buffer.from(memory, bytesFrom + batch * bytesPerBatch, bytesPerBatch))
  const counts = words.map((_, batch) => countsFrom + batch)

  const stateOf = (batch: number): number => Atomics.load(control, statesFrom + batch)
  const move = (batch: number, from: number, to: number): boolean =>
    Atomics.compareExchange(control, statesFrom + batch, from, to) === from
  const wordsOf = (batch: number): Uint32Array => {
    const found = words[batch]
    if (found === undefined) throw new RangeError('there is no such batch')
    return found
  }
  const bytesOf = (batch: number): Buffer => {
    const found = bytes[batch]
    if (found === undefined) throw new RangeError('there is no such batch')
    return found
  }
  const countAt = (batch: number): number => counts[batch] ?? 0

  const fileAt = (batch: number, index: number): SmallFile => {
    const [from, at, content] = [wordsOf(batch), index * fileWords, bytesOf(batch)]
    const word = (which: number): number => from[at + which] ?? 0
    const nameAt = word(file.nameAt)
    const contentAt = word(file.contentAt)
    return {
      dir: word(file.dir),
      name: content.toString('latin1', nameAt, nameAt + word(file.nameLength)),
      permissions: word(file.permissions),
      uid: word(file.uid),
      gid: word(file.gid),
      modifiedSeconds: signed(from, at + file.modifiedSeconds),
      modifiedNanoseconds: word(file.modifiedNanoseconds),
      content: content.subarray(contentAt, contentAt + word(file.contentLength)),
    }
  }

  // For the thread that takes it to make its files.
  const take = (): number | undefined => {
    const batch = words.findIndex((_, one) => move(one, state.ready, state.taken))
    return batch < 0 ? undefined : batch
  }

  return {
    memory,
    signs,
    all: words.map((_, batch) => batch),
    isFree: (batch: number): boolean => stateOf(batch) === state.filling,
    isDone: (batch: number): boolean => stateOf(batch) === state.done,
    count: (batch: number): number => Atomics.load(control, countAt(batch)),

    // `used`: how many of the batch's bytes are. Answers how many then are; undefined: it has no room.
    put: (batch: number, used: number, one: SmallFile): number | undefined => {
      const index = Atomics.load(control, countAt(batch))
      const end = used + one.name.length + one.content.length
      if (index === filesPerBatch || end > bytesPerBatch) return undefined
      const [into, at, content] = [wordsOf(batch), index * fileWords, bytesOf(batch)]
      into[at + file.dir] = one.dir
      into[at + file.nameAt] = used
      into[at + file.nameLength] = content.write(one.name, used, 'latin1')
      into[at + file.contentAt] = used + one.name.length
      into[at + file.contentLength] = one.content.copy(content, used + one.name.length)
      into[at + file.permissions] = one.permissions
      into[at + file.uid] = one.uid
      into[at + file.gid] = one.gid
      splitNumber(one.modifiedSeconds, into, at + file.modifiedSeconds)
      into[at + file.modifiedNanoseconds] = one.modifiedNanoseconds
      Atomics.store(control, countAt(batch), index + 1)
      return end
    },
    fileAt,
    // undefined: it is not as it was wanted, and not there.
    madeAt: (batch: number, index: number): Made | undefined => {
      const [from, at] = [wordsOf(batch), index * fileWords]
      if (from[at + file.isMade] !== 1) return undefined
      const hashAt = 4 * (at + file.hash)
      const content = Buffer.from(memory, from.byteOffset + hashAt, hashBytes).toString('latin1')
      return { seen: from.slice(at + file.seen, at + file.seen + traceWords), content }
    },
    publish: (batch: number): void => {
      move(batch, state.filling, state.ready)
      signs.ring()
    },
    clear: (batch: number): void => {
      Atomics.store(control, countAt(batch), 0)
      move(batch, state.done, state.filling)
    },
    // Nobody has taken it yet, and nobody will.
    withdraw: (batch: number): boolean => move(batch, state.ready, state.filling),

    take,
    // Makes the files of one batch that is ready. false: none is.
    work: (): boolean => {
      const batch = take()
      if (batch === undefined) return false
      const into = wordsOf(batch)
      const count = Atomics.load(control, countAt(batch))
      for (let index = 0; index < count; index++) {
        const at = index * fileWords
        const content = makeSmallFile(fileAt(batch, index))
        into[at + file.isMade] = content === undefined ? 0 : 1
        if (content === undefined) continue
        into.set(lastTrace(), at + file.seen)
        Buffer.from(memory, into.byteOffset + 4 * (at + file.hash), hashBytes).write(content, 'latin1')
      }
      move(batch, state.taken, state.done)
      signs.ring()
      return true
    },
  }
}

export const workOnBatches = (memory: SharedArrayBuffer): void => {
  const batches = openBatches(memory)
  workUntilClosed(batches.signs, batches.work)
}
