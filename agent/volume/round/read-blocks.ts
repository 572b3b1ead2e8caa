// Large files read block by block, by several threads: one that looks at what has changed, and further ones that read and
// hash ahead of it. In the last round a file of which one page has changed is read whole while the container is down, and
// then nothing else is there to do for the other processors.
import { availableParallelism } from 'node:os'
import { AppError } from '../../../shared/errors.ts'
import { seek } from '../linux/libc.ts'
import type { Segment } from '../tar/sparse-map.ts'
import {
  blocksIn,
  bytesOfBlock,
  contentBlockBytes,
  hashPages,
  hashZeroPages,
  newPageHashes,
  type PageHashes,
} from '../tree/page-hashes.ts'
import { type BlockSlots, openBlockSlots, slotsMemory } from './block-slots.ts'
import { readFully, within } from './read-file.ts'

// Of a smaller file a further thread would cost more than it saves: it takes some 60 ms to start.
const worthHelpBytes = 16 * contentBlockBytes
// What further ones would do is wait for the memory.
const mostHelpers = 3

export type ReadBlock = {
  readonly index: number
  // As much as the file should have of it.
  readonly wanted: number
  // Where its data is, from its start; where it is not, there are zeros.
  readonly inside: readonly Segment[]
  // As much as there was; shorter where the file has been cut meanwhile. Empty where it is a hole.
  readonly bytes: Buffer
  readonly length: number
  readonly pages: PageHashes
}

export type BlockReader = {
  // The blocks of an open file in their order, up to the first that is shorter than wanted. Each is valid until the next is
  // asked for. Whoever leaves early may close the file.
  blocks(
    fd: number,
    size: number,
    segments: readonly Segment[] | undefined,
    checkpoint: () => void,
  ): Generator<ReadBlock, void, undefined>
  // Nothing more is read.
  close(): void
}

const nothing = Buffer.alloc(0)

type Coming = Pick<ReadBlock, 'index' | 'wanted' | 'inside'> & { readonly slot: number | undefined }

// `callForHelp`: asks for a further thread that works on these slots (round/block-slots.ts).
export const createBlockReader = (
  callForHelp: (memory: SharedArrayBuffer) => void,
  helpers = Math.min(mostHelpers, availableParallelism() - 1),
): BlockReader => {
  let alone: BlockSlots | undefined
  let helped: BlockSlots | undefined
  const scratch = { bytes: nothing, pages: newPageHashes() }

  const slotsFor = (size: number): BlockSlots => {
    if (helpers === 0 || (size < worthHelpBytes && helped === undefined)) {
      alone ??= openBlockSlots(slotsMemory(1))
      return alone
    }
    if (helped === undefined) {
      helped = openBlockSlots(slotsMemory(2 * (1 + helpers)))
      for (let one = 0; one < helpers; one++) callForHelp(helped.memory)
    }
    return helped
  }

  const awaitNews = ({ signs }: BlockSlots, since: number): void => {
    if (signs.hasFailed()) {
      throw new AppError('DRAYAGE_INTERNAL', 'A thread that read files of the volume has died; try again.')
    }
    signs.sleep(since)
  }

  // Segment by segment, with zeros between them.
  const readHere = (fd: number, { index, wanted, inside }: Coming): ReadBlock => {
    if (scratch.bytes.length === 0) scratch.bytes = Buffer.alloc(contentBlockBytes)
    let length = wanted
    scratch.bytes.fill(0, 0, wanted)
    for (const { offset, length: bytes } of inside) {
      seek(fd, index * contentBlockBytes + offset)
      const filled = readFully(fd, scratch.bytes.subarray(offset, offset + bytes))
      if (filled === bytes) continue
      length = offset + filled
      break
    }
    const bytes = scratch.bytes.subarray(0, length)
    return { index, wanted, inside, bytes, length, pages: hashPages(bytes, scratch.pages) }
  }
  const read = (slots: BlockSlots, fd: number, coming: Coming): ReadBlock => {
    const { slot, inside, wanted } = coming
    if (inside.length === 0) {
      return { ...coming, bytes: nothing, length: wanted, pages: hashZeroPages(wanted, scratch.pages) }
    }
    if (slot === undefined) return readHere(fd, coming)
    while (!slots.isDone(slot)) {
      const heard = slots.signs.heard()
      if (!slots.isDone(slot) && !slots.work(slot)) awaitNews(slots, heard)
    }
    const found = slots.found(slot)
    // Then that says why.
    return found === undefined ? readHere(fd, coming) : { ...coming, ...found, length: found.bytes.length }
  }
  const settle = (slots: BlockSlots): void => {
    for (const slot of slots.all) slots.free(slot)
    for (const slot of slots.all) {
      while (slots.isTaken(slot) && !slots.signs.hasFailed()) {
        const heard = slots.signs.heard()
        if (slots.isTaken(slot)) slots.signs.sleep(heard)
      }
      slots.free(slot)
    }
  }

  return {
    *blocks(fd, size, segments, checkpoint) {
      const slots = slotsFor(size)
      const queue: Coming[] = []
      let next = 0
      let nextSegment = 0
      const fill = (): void => {
        while (next < blocksIn(size) && queue.length < slots.all.length) {
          const wanted = bytesOfBlock(size, next)
          const offset = next * contentBlockBytes
          const range = within(segments ?? [{ offset: 0, length: size }], nextSegment, offset, wanted)
          const full = range.inside.length === 1 && range.inside[0]?.length === wanted
          const slot = full ? slots.all.find(slots.isFree) : undefined
          if (full && slot === undefined) return
          nextSegment = range.next
          if (slot !== undefined) slots.want(slot, fd, next, wanted)
          queue.push({ index: next++, wanted, inside: range.inside, slot })
        }
      }
      try {
        for (fill(); queue.length > 0; fill()) {
          checkpoint()
          const [coming] = queue
          if (coming === undefined) return
          const found = read(slots, fd, coming)
          yield found
          if (found.length < coming.wanted) return
          queue.shift()
          if (coming.slot !== undefined) slots.free(coming.slot)
        }
      } finally {
        settle(slots)
      }
    },
    close: () => {
      helped?.signs.close()
      if (helped !== undefined) settle(helped)
    },
  }
}
