// A worker thread: takes one task at a time and does it synchronously. System calls and hashing keep a core busy, and
// neither yields anything by being asynchronous; between two of them the worker looks whether it has been cancelled.
import { performance } from 'node:perf_hooks'
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { listDirectory } from '../browse/list.ts'
import { openFile } from '../browse/open-file.ts'
import { giveBackFree, giveBackFrom } from '../linux/libc.ts'
import type { Holding } from '../round/base-tree.ts'
import { workOnBlocks } from '../round/block-slots.ts'
import { clearVolume } from '../round/clear.ts'
import { changedSince } from '../round/compare.ts'
import { workOnBatches } from '../round/file-batches.ts'
import type { RoundLimits } from '../round/limits.ts'
import { measureVolume } from '../round/measure.ts'
import { createPacker, isPacked, letGo, unpack } from '../round/packing.ts'
import { createNoSink, createPieceSink, newPieceMemory } from '../round/piece-sink.ts'
import { readBack } from '../round/read-back.ts'
import { readRound } from '../round/read-round.ts'
import { writeRound } from '../round/write-round.ts'
import { sampleReading } from '../sample/read-sample.ts'
import { sampleWriting } from '../sample/write-sample.ts'
import { leastChunkBytes } from '../tree/rows.ts'
import {
  type Assignment,
  cancellation,
  type Delivery,
  type Report,
  type Returned,
  type Task,
  toPlainError,
} from './protocol.ts'
import { createSignals, type Signals } from './signals.ts'

giveBackFrom(leastChunkBytes)

const progressBytes = 16 * 1024 * 1024

// Sleeps until `look` finds something.
const awaitNews = <T>(signals: Signals, look: () => T | undefined): T => {
  for (;;) {
    const heard = signals.heard()
    if (signals.isCancelled()) throw cancellation()
    const found = look()
    if (found !== undefined) return found
    signals.sleep(heard)
  }
}

// They came by a message, so that nobody else has their memory.
const bytesOf = ({ bytes }: { readonly bytes: Uint8Array }): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const perform = (task: Task, port: MessagePort, signals: Signals): unknown => {
  const report = (message: Report, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)
  const checkpoint = (): void => {
    if (signals.isCancelled()) throw cancellation()
  }

  if (task.kind === 'make-files') return workOnBatches(task.memory)
  if (task.kind === 'read-blocks') return workOnBlocks(task.memory)
  if (task.kind === 'measure') return measureVolume(task.root, checkpoint)
  if (task.kind === 'sample-reading') return sampleReading(task.roots, checkpoint)
  if (task.kind === 'sample-writing') return sampleWriting(task.directory, checkpoint)
  if (task.kind === 'compare') return changedSince(task.root, task.memory, checkpoint) ?? null
  if (task.kind === 'list') return listDirectory(task.request, checkpoint)
  if (task.kind === 'open') return openFile(task.request)
  if (task.kind === 'clear') return clearVolume(task.root, task.expectIdentity, checkpoint)

  if (task.kind === 'read-back' || task.kind === 'digest') {
    let reported = 0
    const progress = (bytes: number, entries: number): void => {
      if (bytes - reported < progressBytes) return
      reported = bytes
      report({ kind: 'progress', bytes, entries })
    }
    if (task.kind === 'read-back') return readBack(task.request, checkpoint, progress)
    const sink = createNoSink((bytes) => progress(bytes, 0))
    return readRound(task.request, sink, checkpoint)
  }

  if (task.kind === 'read') {
    const packer = createPacker(task.compression)
    const send = (piece: Buffer): number => {
      const made = packer.pack(piece)
      const startedAt = performance.now()
      awaitNews(signals, () => (signals.spend() ? true : undefined))
      packer.waited(piece.length, signals.isBehind() ? 0 : performance.now() - startedAt)
      const [bytes, unpacked] = isPacked(made) ? [made.zstd, { unpacked: made.bytes }] : [made, {}]
      // Before it is given away.
      const { length } = bytes
      report({ kind: 'piece', bytes, ...unpacked }, [bytes.buffer as ArrayBuffer])
      return length
    }
    const usedUp = (): ArrayBuffer | undefined => (receiveMessageOnPort(port)?.message as Returned | undefined)?.memory
    const sink = createPieceSink(send, () => usedUp() ?? newPieceMemory())
    return readRound(
      task.request,
      sink,
      checkpoint,
      (limits) => report({ kind: 'announced', limits }),
      (memory) => report({ kind: 'help', task: { kind: 'read-blocks', memory } }),
    )
  }

  let limits: RoundLimits | undefined
  let entries = 0
  let held: readonly Buffer[] = []
  let ended = false
  // How often it was told what is held, and whether what comes was opened for the last of it.
  let told = 0
  let current = false
  const nextDelivery = (): Exclude<Delivery, { kind: 'opened' }> => {
    for (;;) {
      const { message } = awaitNews(signals, () => receiveMessageOnPort(port)) as { message: Delivery }
      if (message.kind === 'opened') current = message.holding === told
      else if (current) return message
      else if (message.kind === 'piece') letGo(bytesOf(message))
    }
  }
  const next = (): Buffer | undefined => {
    if (held.length > 0) {
      for (const bytes of held) letGo(bytes)
      held = []
      report({ kind: 'taken', entries })
    }
    if (ended) return undefined
    const message = nextDelivery()
    if (message.kind === 'announced') {
      limits = message.limits
      return next()
    }
    if (message.kind === 'end') {
      ended = true
      return undefined
    }
    const bytes = bytesOf(message)
    held = [bytes]
    if (message.unpacked === undefined) return bytes
    const unpacked = unpack({ zstd: bytes, bytes: message.unpacked })
    held = [bytes, unpacked]
    return unpacked
  }
  const hold = (holding: Holding): void => {
    told++
    current = false
    report({ kind: 'holding', holding })
  }
  const callForHelp = (memory: SharedArrayBuffer): void =>
    report({ kind: 'help', task: { kind: 'make-files', memory } })
  return writeRound(task.request, { next, checkpoint, hold, callForHelp, announced: () => limits }, (count) => {
    entries = count
  })
}

// Nobody waits for what comes after it with his container down.
const mayTakeItsTime = (task: Task): boolean =>
  task.kind === 'read-back' || task.kind === 'digest' || (task.kind === 'read' && !task.request.final)

parentPort?.on('message', ({ task, port, signals }: Assignment) => {
  let last: Report
  try {
    last = { kind: 'done', result: perform(task, port, createSignals(signals)) }
  } catch (error) {
    last = { kind: 'failed', error: toPlainError(error) }
  }
  port.postMessage(last)
  port.close()
  if (mayTakeItsTime(task)) giveBackFree()
})
