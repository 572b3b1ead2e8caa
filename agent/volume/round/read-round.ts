// One round, read: the volume as a PAX archive, or what has changed in it since the round before; and its tree digest.
//
// Order: record every stat, then sync, then read. The sync write-protects pages that a process has mapped and dirtied,
// so that any store after it moves the file's times; before it, such a store would change content and nothing else. So
// an entry whose stat is the recorded one in the next round has not changed since it was read: tree/racy.ts has the
// exceptions.
// In the final round, which counts while the container is down, each file that is read is synced by itself. Everything is
// looked at once more at the end and compared with the record: the round is good only if nothing in the volume has changed
// from before its first byte was read until after its last. In the rounds before, what changes is read as it is found, and
// is right again in the next round.
//
// What is sent, and so what is kept, is what was found at a name when it was opened. The tree that is kept here changes as
// the receiver's does, with every member: the two agree after every round, and at any place within one, whatever was going
// on meanwhile.
import { AppError } from '../../../shared/errors.ts'
import { type ByteString, displayPath } from '../byte-string.ts'
import { createCursor } from '../linux/cursor.ts'
import { open, openAt, syncFileSystem } from '../linux/libc.ts'
import { identityOf, statFd } from '../linux/stat.ts'
import { lastTrace } from '../linux/trace.ts'
import { blockBytes } from '../tar/header.ts'
import { encodeCheckpoint } from '../tar/member.ts'
import { openBlockStore } from '../tree/block-store.ts'
import { changesSince } from '../tree/changes.ts'
import { hidesStores } from '../tree/racy.ts'
import { type Scan, scan } from '../tree/scan.ts'
import { createTree, type Tree } from '../tree/tree.ts'
import { digestOfTree } from '../tree/tree-digest.ts'
import { baseFor, type Holding } from './base-tree.ts'
import { createPace, createSourceCheckpoints, type PaceOptions } from './checkpoint.ts'
import { createDevices, type DevicePolicy } from './devices.ts'
import { differingFrom, type Remembered } from './differing.ts'
import { announce, type RoundLimits } from './limits.ts'
import { keepGiven } from './memory.ts'
import type { PieceSink } from './piece-sink.ts'
import { createBlockReader } from './read-blocks.ts'
import { createEntrySender } from './send-entry.ts'
import { sendTree } from './send-tree.ts'
import { createSkippedList, type Summary } from './summary.ts'
import { asReadError, openVolume, requireIdentity, statOfRoot } from './volume-root.ts'

export type ReadRequest = {
  readonly root: string
  readonly expectIdentity?: string
  readonly final: boolean
  // A directory in which to remember what was sent, and what the receiver holds of it. Absent: everything is sent, and
  // nothing remembered.
  readonly memory?: string
  readonly holding?: Holding
  // Default: keep.
  readonly devices?: DevicePolicy
  // All content is read and compared, whatever the stats say.
  readonly everything?: boolean
  // Content is read from the disk and not from the page cache, where the kernel takes the advice.
  readonly fromDisk?: boolean
  // Where the digest is another, the entries that differ are named.
  readonly against?: Remembered
  // How often the round becomes one that can be gone on with, where there is a memory.
  readonly checkpoints?: PaceOptions
}

const mostNamed = 20

const sourceChanged = (paths: readonly ByteString[]): AppError => {
  const names = paths.map(displayPath)
  return new AppError(
    'DRAYAGE_SOURCE_CHANGED',
    `The volume changed during the last round, while nothing should be writing to it: ${names.join(', ')}${
      paths.length === mostNamed ? ', and perhaps more' : ''
    }. Find what else uses the volume, stop it, and try again.`,
    { details: { paths: names } },
  )
}

