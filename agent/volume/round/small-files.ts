// Small new files, made by two threads: one that goes on to read the stream and knows the tree, and a further one. What is
// on its way is of nobody's account yet: it stands in no tree until it is there as it was wanted. Whoever needs it to be
// there (a hard link to it, a change, a checkpoint, the end of the round) settles all that is on its way first.
import { availableParallelism } from 'node:os'
import { AppError } from '../../../shared/errors.ts'
import type { ByteString } from '../byte-string.ts'
import { close, open, openAt } from '../linux/libc.ts'
import { takeTrace } from '../linux/trace.ts'
import type { Metadata } from '../tree/entry.ts'
import type { Inode } from '../tree/tree.ts'
import { type Batches, batchesMemory, mostSmallBytes, openBatches } from './file-batches.ts'
import { makeSmallFile, type SmallFile } from './small-file.ts'
import type { Place, Written } from './write-entry.ts'

// Of fewer a further thread would cost more than it saves: it takes some 60 ms to start.
const fewFiles = 500

export type NewFile = { readonly place: Place & { readonly directory: Inode }; readonly metadata: Metadata }

export type SmallFiles = {
  // Has this path been taken by something that is on its way?
  isPending(path: ByteString): boolean
  // Reads the content before it returns.
  make(file: NewFile, content: Buffer): void
  // All that was given is there; `made` and `remake` have heard of all of it.
  settle(): void
  // Nothing is on its way any more, whatever became of it.
  close(): void
}

type Options = {
  readonly made: (file: NewFile, written: Written) => void
  // It could not be made as simply as that: to be made step by step, in the directory that is open at `dir`.
  readonly remake: (file: NewFile, dir: number, content: Buffer) => void
  // Asks for a further thread that works on these batches (round/file-batches.ts).
  readonly callForHelp: (memory: SharedArrayBuffer) => void
}

// No larger than the memory that is shared, without attributes, and in the stream as it stands.
export const isSmall = ({ type, size, attributes }: Metadata): boolean =>
  type === 'file' && size <= mostSmallBytes && attributes.size === 0

const wantedFile = (dir: number, { place, metadata }: NewFile, content: Buffer): SmallFile => ({
  dir,
  name: place.name,
  permissions: metadata.permissions,
  uid: metadata.uid,
  gid: metadata.gid,
  modifiedSeconds: metadata.modifiedSeconds,
  modifiedNanoseconds: metadata.modifiedNanoseconds,
  content,
})

export const createSmallFiles = (
  { made, remake, callForHelp }: Options,
  canBeHelped = availableParallelism() > 1,
): SmallFiles => {
  let alone = 0
  let batches: Batches | undefined
  const pending = new Set<ByteString>()

  // Of each batch: its files, the directories that were opened for them, and how many of its bytes are used.
  type Filling = { files: NewFile[]; dirs: number[]; used: number }
  const fillings: Filling[] = []
  let current: number | undefined
  let here: { readonly directory: Inode; readonly dir: number } | undefined

  const makeHere = (file: NewFile, content: Buffer): void => {
    const hash = makeSmallFile(wantedFile(file.place.dir, file, content))
    if (hash === undefined) remake(file, file.place.dir, content)
    else made(file, { metadata: file.metadata, seen: takeTrace(), content: hash, blocks: undefined })
  }

  const fillingOf = (batch: number): Filling => {
    const filling = fillings[batch] ?? { files: [], dirs: [], used: 0 }
    fillings[batch] = filling
    return filling
  }
  const forget = (batch: number): void => {
    for (const dir of fillingOf(batch).dirs) close(dir)
    fillings[batch] = { files: [], dirs: [], used: 0 }
  }

  const collect = (shared: Batches, batch: number): void => {
    for (const [index, file] of fillingOf(batch).files.entries()) {
      pending.delete(file.place.path)
      const found = shared.madeAt(batch, index)
      if (found !== undefined) made(file, { metadata: file.metadata, ...found, blocks: undefined })
      else {
        const { dir, content } = shared.fileAt(batch, index)
        remake(file, dir, content)
      }
    }
    forget(batch)
    shared.clear(batch)
  }
  const collectDone = (shared: Batches): void => {
    for (const batch of shared.all) if (shared.isDone(batch)) collect(shared, batch)
  }
  const awaitNews = ({ signs }: Batches, since: number): void => {
    if (signs.hasFailed()) {
      throw new AppError('DRAYAGE_INTERNAL', 'A thread that wrote files of the volume has died; try again.')
    }
    signs.sleep(since)
  }
  const publish = (shared: Batches): void => {
    if (current !== undefined) shared.publish(current)
    current = undefined
    here = undefined
  }

  // One that can be filled; this thread works as long as there is none.
  const freeBatch = (shared: Batches): number => {
    for (;;) {
      const heard = shared.signs.heard()
      collectDone(shared)
      const free = shared.all.find((batch) => shared.isFree(batch))
      if (free !== undefined) return free
      if (!shared.work()) awaitNews(shared, heard)
    }
  }
  const put = (shared: Batches, file: NewFile, content: Buffer): boolean => {
    current ??= freeBatch(shared)
    const filling = fillingOf(current)
    if (here?.directory !== file.place.directory) {
      // The place moves on, and this directory stays open until its files are there.
      here = { directory: file.place.directory, dir: openAt(file.place.dir, '.', open.path | open.directory) }
      filling.dirs.push(here.dir)
    }
    const used = shared.put(current, filling.used, wantedFile(here.dir, file, content))
    if (used === undefined) return false
    filling.used = used
    filling.files.push(file)
    pending.add(file.place.path)
    return true
  }

  return {
    isPending: (path) => pending.has(path),
    make: (file, content) => {
      if (batches === undefined && canBeHelped && ++alone > fewFiles) {
        batches = openBatches(batchesMemory())
        callForHelp(batches.memory)
      }
      if (batches === undefined) {
        makeHere(file, content)
        return
      }
      while (!put(batches, file, content)) publish(batches)
    },
    settle: () => {
      if (batches === undefined) return
      publish(batches)
      while (pending.size > 0) {
        const heard = batches.signs.heard()
        collectDone(batches)
        if (pending.size > 0 && !batches.work()) awaitNews(batches, heard)
      }
    },
    close: () => {
      if (batches === undefined) return
      const { signs } = batches
      signs.close()
      const busy = (shared: Batches): boolean =>
        !signs.hasFailed() && shared.all.some((batch) => !shared.isFree(batch) && !shared.isDone(batch))
      for (const batch of batches.all) batches.withdraw(batch)
      for (let heard = signs.heard(); busy(batches); heard = signs.heard()) signs.sleep(heard)
      for (const batch of batches.all) forget(batch)
    },
  }
}
