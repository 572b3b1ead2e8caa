// One round, read: the volume as a PAX archive, or what has changed in it since the round before; and its tree digest.
//
// Order: record every stat, then sync, then read. The sync write-protects pages that a process has mapped and dirtied,
// so that any store after it moves the file's times; before it, such a store would change content and nothing else. So
// an entry whose stat is the recorded one in the next round has not changed since it was read: tree/racy.ts has the
// exceptions.
// In the final round everything is recorded once more at the end and compared with the first record: the round is good
// only if nothing in the volume has changed from before its first byte was read until after its last. In the rounds
// before, what changes is read as it is found, and is right again in the next round.
//
// What is sent, and so what is kept, is what was found at a name when it was opened. The receiver's tree and ours then
// agree after every round, whatever was going on meanwhile.
import { AppError } from '../../../shared/errors.ts'
import { type ByteString, displayPath } from '../byte-string.ts'
import { createCursor } from '../linux/cursor.ts'
import { close, open, openAt, readLink, syncFileSystem } from '../linux/libc.ts'
import { identityOf, isMountPoint, type Stat, sameInode, statFd } from '../linux/stat.ts'
import { blockBytes } from '../tar/header.ts'
import { deepestPath, longestPath } from '../tar/path.ts'
import { changesBetween } from '../tree/changes.ts'
import {
  type Directory,
  type Entry,
  inheritDigest,
  isDirectory,
  type Leaf,
  leafOf,
  sameMetadata,
  seenOf,
  survey,
  untouched,
} from '../tree/manifest.ts'
import { hidesStores, isRacy } from '../tree/racy.ts'
import { isGone, type ScannedNode, scan } from '../tree/scan.ts'
import { baseFor, type Holding, keepBase, sharedNames } from './base-tree.ts'
import { createDevices, type DevicePolicy } from './devices.ts'
import { announce, type RoundLimits } from './limits.ts'
import type { PieceSink } from './piece-sink.ts'
import { createEntrySender, unrepresentable } from './send-entry.ts'
import { createSkippedList, type Summary } from './summary.ts'
import { asReadError, asReadErrorAt, openVolume, requireIdentity, statOfRoot } from './volume-root.ts'

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

