// One round, read: the volume as a PAX archive, or what has changed in it since the round before; and its tree digest.
//
// Order: record every stat, then sync, then read. The sync write-protects pages that a process has mapped and dirtied,
// so that any store after it moves the file's times; before it, such a store would change content and nothing else. So
// an entry whose stat is the recorded one in the next round has not changed since it was read: tree/racy.ts has the
// exceptions.
// In the final round everything is looked at once more at the end and compared with the record: the round is good only if
// nothing in the volume has changed from before its first byte was read until after its last. In the rounds before, what
// changes is read as it is found, and is right again in the next round.
//
// What is sent, and so what is kept, is what was found at a name when it was opened. The tree that is kept here changes as
// the receiver's does, with every member: the two agree after every round, and at any place within one, whatever was going
// on meanwhile.
import { AppError } from '../../../shared/errors.ts'
import { type ByteString, displayPath } from '../byte-string.ts'
import { createCursor } from '../linux/cursor.ts'
import { close, open, openAt, readLink, syncFileSystem } from '../linux/libc.ts'
import { identityOf, isMountPoint, type Stat, statFd } from '../linux/stat.ts'
import { type Identity, lastTrace, type Trace, takeTrace } from '../linux/trace.ts'
import { blockBytes } from '../tar/header.ts'
import { encodeCheckpoint } from '../tar/member.ts'
import { deepestPath, longestPath } from '../tar/path.ts'
import { sameMetadata } from '../tree/attributes.ts'
import { openBlockStore } from '../tree/block-store.ts'
import { changesSince } from '../tree/changes.ts'
import { hidesStores, isRacy } from '../tree/racy.ts'
import { isGone, type Scan, type Scanned, scan } from '../tree/scan.ts'
import { createTree, type Facts, type Inode, type Name, type Tree } from '../tree/tree.ts'
import { digestOfTree } from '../tree/tree-digest.ts'
import { baseFor, type Holding, identityFor, keepBase, type Shared, sharedNames } from './base-tree.ts'
import { createPace, createSourceCheckpoints, type PaceOptions } from './checkpoint.ts'
import { announce, type RoundLimits } from './limits.ts'
import type { PieceSink } from './piece-sink.ts'
import { createEntrySender, type Given, type Pause, unrepresentable } from './send-entry.ts'
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

// A directory being read: its entries in the scan, what the receiver holds of each, and which is next.
type OpenDirectory = {
  readonly prefix: ByteString
  readonly node: Inode
  readonly held: readonly (Name | undefined)[]
  readonly first: Scanned
  readonly end: Scanned
  next: Scanned
}

