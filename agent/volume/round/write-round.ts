// One round, written: makes a directory exactly what an archive holds, or applies what has changed since the round
// before to what that one has made.
//
// The archive is trusted with nothing. A path is taken apart into components that name entries of real directories; the
// walk along them never follows a symlink; every entry is new or one that an earlier round has made, in a directory that
// these rounds have made; a hard link leads to a file of theirs. So whatever the archive says, nothing outside the root
// is touched.
//
// Directories get their metadata last: entries made in them would move their times, and a default ACL would be inherited.
import { AppError } from '../../../shared/errors.ts'
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'
import { createCursor } from '../linux/cursor.ts'
import { makeDirectory, makeLink, OsError, open, openAt, openRoot, syncFileSystem } from '../linux/libc.ts'
import { statAt } from '../linux/stat.ts'
import { nextMember, takePadding } from '../tar/archive.ts'
import type { Change } from '../tar/change.ts'
import type { Link, Member } from '../tar/member.ts'
import { componentsOf } from '../tar/path.ts'
import { isKeptAttribute, isOwnForm } from '../tree/attributes.ts'
import type { Metadata } from '../tree/entry.ts'
import { isDirectory, type Leaf, leafOf, seenOf, survey, walk } from '../tree/manifest.ts'
import { tickMs } from '../tree/racy.ts'
import type { Holding } from './base-tree.ts'
import { createByteSource } from './byte-source.ts'
import { clearDirectory, removeEntry } from './clear.ts'
import { createGate, type RoundLimits } from './limits.ts'
import { reconcile } from './reconcile.ts'
import { asTargetError, createRefusals } from './refusals.ts'
import { createSkippedList, type Summary } from './summary.ts'
import { forgetHeld, noteApplying, recall, remember } from './target-memory.ts'
import { createTargetTree, type TargetTree } from './target-tree.ts'
import { changeContent, changeMetadata, changePart } from './write-change.ts'
import { type Place, writeFile, writeSpecial } from './write-entry.ts'
import { openWrittenLog } from './written-log.ts'

export type WriteRequest = {
  readonly root: string
  readonly limits?: Partial<RoundLimits>
  // A directory in which to remember what is held, so that later rounds need not carry it again.
  readonly memory?: string
  // Nothing follows: not worth remembering.
  readonly final?: boolean
  // Note in the memory what is to be read back (round/read-back.ts).
  readonly noteWritten?: boolean
}

export type WriteInput = {
  // Pieces of the stream, one after the other; undefined at its end.
  readonly next: () => Buffer | undefined
  // Throws when the work is to end.
  readonly checkpoint: () => void
  // Where there is a memory, before the first piece is asked for: what the stream may build upon.
  readonly hold: (holding: Holding) => void
  // What was announced for the stream, from its first piece on; beside the request's own.
  readonly announced: () => RoundLimits | undefined
}

const nothing: Holding = { digest: '', lacking: [] }

const openTarget = (root: string): number => {
  try {
    return openRoot(root)
  } catch (error) {
    throw new AppError(
      'DRAYAGE_VOLUME_NOT_FOUND',
      `The target directory ${root} cannot be opened (${error instanceof OsError ? error.code : 'unknown'}). ` +
        'The volume must exist before anything is written to it.',
      { cause: error },
    )
  }
}

// Whatever is changed from now on gets another time than what is remembered.
const letClockTick = (sinceMs: number): void => {
  const restMs = sinceMs + tickMs - Date.now()
  if (restMs > 0 && restMs <= tickMs) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, restMs)
}