// `announced` hears what the round will bring at most, before its first byte. `callForHelp`: asks for a further thread that
// reads blocks of large files (round/block-slots.ts).
export const readRound = (
  request: ReadRequest,
  sink: PieceSink,
  checkpoint: () => void,
  announced: (limits: RoundLimits) => void = () => {},
  callForHelp: (memory: SharedArrayBuffer) => void = () => {},
): Summary => {
  const { root, final, memory, holding } = request
  const skipped = createSkippedList()
  const devices = createDevices(request.devices ?? 'keep')

  const changedInFinal = (path: ByteString): void => {
    if (final) throw sourceChanged([path])
  }
  const cursor = createCursor(openVolume(root))
  const volume = cursor.stat
  const startedAtMs = Date.now()
  const store = memory === undefined ? undefined : openBlockStore(memory)
  const blockReader = createBlockReader(callForHelp)
  const pace = createPace(request.checkpoints)
  const { runBytes } = pace
  const rootFd = (): number => openAt(cursor.fd, '.', open.readOnly | open.directory)

  let recorded: Scan | undefined
  let tree: Tree | undefined
  try {
    requireIdentity(root, volume, request.expectIdentity)
    const isRoot = (held: Tree): boolean => {
      statFd(cursor.fd)
      return held.sameInode(held.root, lastTrace(), 0)
    }
    const base =
      store !== undefined && memory !== undefined && holding !== undefined
        ? baseFor(memory, store, holding, isRoot)
        : undefined
    tree = base?.tree ?? createTree()
    const contentHides = base?.timesHold === false || request.everything === true || hidesStores(root)
    // What the receiver holds was read after a sync, so that only pages of what has changed since can be stored to unseen:
    // in the last round those alone are protected, and nobody waits for what others have written to this file system.
    const protects = final && base !== undefined && !contentHides
    const sender = createEntrySender({
      sink,
      skipped,
      checkpoint,
      cutShort: changedInFinal,
      store,
      runBytes,
      fromDisk: request.fromDisk ?? false,
      blockReader,
      protects,
    })
    recorded = scan(rootFd(), {
      checkpoint,
      leftOut: (path, reason) => skipped.add(path, reason),
      vanished: changedInFinal,
      unwantedDevice: devices.leftOut,
    })
    devices.settle()
    checkpoint()
    if (!protects) syncFileSystem(cursor.fd)
    const limits = announce(recorded, tree, final)
    announced(limits)

    const settle =
      store === undefined || memory === undefined
        ? undefined
        : createSourceCheckpoints(memory, tree, store, base === undefined ? '' : (holding?.digest ?? ''))
    // Where the receiver has made all that was sent; `record` first settles what is known of a file in progress.
    const mayPause = (record: () => void): void => {
      if (settle === undefined || !pace.isDue(sink.total)) return
      pace.take(() => {
        record()
        sink.write(encodeCheckpoint(settle(sink.crossed)))
      })
    }
    sendTree({
      cursor,
      sender,
      tree,
      recorded,
      base: base === undefined ? undefined : holding?.digest,
      contentHides,
      startedAtMs,
      mostContentBytes: limits.contentBytes,
      mayPause,
      checkpoint,
      devices,
      changedInFinal,
    })
    sink.zeros(2 * blockBytes)
    sink.finish()

    if (final) {
      const changed = changesSince(recorded, rootFd(), checkpoint, mostNamed)
      if (changed.length > 0) throw sourceChanged(changed)
      requireIdentity(root, statOfRoot(root), identityOf(volume))
    }
    const digest = digestOfTree(tree)
    const isKept = base?.timesHold === true && base.isAsSaved()
    if (store !== undefined && memory !== undefined && !isKept) keepGiven(memory, digest, tree, store)
    return {
      entries: tree.totals.entries,
      contentBytes: sender.sent.contentBytes,
      volumeBytes: tree.totals.contentBytes,
      changedEntries: sender.sent.entries,
      tarBytes: sink.total,
      digest,
      skipped: skipped.list(),
      ...(request.against && request.against.digest !== digest && { differing: differingFrom(request.against, tree) }),
    }
  } catch (error) {
    throw asReadError(root, error)
  } finally {
    blockReader.close()
    store?.close()
    recorded?.release()
    tree?.release()
    cursor.close()
  }
}