// A directory being read: which child is next, and what the receiver holds of it.
type OpenDirectory = {
  readonly node: ScannedNode
  readonly prefix: ByteString
  readonly held: Directory | undefined
  readonly now: Directory
  next: number
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
  const devices = createDevices(request.devices ?? 'keep')

  const changedInFinal = (path: ByteString): void => {
    if (final) throw sourceChanged([path])
  }
  const sender = createEntrySender({
    sink,
    skipped,
    checkpoint,
    cutShort: changedInFinal,
    fromDisk: request.fromDisk ?? false,
  })

  const cursor = createCursor(openVolume(root))
  const volume = cursor.stat
  const startedAtMs = Date.now()

  const scanVolume = (first: boolean): ScannedNode =>
    scan(openAt(cursor.fd, '.', open.readOnly | open.directory), {
      checkpoint,
      leftOut: (path, reason) => {
        if (first) skipped.add(path, reason)
      },
      vanished: changedInFinal,
      unwanted: devices.leftOut,
    })

  // Names under which the receiver has one inode, by the inode's identity here; and what it has been given of it.
  let shared = new Map<string, Set<ByteString>>()
  const given = new Map<string, Leaf>()
  const contentHides = request.everything === true || hidesStores(root)
  let mostContentBytes = 0

  // Whatever the receiver has at this path, it has no longer.
  const removeAt = (path: ByteString, node: ScannedNode): void => {
    sender.remove(path)
    const gone = [{ path, node }]
    for (let one = gone.pop(); one !== undefined; one = gone.pop()) {
      if (one.node.stat.links > 1) shared.get(identityOf(one.node.stat))?.delete(one.path)
      for (const child of one.node.children ?? []) gone.push({ path: `${one.path}/${child.name}`, node: child })
    }
  }

  const isSame = (held: Leaf, stat: Stat, pathFd: number): boolean =>
    held.metadata.type === stat.type &&
    sameInode(held.seen, stat) &&
    ((stat.type !== 'character' && stat.type !== 'block') ||
      (held.metadata.major === stat.nodeMajor && held.metadata.minor === stat.nodeMinor)) &&
    (stat.type !== 'symlink' || held.metadata.target === readLink(pathFd))

  const factsOf = (recorded: Stat, stat: Stat) => {
    const same = sameInode(recorded, stat)
    const seen = seenOf(same ? recorded : stat)
    return { seen, suspect: !same || isRacy(seen, startedAtMs) }
  }

  // Sends what is at this name now, which in a live round need not be what was recorded. Opening with O_PATH touches
  // nothing, so that a FIFO or a device in a file's place neither blocks nor acts. undefined: nothing that can be sent.
  const sendLeaf = (dir: number, node: ScannedNode, path: ByteString, held: Entry | undefined): Leaf | undefined => {
    let pathFd: number
    try {
      pathFd = openAt(dir, node.name, open.path | open.noFollow)
    } catch (error) {
      if (!isGone(error)) throw error
      changedInFinal(path)
      return undefined
    }
    try {
      const stat = statFd(pathFd)
      if (!sameInode(stat, node.stat)) changedInFinal(path)
      // Asked of the type even of the same inode: its number may be another file's by now.
      if (stat.type === 'directory' || stat.type === 'socket' || isMountPoint(volume, stat)) {
        changedInFinal(path)
        return undefined
      }
      if (devices.leftOut(stat, path) !== undefined) {
        devices.settle()
        changedInFinal(path)
        return undefined
      }
      // It has grown beyond what was announced: the next round announces more.
      if (stat.type === 'file' && sender.sent.contentBytes + stat.size > mostContentBytes) {
        changedInFinal(path)
        return undefined
      }
      return stat.links > 1 || shared.has(identityOf(stat))
        ? sendLinked(pathFd, stat, node, path, held)
        : sendSingle(pathFd, stat, node, path, held)
    } catch (error) {
      throw asReadErrorAt(path, error)
    } finally {
      close(pathFd)
    }
  }

  const sendSingle = (
    pathFd: number,
    stat: Stat,
    node: ScannedNode,
    path: ByteString,
    held: Entry | undefined,
  ): Leaf => {
    const update = held !== undefined && !isDirectory(held) && isSame(held, stat, pathFd) ? held : undefined
    if (held !== undefined && update === undefined) removeAt(path, node)
    const sent = update === undefined ? sender.create(pathFd, stat, path) : sender.update(pathFd, stat, path, update)
    return leafOf({ ...sent, ...factsOf(node.stat, stat), linked: update?.linked ?? false })
  }

  const sendLinked = (
    pathFd: number,
    stat: Stat,
    node: ScannedNode,
    path: ByteString,
    held: Entry | undefined,
  ): Leaf => {
    const identity = identityOf(stat)
    const names = shared.get(identity) ?? new Set()
    shared.set(identity, names)
    let leaf = names.size > 0 ? given.get(identity) : undefined
    if (leaf === undefined) {
      const [first] = names
      const known = first === undefined ? undefined : baseLeaf(first)
      if (first !== undefined && known !== undefined && isSame(known, stat, pathFd)) {
        const sent = sender.update(pathFd, stat, first, known)
        leaf = leafOf({ ...sent, ...factsOf(node.stat, stat), linked: true })
      } else {
        names.clear()
        if (held !== undefined) removeAt(path, node)
        const sent = sender.create(pathFd, stat, path)
        leaf = leafOf({ ...sent, ...factsOf(node.stat, stat), linked: true })
        names.add(path)
      }
      given.set(identity, leaf)
    }
    if (!names.has(path)) {
      const [first = ''] = names
      if (held !== undefined) removeAt(path, node)
      sender.link(path, first, leaf.metadata)
      names.add(path)
    }
    return leaf
  }

  let base: Directory | undefined
  const baseLeaf = (path: ByteString): Leaf | undefined => {
    let entry: Entry | undefined = base
    for (const name of path.split('/')) {
      entry = entry !== undefined && isDirectory(entry) ? entry.children.get(name) : undefined
    }
    return entry === undefined || isDirectory(entry) ? undefined : entry
  }

  // What the receiver holds of a leaf, where the record alone shows that it is the same.
  const kept = (node: ScannedNode, path: ByteString, held: Entry | undefined): Leaf | undefined => {
    if (held === undefined || isDirectory(held) || !untouched(held, node.stat)) return undefined
    if (contentHides && node.stat.type === 'file') return undefined
    if (node.stat.links === 1) return held
    const identity = identityOf(node.stat)
    if (!shared.get(identity)?.has(path)) return undefined
    const leaf = given.get(identity) ?? held
    given.set(identity, leaf)
    return leaf
  }

  const beginDirectory = (node: ScannedNode, held: Entry | undefined): OpenDirectory => {
    const prefix = cursor.prefix()
    const path = prefix.slice(0, -1)
    if (path.length > longestPath || cursor.names.length > deepestPath) {
      throw unrepresentable(path, `it is ${cursor.names.length} directories deep, with a path of ${path.length} bytes`)
    }
    const before = held !== undefined && isDirectory(held) ? held : undefined
    if (held !== undefined && before === undefined) removeAt(path, { ...node, children: [] })
    // The stat is taken anew: what was recorded may be older than the entries about to be read.
    const known = before !== undefined && untouched(before, cursor.stat)
    const metadata = known ? before.metadata : sender.metadataOf(cursor.fd, false, statFd(cursor.fd), path)
    if (path === '') sender.directory(path, metadata, base === undefined ? undefined : holding?.digest)
    else if (before === undefined) sender.directory(path, metadata)
    else if (!sameMetadata(before.metadata, metadata)) sender.directoryMetadata(path, metadata)

    if (before !== undefined) {
      const present = new Set(node.children?.map(({ name }) => name))
      for (const name of before.children.keys()) if (!present.has(name)) sender.remove(prefix + name)
    }
    const now = { metadata, ...factsOf(node.stat, node.stat), children: new Map(), digest: undefined }
    return { node, prefix, held: before, now, next: 0 }
  }

  // Goes into a directory; undefined when it is no longer the one that was recorded.
  const enter = (node: ScannedNode, path: ByteString, held: Entry | undefined): OpenDirectory | undefined => {
    try {
      cursor.enter(node.name)
    } catch (error) {
      if (!isGone(error)) throw error
      changedInFinal(path)
      return undefined
    }
    if (sameInode(cursor.stat, node.stat)) return beginDirectory(node, held)
    cursor.leave()
    changedInFinal(path)
    return undefined
  }

  try {
    requireIdentity(root, volume, request.expectIdentity)
    if (memory !== undefined && holding !== undefined) base = baseFor(memory, holding, identityOf(volume))
    const recorded = scanVolume(true)
    devices.settle()
    checkpoint()
    syncFileSystem(cursor.fd)
    if (base !== undefined) shared = sharedNames(base, recorded)
    const limits = announce(recorded, base, final)
    mostContentBytes = limits.contentBytes
    announced(limits)

    const path = [beginDirectory(recorded, base)]
    const tree = path[0]?.now
    if (tree === undefined) throw new Error('a round without a root')
    for (let here = path.at(-1); here !== undefined; here = path.at(-1)) {
      checkpoint()
      const child = here.node.children?.[here.next++]
      if (child === undefined) {
        inheritDigest(here.now, here.held)
        path.pop()
        const above = path.at(-1)
        if (above === undefined) break
        above.now.children.set(here.node.name, here.now)
        cursor.leave()
        continue
      }
      const childPath = here.prefix + child.name
      const held = here.held?.children.get(child.name)
      if (child.children !== undefined) {
        const entered = enter(child, childPath, held)
        if (entered !== undefined) path.push(entered)
        else if (held !== undefined) removeAt(childPath, child)
        continue
      }
      const leaf = kept(child, childPath, held) ?? sendLeaf(cursor.fd, child, childPath, held)
      if (leaf !== undefined) here.now.children.set(child.name, leaf)
      else if (held !== undefined) removeAt(childPath, child)
    }
    sink.zeros(2 * blockBytes)
    sink.finish()

    if (final) {
      const changed = changesBetween(recorded, scanVolume(false), mostNamed)
      if (changed.length > 0) throw sourceChanged(changed)
      requireIdentity(root, statOfRoot(root), identityOf(volume))
    }
    const { digest, entries, contentBytes } = survey(tree)
    // Nothing follows the final round; should it have to be repeated, then from where it began.
    if (memory !== undefined && !final) keepBase(memory, digest, tree)
    return {
      entries,
      contentBytes: sender.sent.contentBytes,
      volumeBytes: contentBytes,
      changedEntries: sender.sent.entries,
      tarBytes: sink.total,
      digest,
      skipped: skipped.list(),
    }
  } catch (error) {
    throw asReadError(root, error)
  } finally {
    cursor.close()
  }
}