export const writeRound = (request: WriteRequest, input: WriteInput, onEntry: (count: number) => void): Summary => {
  const { root, limits, memory, final = false } = request
  const source = createByteSource(input.next)
  const refusals = createRefusals(root)
  const written = openWrittenLog(request.noteWritten === true ? memory : undefined)
  const skipped = createSkippedList()
  const attributesLeftOut = new Set<ByteString>()
  // Files of which parts have come, or are to come, and not yet the metadata that ends them.
  const unfinished = new Set<Leaf>()
  // Of those: the blocks that have come.
  const blocksWritten = new Map<Leaf, Map<number, ByteString>>()
  const gate = createGate(() => limits ?? input.announced())
  const { admitContent } = gate

  const admitEntry = (): void => {
    input.checkpoint()
    gate.admitEntry()
    onEntry(gate.entries)
  }

  // Archives made by others may hold attributes that no copy carries.
  const keptOf = (metadata: Metadata, path: ByteString): Metadata => {
    if (metadata.attributes.size === 0) return metadata
    const attributes = [...metadata.attributes].filter(([name]) => {
      if (isKeptAttribute(name)) return true
      if (!isOwnForm(name) && !attributesLeftOut.has(name)) {
        attributesLeftOut.add(name)
        skipped.add(path, `the attribute ${name}, here and elsewhere in the archive, belongs to the host it came from`)
      }
      return false
    })
    return { ...metadata, attributes: new Map(attributes) }
  }

  const cursor = createCursor(openTarget(root))
  const volume = cursor.stat
  // Where the targets of hard links are looked up, so that the way there and back is not walked for each.
  const linkCursor = createCursor(openAt(cursor.fd, '.', open.readOnly | open.directory))

  // Moves to the directory that holds the entry, or is to hold it.
  const placeFor = (tree: TargetTree, names: readonly ByteString[]): Place => {
    const name = names.at(-1)
    if (name === undefined) throw damaged('the root directory stands in it twice')
    gate.admitPath(names)
    const above = names.slice(0, -1)
    const parent = tree.find(above)
    if (parent === undefined || !isDirectory(parent))
      throw damaged('an entry lies in a directory that it does not have')
    cursor.moveTo(above)
    return { dir: cursor.fd, name, path: names.join('/') }
  }
  const newPlaceFor = (tree: TargetTree, names: readonly ByteString[]): Place => {
    const place = placeFor(tree, names)
    if (tree.find(names) !== undefined) throw damaged('an entry stands in it twice')
    return place
  }

  const writeLink = (tree: TargetTree, { path, linkTo }: Link): void => {
    const from = componentsOf(linkTo, false)
    const leaf = tree.find(from)
    const fromName = from.at(-1)
    if (leaf === undefined || isDirectory(leaf) || fromName === undefined) {
      throw damaged('a hard link leads to something that is not a file of this stream')
    }
    const names = componentsOf(path, false)
    const place = newPlaceFor(tree, names)
    linkCursor.moveTo(from.slice(0, -1))
    refusals.attempt(place.path, 'a further hard link', () => makeLink(linkCursor.fd, fromName, place.dir, place.name))
    tree.add(names, leaf)
    tree.relink(leaf)
  }

  const writeNew = (tree: TargetTree, member: Member): void => {
    const { type } = member.metadata
    const names = componentsOf(member.path, type === 'directory')
    const place = newPlaceFor(tree, names)
    const metadata = keptOf(member.metadata, place.path)
    if (type === 'directory') {
      const made = refusals.attempt(place.path, 'a directory of this name', () =>
        makeDirectory(place.dir, place.name, 0o700),
      )
      // What lies in it has nowhere to go.
      if (!made) refusals.settle()
      const seen = seenOf(statAt(place.dir, place.name))
      tree.add(names, { metadata, seen, suspect: false, children: new Map(), digest: undefined })
      return
    }
    const made =
      type === 'file'
        ? writeFile(place, { ...member, metadata }, source, refusals, admitContent)
        : writeSpecial(place, metadata, refusals)
    if (type === 'file') takePadding(source, member.storedBytes)
    if (made !== undefined) written.wrote(place.path, made, made.content)
    const lost = { metadata, seen: seenOf(volume), content: '', blocks: undefined }
    tree.add(names, leafOf({ ...(made ?? lost), suspect: false, linked: false }))
  }

  const removeHeld = (tree: TargetTree, path: ByteString): void => {
    const names = componentsOf(path, false)
    const place = placeFor(tree, names)
    if (tree.find(names) === undefined) throw damaged('it removes what is not there')
    // Its descriptors may lie in what goes.
    linkCursor.moveTo([])
    removeEntry(place.dir, place.name, place.path, volume, input.checkpoint)
    tree.remove(names)
  }

  const changeHeld = (tree: TargetTree, member: Member, change: Change): void => {
    if (change.kind === 'remove') {
      removeHeld(tree, member.path)
      return
    }
    const names = componentsOf(member.path, member.metadata.type === 'directory')
    const held = tree.find(names)
    if (held === undefined) throw damaged('it changes what is not there')
    const metadata = keptOf(member.metadata, names.join('/'))
    if (isDirectory(held)) {
      if (change.kind !== 'metadata' || metadata.type !== 'directory') throw damaged('a directory is changed as a file')
      held.metadata = metadata
      tree.touch(names)
      return
    }
    const place = placeFor(tree, names)
    if (change.kind === 'part') {
      unfinished.add(held)
      const block = changePart(place, held, change.offset, member, source, admitContent)
      if (block !== undefined) {
        const blocks = blocksWritten.get(held) ?? new Map()
        blocksWritten.set(held, blocks.set(block.index, block.hash))
      }
      takePadding(source, member.storedBytes)
    } else if (change.kind === 'content') {
      const made = changeContent(place, held, { ...member, metadata }, source, refusals, admitContent)
      tree.change(names, held, made)
      written.wrote(place.path, made, made.content)
      blocksWritten.delete(held)
      unfinished.delete(held)
      takePadding(source, member.storedBytes)
    } else {
      const made = changeMetadata(place, held, metadata, refusals)
      tree.change(names, held, made)
      const blocks = blocksWritten.get(held)
      if (blocks !== undefined) written.wrote(place.path, made, blocks)
      blocksWritten.delete(held)
      unfinished.delete(held)
    }
  }

  const requireFinished = ({ root }: TargetTree): void => {
    if (unfinished.size === 0) return
    for (const { entry } of walk(root)) {
      if (!isDirectory(entry) && unfinished.has(entry)) throw damaged('a file has not all of its new content')
    }
  }

  const readRootMember = (): Member => {
    const member = nextMember(source, gate.recordBytes)
    if (member === undefined) throw damaged('it holds nothing, not even the root directory')
    if ('linkTo' in member || member.metadata.type !== 'directory' || componentsOf(member.path, true).length > 0) {
      throw damaged('it does not begin with the root directory')
    }
    admitEntry()
    return { ...member, metadata: keptOf(member.metadata, '') }
  }

  const heldBefore = (): { readonly tree: TargetTree; readonly holding: Holding } | undefined => {
    if (memory === undefined) return undefined
    const { kept, interrupted } = recall(memory)
    noteApplying(memory)
    if (kept === undefined) return undefined
    letClockTick(kept.savedAtMs)
    const tree = createTargetTree(kept.tree)
    const { checkpoint } = input
    const holding = reconcile(cursor, tree, { root, digest: kept.digest, interrupted, checkpoint })
    if (holding === undefined) return undefined
    for (const { path, blocks } of holding.lacking) {
      const leaf = blocks.length > 0 ? tree.find(path.split('/')) : undefined
      if (leaf !== undefined && !isDirectory(leaf)) unfinished.add(leaf)
    }
    return { tree, holding }
  }

  const beginTree = (held: ReturnType<typeof heldBefore>, { metadata, base }: Member): TargetTree => {
    if (base !== undefined) {
      if (held === undefined || base !== held.holding.digest) throw damaged('it builds upon what is not held here')
      held.tree.root.metadata = metadata
      held.tree.touch([])
      return held.tree
    }
    unfinished.clear()
    written.beginAnew()
    if (memory !== undefined) forgetHeld(memory)
    clearDirectory(cursor.fd, volume, input.checkpoint)
    const tree = createTargetTree({
      metadata,
      seen: seenOf(volume),
      suspect: false,
      children: new Map(),
      digest: undefined,
    })
    tree.touch([])
    return tree
  }

  try {
    const held = heldBefore()
    if (memory !== undefined) input.hold(held?.holding ?? nothing)
    const tree = beginTree(held, readRootMember())
    const next = () => nextMember(source, gate.recordBytes)
    for (let member = next(); member !== undefined; member = next()) {
      admitEntry()
      if ('linkTo' in member) writeLink(tree, member)
      else if (member.change !== undefined) changeHeld(tree, member, member.change)
      else writeNew(tree, member)
    }
    requireFinished(tree)
    tree.finish(cursor, refusals, input.checkpoint)
    refusals.settle()
    input.checkpoint()
    cursor.moveTo([])
    syncFileSystem(cursor.fd)
    const found = survey(tree.root)
    if (memory !== undefined && !final) {
      remember(memory, { digest: found.digest, savedAtMs: Date.now(), tree: tree.root })
    }
    return {
      entries: found.entries,
      changedEntries: gate.entries,
      contentBytes: gate.contentBytes,
      volumeBytes: found.contentBytes,
      tarBytes: source.total,
      digest: found.digest,
      skipped: skipped.list(),
    }
  } catch (error) {
    throw asTargetError(root, error)
  } finally {
    linkCursor.close()
    cursor.close()
    written.close()
  }
}
