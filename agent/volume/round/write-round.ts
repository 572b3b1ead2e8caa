// One round, written: makes a directory exactly what an archive holds.
//
// The archive is trusted with nothing. A path is taken apart into components that name entries of real directories; the
// walk along them never follows a symlink; every entry is new, in a directory that this stream has made; a hard link
// leads to a file that this stream has made. So whatever the archive says, nothing outside the root is touched.
//
// Directories get their metadata last, from the deepest up: entries made in them would move their times, and a default
// ACL would be inherited.
import { AppError } from '../../../shared/errors.ts'
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'
import { createCursor } from '../linux/cursor.ts'
import { makeDirectory, makeLink, OsError, open, openAt, openRoot, syncFileSystem } from '../linux/libc.ts'
import { nextMember, takePadding } from '../tar/archive.ts'
import type { Link, Member } from '../tar/member.ts'
import { componentsOf } from '../tar/path.ts'
import { isKeptAttribute } from '../tree/attributes.ts'
import { directoryDigest, treeDigest } from '../tree/digest.ts'
import type { Metadata } from '../tree/entry.ts'
import { createByteSource } from './byte-source.ts'
import { clearDirectory } from './clear.ts'
import { asTargetError, createRefusals } from './refusals.ts'
import { createSkippedList, type Summary } from './summary.ts'
import { applyToOpen, type Place, writeFile, writeSpecial } from './write-entry.ts'

export type WriteLimits = { readonly entries: number; readonly contentBytes: number }
export type WriteRequest = { readonly root: string; readonly limits?: WriteLimits }

// Pieces of the stream, one after the other; undefined at its end. `checkpoint` throws when the work is to end.
export type WriteInput = { readonly next: () => Buffer | undefined; readonly checkpoint: () => void }

// What this stream has made. A leaf is any inode but a directory; its names are listed once it has two.
type Leaf = { readonly digest: ByteString; names: ByteString[] | undefined }
type Directory = { readonly metadata: Metadata; readonly children: Map<ByteString, Leaf | Directory> }
const isDirectory = (node: Leaf | Directory): node is Directory => 'children' in node

export type WriteProgress = { readonly entries: number }

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

