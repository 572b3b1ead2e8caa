// The volume as it was recorded, entry by entry, against what the receiver holds of it: what is new, changed or gone goes into
// the stream, and the tree of what the receiver holds changes with every member.
import type { ByteString } from '../byte-string.ts'
import type { Cursor } from '../linux/cursor.ts'
import { close, open, openAt, readLink } from '../linux/libc.ts'
import { isMountPoint, type Stat, statFd } from '../linux/stat.ts'
import { type Identity, lastTrace, type Trace, takeTrace } from '../linux/trace.ts'
import { deepestPath, longestPath } from '../tar/path.ts'
import { sameMetadata } from '../tree/attributes.ts'
import { isRacy } from '../tree/racy.ts'
import { isGone, type Scan, type Scanned } from '../tree/scan.ts'
import type { Facts, Inode, Name, Tree } from '../tree/tree.ts'
import { identityFor, type Shared, sharedNames } from './base-tree.ts'
import type { Devices } from './devices.ts'
import { type EntrySender, type Given, type Pause, unrepresentable } from './send-entry.ts'
import { asReadErrorAt } from './volume-root.ts'

// A directory being read: its entries in the scan, what the receiver holds of each, and which is next.
type OpenDirectory = {
  readonly prefix: ByteString
  readonly node: Inode
  readonly held: readonly (Name | undefined)[]
  readonly first: Scanned
  readonly end: Scanned
  next: Scanned
}

export type Sending = {
  // At the volume's root.
  readonly cursor: Cursor
  readonly sender: EntrySender
  readonly tree: Tree
  readonly recorded: Scan
  // The digest of the tree, where the receiver holds it; otherwise it holds nothing.
  readonly base: string | undefined
  // Stats do not tell whether content has changed.
  readonly contentHides: boolean
  // Of the record.
  readonly startedAtMs: number
  readonly mostContentBytes: number
  // Called where the receiver has made all that was sent; `record` first settles what is known of a file in progress.
  readonly mayPause: (record: () => void) => void
  readonly checkpoint: () => void
  readonly devices: Devices
  // Something is not as it was recorded: throws where that must not be.
  readonly changedInFinal: (path: ByteString) => void
}

export const sendTree = (sending: Sending): void => {
  const { cursor, sender, tree, recorded, base, contentHides, startedAtMs, mostContentBytes } = sending
  const { mayPause, checkpoint, devices, changedInFinal } = sending
  const volume = cursor.stat
  const shared = base !== undefined ? sharedNames(tree, recorded) : new Map<Identity, Shared>()
  const sharedByNode = new Map([...shared.values()].map((one) => [one.node, one]))
  // What the receiver has been given of an inode with several names.
  const given = new Map<Identity, Inode>()

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
      if (devices.leftOut(stat, path) !== undefined) {
        devices.settle()
        changedInFinal(path)
        return false
      }
      // It has grown beyond what was announced: the next round announces more.
      if (stat.type === 'file' && sender.sent.contentBytes + stat.size > mostContentBytes) {
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
    } catch (error) {
      throw asReadErrorAt(path, error)
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
      throw unrepresentable(path, `it is ${cursor.names.length} directories deep, with a path of ${path.length} bytes`)
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
    if (path === '') sender.directory(path, metadata, base)
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

  const path = [beginDirectory(0, tree.root, base === undefined ? undefined : 0)]
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
