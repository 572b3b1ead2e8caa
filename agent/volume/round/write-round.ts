// One round, written: makes a directory exactly what an archive holds, or applies what has changed since the round
// before to what that one has made.
//
// The archive is trusted with nothing. A path is taken apart into components that name entries of real directories; the
// walk along them never follows a symlink; every entry is new or one that an earlier round has made, in a directory that
// these rounds have made; a hard link leads to a file of theirs. So whatever the archive says, nothing outside the root
// is touched.
//
// Directories get their metadata last: entries made in them would move their times, and a default ACL would be inherited.
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'
import { createCursor } from '../linux/cursor.ts'
import { makeDirectory, makeLink, open, openAt, syncFileSystem } from '../linux/libc.ts'
import { statAt, statFd } from '../linux/stat.ts'
import { takeTrace } from '../linux/trace.ts'
import { nextMember, takePadding } from '../tar/archive.ts'
import type { Change } from '../tar/change.ts'
import { foreignMembers } from '../tar/foreign.ts'
import type { Link, Member } from '../tar/member.ts'
import { componentsOf } from '../tar/path.ts'
import { sameMetadata } from '../tree/attributes.ts'
import { openBlockStore } from '../tree/block-store.ts'
import { letClockTick } from '../tree/racy.ts'
import { createTree, type Inode, type Tree } from '../tree/tree.ts'
import { digestOfTree } from '../tree/tree-digest.ts'
import type { Holding } from './base-tree.ts'
import { byteSourceOf, createByteSource } from './byte-source.ts'
import { clearDirectory, removeEntry } from './clear.ts'
import { createKeptAttributes } from './kept-attributes.ts'
import { createGate, type RoundLimits } from './limits.ts'
import { reconcile } from './reconcile.ts'
import { asTargetError, createRefusals } from './refusals.ts'
import { createSmallFiles, isSmall, type NewFile, type SmallFiles } from './small-files.ts'
import { createSkippedList, type Summary } from './summary.ts'
import { syncWritten } from './sync-written.ts'
import { forgetHeld, noteApplied, noteApplying, recall, remember } from './target-memory.ts'
import { createTargetTree, type TargetTree } from './target-tree.ts'
import { openTarget } from './volume-root.ts'
import { createChanges } from './write-change.ts'
import { type Place, type Written, writeFile, writeSpecial } from './write-entry.ts'
import { openWrittenLog, type WrittenFile } from './written-log.ts'
import { createWrittenParts, type WrittenParts } from './written-parts.ts'

export type WriteRequest = {
  readonly root: string
  readonly limits?: Partial<RoundLimits>
  // A directory in which to remember what is held, so that later rounds need not carry it again.
  readonly memory?: string
  // An archive that others may have written, in any of the forms that are known.
  readonly foreign?: { readonly stripComponents: number }
  // Another directory than this (dev:ino) is not written to.
  readonly expectIdentity?: string
  // Note in the memory what is to be read back (round/read-back.ts).
  readonly noteWritten?: boolean
}

export type WriteInput = {
  // Pieces of the stream, one after the other; undefined at its end.
  readonly next: () => Buffer | undefined
  // Throws when the work is to end.
  readonly checkpoint: () => void
  // Where there is a memory, before the first piece is asked for: what the stream may build upon. Told again where that was
  // only expected, and is not so: pieces are from then on those of another stream.
  readonly hold: (holding: Holding) => void
  // Asks for a further thread that works on these batches (round/file-batches.ts).
  readonly callForHelp: (memory: SharedArrayBuffer) => void
  // What was announced for the stream, from its first piece on; beside the request's own.
  readonly announced: () => RoundLimits | undefined
}

type Changes = ReturnType<typeof createChanges>

const nothing: Holding = { digest: '', lacking: [] }