// `announced` hears what the round will bring at most, before its first byte.
export const readRound = (
  request: ReadRequest,
  sink: PieceSink,
  checkpoint: () => void,
  announced: (limits: RoundLimits) => void = () => {},
): Summary => {
  const { root, final, memory, holding } = request
  const skipped = createSkippedList()

  const changedInFinal = (path: ByteString): void => {
    if (final) throw sourceChanged([path])
  }
  const cursor = createCursor(openVolume(root))
  const volume = cursor.stat
  const startedAtMs = Date.now()
  const store = memory === undefined ? undefined : openBlockStore(memory)
  const pace = createPace(request.checkpoints)
  const { runBytes } = pace
  const sender = createEntrySender({ sink, skipped, checkpoint, cutShort: changedInFinal, store, runBytes })
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
    recorded = scan(rootFd(), {
      checkpoint,
      leftOut: (path, reason) => skipped.add(path, reason),
      vanished: changedInFinal,
    })
    checkpoint()
    syncFileSystem(cursor.fd)
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
        sink.write(encodeCheckpoint(settle(sink.total)))
      })
    }
    sendTree({ tree, recorded, based: base !== undefined, limits, mayPause, timesHold: base?.timesHold ?? true })
    sink.zeros(2 * blockBytes)
    sink.finish()

    if (final) {
      const changed = changesSince(recorded, rootFd(), checkpoint, mostNamed)
      if (changed.length > 0) throw sourceChanged(changed)
      requireIdentity(root, statOfRoot(root), identityOf(volume))
    }
    const digest = digestOfTree(tree)
    // Nothing follows the final round; should it have to be repeated, then from where it began.
    if (store !== undefined && memory !== undefined && !final) keepBase(memory, digest, tree, store)
    return {
      entries: tree.totals.entries,
      contentBytes: sender.sent.contentBytes,
      volumeBytes: tree.totals.contentBytes,
      changedEntries: sender.sent.entries,
      tarBytes: sink.total,
      digest,
      skipped: skipped.list(),
    }
  } catch (error) {
    throw asReadError(root, error)
  } finally {
    store?.close()
    recorded?.release()
    tree?.release()
    cursor.close()
  }

  type Sending = {
    readonly tree: Tree
    readonly recorded: Scan
    // The receiver holds the tree; otherwise it holds nothing.
    readonly based: boolean
    readonly limits: RoundLimits
    readonly mayPause: (record: () => void) => void
    readonly timesHold: boolean
  }

  function sendTree({ tree, recorded, based, limits, mayPause, timesHold }: Sending): void {
    const shared = based ? sharedNames(tree, recorded) : new Map<Identity, Shared>()
    const sharedByNode = new Map([...shared.values()].map((one) => [one.node, one]))
    // What the receiver has been given of an inode with several names.
    const given = new Map<Identity, Inode>()
    const contentHides = !timesHold || hidesStores(root)

    // Whatever the receiver has at this path, it has no longer.
    const removeAt = (path: ByteString, name: Name): void => {
      sender.remove(path)
      tree.remove(name, (gone, node) => sharedByNode.get(node)?.names.delete(gone))
    }

    const isSame = (node: Inode, stat: Stat, seen: Trace, pathFd: number): boolean => {
      if (tree.type(node) !== stat.type || !tree.sameInode(node, seen, 0)) return false
      if (stat.type === 'symlink') return tree.metadata(node).target === readLink(pathFd)
      if (stat.type !== 'character' && stat.type !== 'block') return true
      const { major, minor } = tree.metadata(node)
      return major === stat.nodeMajor && minor === stat.nodeMinor
    }

    const factsOf = (row: Scanned, found: Trace): Pick<Facts, 'seen' | 'suspect'> => {
      const same = recorded.sameInode(row, found, 0)
      const seen = same ? recorded.trace(row) : found
      return { seen, suspect: !same || isRacy(seen, startedAtMs) }
    }
    const givenOf = (node: Inode): Given => ({
      metadata: tree.metadata(node),
      content: tree.content(node),
      blocks: tree.blocks(node),
    })

    // A file that the receiver has, brought up to date.
    const update = (node: Inode, pathFd: number, stat: Stat, path: ByteString, facts: ReturnType<typeof factsOf>) => {
      const pause: Pause = (so) => mayPause(() => tree.set(node, { ...so(), ...facts, suspect: true }))
      const sent = sender.update(pathFd, stat, path, givenOf(node), pause)
      tree.set(node, { ...sent, ...facts })
    }
    const create = (
      directory: Inode,
      text: ByteString,
      pathFd: number,
      stat: Stat,
      path: ByteString,
      facts: ReturnType<typeof factsOf>,
    ): Name => {
      let name: Name | undefined
      const record = (sent: Given, suspect: boolean): void => {
        const all = { ...sent, ...facts, suspect }
        if (name === undefined) name = tree.add(directory, text, all)
        else tree.set(tree.inodeOf(name), all)
      }
      const sent = sender.create(pathFd, stat, path, (so) => mayPause(() => record(so(), true)))
      record(sent, facts.suspect)
      if (name === undefined) throw new Error('an entry was sent and not recorded')
      return name
    }

    const sendLinked = (
      directory: Inode,
      row: Scanned,
      path: ByteString,
      held: Name | undefined,
      pathFd: number,
      stat: Stat,
      seen: Trace,
    ): void => {
      const identity = identityFor(recorded, seen)
      const known = shared.get(identity)
      const facts = factsOf(row, seen)
      const text = recorded.nameOf(row)
      const current = known !== undefined && known.names.size > 0 ? known : undefined
      let node = current === undefined ? undefined : given.get(identity)
      let names = current?.names
      if (node === undefined) {
        const [first] = current?.names ?? []
        if (current !== undefined && first !== undefined && isSame(current.node, stat, seen, pathFd)) {
          node = current.node
          update(node, pathFd, stat, tree.namesTo(first).join('/'), facts)
        } else {
          current?.names.clear()
          if (held !== undefined) removeAt(path, held)
          const name = create(directory, text, pathFd, stat, path, facts)
          node = tree.inodeOf(name)
          const one = { node, names: new Set([name]) }
          shared.set(identity, one)
          sharedByNode.set(node, one)
          names = one.names
          given.set(identity, node)
          return
        }
        given.set(identity, node)
      }
      if (names === undefined || (held !== undefined && names.has(held))) return
      const [first = 0] = names
      if (held !== undefined) removeAt(path, held)
      sender.link(path, tree.namesTo(first).join('/'), tree.metadata(node))
      names.add(tree.link(directory, text, node))
    }

    // Sends what is at this name now, which in a live round need not be what was recorded. Opening with O_PATH touches
    // nothing, so that a FIFO or a device in a file's place neither blocks nor acts. false: nothing that can be sent.
    const sendLeaf = (here: OpenDirectory, row: Scanned, path: ByteString, held: Name | undefined): boolean => {
      let pathFd: number
      try {
        pathFd = openAt(cursor.fd, recorded.nameOf(row), open.path | open.noFollow)
      } catch (error) {
        if (!isGone(error)) throw error
        changedInFinal(path)
        return false
      }
      try {
        const stat = statFd(pathFd)
        const seen = takeTrace()
        if (!recorded.sameInode(row, seen, 0)) changedInFinal(path)
        // Asked of the type even of the same inode: its number may be another file's by now.
        if (stat.type === 'directory' || stat.type === 'socket' || isMountPoint(volume, stat)) {
          changedInFinal(path)
          return false
        }
        // It has grown beyond what was announced: the next round announces more.
        if (stat.type === 'file' && sender.sent.contentBytes + stat.size > limits.contentBytes) {
          changedInFinal(path)
          return false
        }
        if (stat.links > 1 || shared.has(identityFor(recorded, seen))) {
          sendLinked(here.node, row, path, held, pathFd, stat, seen)
        } else if (held !== undefined && isSame(tree.inodeOf(held), stat, seen, pathFd)) {
          update(tree.inodeOf(held), pathFd, stat, path, factsOf(row, seen))
        } else {
          if (held !== undefined) removeAt(path, held)
          create(here.node, recorded.nameOf(row), pathFd, stat, path, factsOf(row, seen))
        }
        return true
      } finally {
        close(pathFd)
      }
    }

    // Whether the record alone shows that what the receiver holds of a leaf is the same.
    const isKept = (row: Scanned, held: Name | undefined): boolean => {
      if (held === undefined) return false
      const node = tree.inodeOf(held)
      if (!tree.untouched(node, recorded.chunkOf(row), recorded.offsetOf(row))) return false
      if (contentHides && recorded.type(row) === 'file') return false
      if (recorded.links(row) === 1) return true
      const identity = recorded.identity(row)
      if (shared.get(identity)?.names.has(held) !== true) return false
      if (!given.has(identity)) given.set(identity, node)
      return true
    }

    // What the receiver holds of a directory's entries; what is not there any more goes.
    const heldIn = (node: Inode, row: Scanned, prefix: ByteString): (Name | undefined)[] => {
      const held: (Name | undefined)[] = []
      let found = 0
      for (let one = recorded.first(row); one < recorded.end(row); one++) {
        const name = tree.child(node, recorded.nameOf(one))
        held.push(name)
        if (name !== undefined) found++
      }
      if (found === tree.childCount(node)) return held
      const present = new Set(held)
      for (const name of [...tree.children(node)]) {
        if (!present.has(name)) removeAt(prefix + tree.nameOf(name), name)
      }
      return held
    }

    const beginDirectory = (row: Scanned, above: Inode, held: Name | undefined): OpenDirectory => {
      const prefix = cursor.prefix()
      const path = prefix.slice(0, -1)
      if (path.length > longestPath || cursor.names.length > deepestPath) {
        throw unrepresentable(
          path,
          `it is ${cursor.names.length} directories deep, with a path of ${path.length} bytes`,
        )
      }
      let node = held === undefined ? undefined : tree.inodeOf(held)
      if (held !== undefined && node !== undefined && !tree.isDirectory(node)) {
        removeAt(path, held)
        node = undefined
      }
      // The stat is taken anew: what was recorded may be older than the entries about to be read.
      const stat = statFd(cursor.fd)
      const known = node !== undefined && tree.untouched(node, lastTrace(), 0)
      const before = node === undefined ? undefined : tree.metadata(node)
      const metadata = known && before !== undefined ? before : sender.metadataOf(cursor.fd, false, stat, path)
      const seen = recorded.trace(row)
      const facts = { metadata, seen, suspect: isRacy(seen, startedAtMs), content: '', blocks: undefined }
      if (path === '') sender.directory(path, metadata, based ? holding?.digest : undefined)
      else if (before === undefined) sender.directory(path, metadata)
      else if (!sameMetadata(before, metadata)) sender.directoryMetadata(path, metadata)
      if (node !== undefined) {
        if (!known) tree.set(node, facts)
      } else if (path === '') tree.addRoot(facts)
      else node = tree.inodeOf(tree.add(above, recorded.nameOf(row), facts))
      const directory = node ?? tree.root
      const first = recorded.first(row)
      return {
        prefix,
        node: directory,
        held: heldIn(directory, row, prefix),
        first,
        end: recorded.end(row),
        next: first,
      }
    }

    // Goes into a directory; undefined when it is no longer the one that was recorded.
    const enter = (row: Scanned, path: ByteString, above: Inode, held: Name | undefined): OpenDirectory | undefined => {
      try {
        cursor.enter(recorded.nameOf(row))
      } catch (error) {
        if (!isGone(error)) throw error
        changedInFinal(path)
        return undefined
      }
      statFd(cursor.fd)
      if (recorded.sameInode(row, lastTrace(), 0)) return beginDirectory(row, above, held)
      cursor.leave()
      changedInFinal(path)
      return undefined
    }

    const path = [beginDirectory(0, tree.root, based ? 0 : undefined)]
    for (let here = path.at(-1); here !== undefined; here = path.at(-1)) {
      checkpoint()
      mayPause(() => {})
      if (here.next === here.end) {
        path.pop()
        if (path.length > 0) cursor.leave()
        continue
      }
      const row = here.next++
      const held = here.held[row - here.first]
      if (!recorded.isDirectory(row)) {
        if (isKept(row, held)) continue
        const childPath = here.prefix + recorded.nameOf(row)
        if (!sendLeaf(here, row, childPath, held) && held !== undefined) removeAt(childPath, held)
        continue
      }
      const childPath = here.prefix + recorded.nameOf(row)
      const entered = enter(row, childPath, here.node, held)
      if (entered !== undefined) path.push(entered)
      else if (held !== undefined) removeAt(childPath, held)
    }
  }
}