export const writeRound = (request: WriteRequest, input: WriteInput, onEntry: (count: number) => void): Summary => {
  const { root, limits } = request
  const source = createByteSource(input.next)
  const refusals = createRefusals(root)
  const skipped = createSkippedList()
  const attributesLeftOut = new Set<ByteString>()
  const linked: Leaf[] = []
  let entries = 0
  let contentBytes = 0

  const admitEntry = (): void => {
    input.checkpoint()
    if (++entries > (limits?.entries ?? Number.POSITIVE_INFINITY)) {
      throw damaged(`it has more than the ${limits?.entries} entries announced`)
    }
    onEntry(entries)
  }
  const admitContent = (bytes: number): void => {
    contentBytes += bytes
    if (contentBytes > (limits?.contentBytes ?? Number.POSITIVE_INFINITY)) {
      throw damaged(`it has more than the ${limits?.contentBytes} bytes of content announced`)
    }
  }

  // Archives made by others may hold attributes that no copy carries.
  const keptOf = (metadata: Metadata, path: ByteString): Metadata => {
    if (metadata.attributes.size === 0) return metadata
    const attributes = [...metadata.attributes].filter(([name]) => {
      if (isKeptAttribute(name)) return true
      if (!attributesLeftOut.has(name)) {
        attributesLeftOut.add(name)
        skipped.add(path, `the attribute ${name}, here and elsewhere in the archive, belongs to the host it came from`)
      }
      return false
    })
    return { ...metadata, attributes: new Map(attributes) }
  }

  const cursor = createCursor(openTarget(root))
  // Where the targets of hard links are looked up, so that the way there and back is not walked for each.
  const linkCursor = createCursor(openAt(cursor.fd, '.', open.readOnly | open.directory))

  const find = (tree: Directory, names: readonly ByteString[]): Leaf | Directory | undefined => {
    let node: Leaf | Directory | undefined = tree
    for (const name of names) node = node !== undefined && isDirectory(node) ? node.children.get(name) : undefined
    return node
  }

  // Moves to the directory that is to hold the entry, and makes sure that the name in it is free.
  const placeFor = (tree: Directory, names: readonly ByteString[]): Place & { readonly parent: Directory } => {
    const parents = names.slice(0, -1)
    const name = names.at(-1)
    const parent = find(tree, parents)
    if (name === undefined) throw damaged('the root directory stands in it twice')
    if (parent === undefined || !isDirectory(parent))
      throw damaged('an entry lies in a directory that it does not have')
    if (parent.children.has(name)) throw damaged('an entry stands in it twice')
    cursor.moveTo(parents)
    return { dir: cursor.fd, name, path: names.join('/'), parent }
  }

  const writeLink = (tree: Directory, { path, linkTo }: Link): void => {
    const from = componentsOf(linkTo, false)
    const leaf = find(tree, from)
    const fromName = from.at(-1)
    if (leaf === undefined || isDirectory(leaf) || fromName === undefined) {
      throw damaged('a hard link leads to something that is not a file of this stream')
    }
    const place = placeFor(tree, componentsOf(path, false))
    place.parent.children.set(place.name, leaf)
    linkCursor.moveTo(from.slice(0, -1))
    refusals.attempt(place.path, 'a further hard link', () => makeLink(linkCursor.fd, fromName, place.dir, place.name))
    if (leaf.names === undefined) {
      leaf.names = [from.join('/')]
      linked.push(leaf)
    }
    leaf.names.push(place.path)
  }

  const writeMember = (tree: Directory, member: Member): void => {
    const { type } = member.metadata
    const place = placeFor(tree, componentsOf(member.path, type === 'directory'))
    const metadata = keptOf(member.metadata, place.path)
    if (type === 'directory') {
      const made = refusals.attempt(place.path, 'a directory of this name', () =>
        makeDirectory(place.dir, place.name, 0o700),
      )
      // What lies in it has nowhere to go.
      if (!made) refusals.settle()
      place.parent.children.set(place.name, { metadata, children: new Map() })
      return
    }
    const digest =
      type === 'file'
        ? writeFile(place, { ...member, metadata }, source, refusals, admitContent)
        : writeSpecial(place, metadata, refusals)
    if (type === 'file') takePadding(source, member.storedBytes)
    place.parent.children.set(place.name, { digest: digest ?? '', names: undefined })
  }

  const readRootMember = (): Directory => {
    const member = nextMember(source)
    if (member === undefined) throw damaged('it holds nothing, not even the root directory')
    if ('linkTo' in member || member.metadata.type !== 'directory' || componentsOf(member.path, true).length > 0) {
      throw damaged('it does not begin with the root directory')
    }
    admitEntry()
    return { metadata: keptOf(member.metadata, ''), children: new Map() }
  }

  const finishDirectories = (tree: Directory): ByteString => {
    type Open = {
      readonly name: ByteString
      readonly directory: Directory
      readonly digests: Digested[]
      readonly rest: Directories
    }
    type Digested = { readonly name: ByteString; readonly digest: ByteString }
    type Directories = Iterator<[ByteString, Leaf | Directory], undefined>
    const opened = (name: ByteString, directory: Directory): Open => ({
      name,
      directory,
      digests: [],
      rest: directory.children.entries(),
    })
    cursor.moveTo([])
    const path: Open[] = [opened('', tree)]
    for (;;) {
      const here = path.at(-1)
      if (here === undefined) throw new Error('the root directory was left')
      const next = here.rest.next()
      if (next.done !== true) {
        const [name, node] = next.value
        if (isDirectory(node)) {
          input.checkpoint()
          cursor.enter(name)
          path.push(opened(name, node))
        } else here.digests.push({ name, digest: node.digest })
        continue
      }
      const found = applyToOpen(cursor.fd, here.directory.metadata, cursor.prefix().slice(0, -1), refusals)
      const digest = directoryDigest(found, here.digests)
      path.pop()
      const above = path.at(-1)
      if (above === undefined) return digest
      cursor.leave()
      above.digests.push({ name: here.name, digest })
    }
  }

  try {
    clearDirectory(cursor.fd, input.checkpoint)
    const tree = readRootMember()
    for (let member = nextMember(source); member !== undefined; member = nextMember(source)) {
      admitEntry()
      if ('linkTo' in member) writeLink(tree, member)
      else writeMember(tree, member)
    }
    const rootDigest = finishDirectories(tree)
    refusals.settle()
    input.checkpoint()
    cursor.moveTo([])
    syncFileSystem(cursor.fd)
    const digest = treeDigest(
      rootDigest,
      linked.map(({ names }) => names ?? []),
    )
    return { entries, contentBytes, tarBytes: source.total, digest, skipped: skipped.list() }
  } catch (error) {
    throw asTargetError(root, error)
  } finally {
    linkCursor.close()
    cursor.close()
  }
}