export const writeRound = (request: WriteRequest, input: WriteInput, onEntry: (count: number) => void): Summary => {
  const { root, limits, memory } = request
  const source = createByteSource(input.next)
  const refusals = createRefusals(root)
  const written = openWrittenLog(request.noteWritten === true ? memory : undefined)
  const skipped = createSkippedList()
  const keptOf = createKeptAttributes(skipped)
  // Files of which parts are lacking, and those of which some have come and not yet the metadata that ends them.
  const unfinished = new Set<Inode>()
  const store = memory === undefined ? undefined : openBlockStore(memory)
  // Of the one that is in progress: what has come, or that all of it has.
  let partsOf: { readonly node: Inode; readonly parts: WrittenParts; readonly whole: boolean } | undefined
  // The file that was written last with all of its content: more of it may follow in parts.
  let lastWhole: Inode | undefined
  // What is held was remembered in the middle of a round, or that round was cut later.
  let goesOn = false
  // What was there, and has not been written to, is on the disk.
  let settled = false
  let small: SmallFiles | undefined
  const gate = createGate(() => limits ?? input.announced())
  const { admitContent } = gate

  const admitEntry = (): void => {
    input.checkpoint()
    gate.admitEntry()
    onEntry(gate.entries)
  }

  const cursor = createCursor(openTarget(root, request.expectIdentity))
  const volume = cursor.stat
  statFd(cursor.fd)
  const volumeSeen = takeTrace()
  // Where the targets of hard links are looked up, so that the way there and back is not walked for each.
  const linkCursor = createCursor(openAt(cursor.fd, '.', open.readOnly | open.directory))

  // Moves to the directory that holds the entry, or is to hold it.
  const placeFor = ({ tree }: TargetTree, names: readonly ByteString[]): Place & { readonly directory: Inode } => {
    const name = names.at(-1)
    if (name === undefined) throw damaged('the root directory stands in it twice')
    gate.admitPath(names)
    const above = names.slice(0, -1)
    const parent = tree.find(above)
    if (parent === undefined || !tree.isDirectory(tree.inodeOf(parent))) {
      throw damaged('an entry lies in a directory that it does not have')
    }
    cursor.moveTo(above)
    return { dir: cursor.fd, name, path: names.join('/'), directory: tree.inodeOf(parent) }
  }
  const newPlaceFor = (target: TargetTree, names: readonly ByteString[]) => {
    const place = placeFor(target, names)
    const isTaken = target.tree.child(place.directory, place.name) !== undefined || small?.isPending(place.path)
    if (isTaken) throw damaged('an entry stands in it twice')
    return place
  }

  const addWritten = (target: TargetTree, { place, metadata }: NewFile, made: Written | undefined): Inode => {
    if (made !== undefined) written.wrote(place.path, made, made.content)
    const lost = { metadata, seen: volumeSeen, content: '', blocks: undefined }
    return target.tree.inodeOf(
      target.add(place.directory, place.name, { ...(made ?? lost), suspect: made === undefined }),
    )
  }

  const openSmallFiles = (target: TargetTree): SmallFiles =>
    createSmallFiles({
      made: (file, made) => void addWritten(target, file, made),
      remake: (file, dir, content) => {
        const { place, metadata } = file
        const member = { path: place.path, metadata, storedBytes: content.length, sparse: false }
        const made = writeFile({ ...place, dir }, member, byteSourceOf(content), refusals, () => {}, store)
        addWritten(target, file, made)
      },
      callForHelp: input.callForHelp,
    })

  const writeLink = (target: TargetTree, { path, linkTo }: Link): void => {
    const { tree } = target
    const from = componentsOf(linkTo, false)
    const held = tree.find(from)
    const fromName = from.at(-1)
    if (held === undefined || tree.isDirectory(tree.inodeOf(held)) || fromName === undefined) {
      throw damaged('a hard link leads to something that is not a file of this stream')
    }
    const place = newPlaceFor(target, componentsOf(path, false))
    linkCursor.moveTo(from.slice(0, -1))
    refusals.attempt(place.path, 'a further hard link', () => makeLink(linkCursor.fd, fromName, place.dir, place.name))
    target.link(place.directory, place.name, tree.inodeOf(held))
  }

  const writeNew = (target: TargetTree, member: Member): void => {
    const { type } = member.metadata
    const place = newPlaceFor(target, componentsOf(member.path, type === 'directory'))
    const metadata = keptOf(member.metadata, place.path)
    if (type === 'directory') {
      const made = refusals.attempt(place.path, 'a directory of this name', () =>
        makeDirectory(place.dir, place.name, 0o700),
      )
      // What lies in it has nowhere to go.
      if (!made) refusals.settle()
      statAt(place.dir, place.name)
      const seen = takeTrace()
      target.add(place.directory, place.name, { metadata, seen, suspect: true, content: '', blocks: undefined })
      return
    }
    if (small !== undefined && isSmall(metadata) && !member.sparse && member.segments === undefined) {
      admitContent(member.storedBytes)
      small.make({ place, metadata }, source.takeWhole(member.storedBytes) ?? source.take(member.storedBytes))
      takePadding(source, member.storedBytes)
      lastWhole = undefined
      return
    }
    const made =
      type === 'file'
        ? writeFile(place, { ...member, metadata }, source, refusals, admitContent, store)
        : writeSpecial(place, metadata, refusals)
    if (type === 'file') takePadding(source, member.storedBytes)
    lastWhole = addWritten(target, { place, metadata }, made)
  }

  const removeHeld = (target: TargetTree, changes: Changes, path: ByteString): void => {
    const place = placeFor(target, componentsOf(path, false))
    const held = target.tree.child(place.directory, place.name)
    if (held === undefined) throw damaged('it removes what is not there')
    // Its descriptors may lie in what goes.
    linkCursor.moveTo([])
    removeEntry(place.dir, place.name, place.path, volume, input.checkpoint)
    target.remove(held, (node) => {
      if (target.tree.namesOf(node).length > 1) return
      unfinished.delete(node)
      if (changes.isUnfinished(node)) changes.abandon()
    })
  }

  // What is to be read back of a file that was changed. In a round that goes on where another was cut, nobody knows of what
  // that one wrote into the file it was in the middle of; and where there is much, the whole is as good.
  const noteWritten = (path: ByteString, node: Inode, made: Written, kind: Change['kind']): void => {
    const came = partsOf?.node === node ? partsOf : undefined
    if (came !== undefined) partsOf = undefined
    lastWhole = kind === 'content' ? node : undefined
    const isWhole = kind === 'content' || came?.whole === true || (goesOn && made.blocks !== undefined)
    if (isWhole) written.wrote(path, made, made.content)
    else if (came !== undefined) written.wrote(path, made, hashOfParts(came.parts, made) ?? made.content)
  }
  const hashOfParts = (parts: WrittenParts, { blocks }: Written): WrittenFile['hash'] | undefined =>
    store === undefined || blocks === undefined ? undefined : parts.hash(store, blocks)

  const changeHeld = (target: TargetTree, changes: Changes, member: Member, change: Change): void => {
    const { tree } = target
    if (change.kind === 'remove') {
      removeHeld(target, changes, member.path)
      return
    }
    const names = componentsOf(member.path, member.metadata.type === 'directory')
    const held = tree.find(names)
    if (held === undefined) throw damaged('it changes what is not there')
    const node = tree.inodeOf(held)
    const metadata = keptOf(member.metadata, names.join('/'))
    if (tree.isDirectory(node)) {
      if (change.kind !== 'metadata' || metadata.type !== 'directory') throw damaged('a directory is changed as a file')
      target.describe(node, metadata)
      return
    }
    const place = placeFor(target, names)
    if (change.kind === 'part') {
      unfinished.add(node)
      if (partsOf?.node !== node) partsOf = { node, parts: createWrittenParts(), whole: lastWhole === node }
      changes.part(place, node, change.offset, member, partsOf.parts.wrote)
      takePadding(source, member.storedBytes)
      return
    }
    const made =
      change.kind === 'content'
        ? changes.content(place, node, { ...member, metadata })
        : changes.metadata(place, node, metadata)
    target.change(node, made)
    unfinished.delete(node)
    if (change.kind === 'content') takePadding(source, member.storedBytes)
    noteWritten(place.path, node, made, change.kind)
  }

  const next = ((): (() => Member | Link | undefined) => {
    if (request.foreign === undefined) return () => nextMember(source, gate.recordBytes)
    const nowSeconds = Math.floor(Date.now() / 1000)
    const members = foreignMembers(source, { ...request.foreign, nowSeconds, leftOut: skipped.add })
    return () => members.next().value
  })()

  const readRootMember = (): Member => {
    const member = next()
    if (member === undefined) throw damaged('it holds nothing, not even the root directory')
    if ('linkTo' in member || member.metadata.type !== 'directory' || componentsOf(member.path, true).length > 0) {
      throw damaged('it does not begin with the root directory')
    }
    admitEntry()
    return { ...member, metadata: keptOf(member.metadata, '') }
  }

  // The source looks for what has changed while this side looks at what it holds: as a rule, after a round that came to its
  // end, all of it is there.
  const heldBefore = ():
    | { readonly target: TargetTree; readonly holding: Holding; readonly isAsRemembered: () => boolean }
    | undefined => {
    if (memory === undefined || store === undefined) return undefined
    const { kept, interrupted, timesHold, ...recalled } = recall(memory)
    noteApplying(memory, { timesHold })
    if (kept === undefined) {
      input.hold(nothing)
      return undefined
    }
    tree = kept.tree
    goesOn = interrupted
    settled = recalled.settled
    const { edits } = kept.tree
    const expected = { digest: kept.digest, lacking: [] }
    const expects = !interrupted && timesHold
    if (expects) input.hold(expected)
    letClockTick(kept.savedAtMs)
    const target = createTargetTree(kept.tree)
    const { checkpoint } = input
    const holding = reconcile(cursor, target, { root, digest: kept.digest, store, interrupted, timesHold, checkpoint })
    if (!expects || holding === undefined || holding.lacking.length > 0) input.hold(holding ?? nothing)
    if (holding === undefined) return undefined
    for (const { path, blocks } of holding.lacking) {
      const name = blocks.length > 0 ? kept.tree.find(path.split('/')) : undefined
      if (name !== undefined) unfinished.add(kept.tree.inodeOf(name))
    }
    return { target, holding, isAsRemembered: () => timesHold && kept.tree.edits === edits }
  }

  const beginTree = (held: ReturnType<typeof heldBefore>, { metadata, base }: Member): TargetTree => {
    if (base !== undefined) {
      if (held === undefined || base !== held.holding.digest) throw damaged('it builds upon what is not held here')
      const { tree } = held.target
      if (!sameMetadata(metadata, tree.metadata(tree.root))) held.target.describe(tree.root, metadata)
      return held.target
    }
    unfinished.clear()
    written.beginAnew()
    if (memory !== undefined) forgetHeld(memory)
    store?.clear()
    tree?.release()
    // A look at what is held has moved it.
    cursor.moveTo([])
    clearDirectory(cursor.fd, volume, input.checkpoint)
    tree = createTree()
    tree.addRoot({ metadata, seen: volumeSeen, suspect: true, content: '', blocks: undefined })
    const target = createTargetTree(tree)
    target.touch(tree.root)
    return target
  }

  // What has come so far reaches the disk, and is what this side holds from now on.
  const settle = (target: TargetTree, changes: Changes, wanted: string): void => {
    // What this file system cannot hold ends the round, at its end.
    if (memory === undefined || store === undefined || refusals.any()) return
    changes.settle()
    const digest = digestOfTree(target.tree)
    if (digest !== wanted) {
      // Something that was remembered is wrong; the next round is not to find it again.
      forgetHeld(memory)
      throw damaged('a checkpoint of it is not what came before')
    }
    cursor.moveTo([])
    syncFileSystem(cursor.fd)
    remember(memory, digest, target.tree, store)
  }

  let tree: Tree | undefined
  try {
    const held = heldBefore()
    const target = beginTree(held, readRootMember())
    small = openSmallFiles(target)
    const changes = createChanges({ tree: target.tree, store, source, refusals, admit: admitContent })
    for (let member = next(); member !== undefined; member = next()) {
      admitEntry()
      // All but a new entry may be of one that is on its way.
      if ('linkTo' in member || member.change !== undefined) small.settle()
      if ('linkTo' in member) writeLink(target, member)
      else if (member.change?.kind === 'checkpoint') settle(target, changes, member.change.digest)
      else if (member.change !== undefined) changeHeld(target, changes, member, member.change)
      else writeNew(target, member)
    }
    small.settle()
    if (unfinished.size > 0) throw damaged('a file has not all of its new content')
    target.finish(cursor, refusals, input.checkpoint)
    refusals.settle()
    input.checkpoint()
    if (held?.target === target && settled) syncWritten(cursor, target.tree, target.unsynced, input.checkpoint)
    else {
      cursor.moveTo([])
      syncFileSystem(cursor.fd)
    }
    const digest = digestOfTree(target.tree)
    if (memory !== undefined && store !== undefined) {
      if (held?.target !== target || !held.isAsRemembered()) remember(memory, digest, target.tree, store)
      noteApplied(memory)
    }
    return {
      entries: target.tree.totals.entries,
      changedEntries: gate.entries,
      contentBytes: gate.contentBytes,
      volumeBytes: target.tree.totals.contentBytes,
      tarBytes: source.total,
      digest,
      skipped: skipped.list(),
    }
  } catch (error) {
    throw asTargetError(root, error)
  } finally {
    small?.close()
    store?.close()
    tree?.release()
    linkCursor.close()
    cursor.close()
    written.close()
  }
}
