// Archives that others have written, as the members of ours: the root first, every directory before what is in it, and a
// directory that comes again as a change of its metadata. What such an archive says is believed as little as what ours
// say; what it cannot carry is not asked of it.
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'
import { noAttributes } from '../tree/entry.ts'
import { createForeignReader, type ForeignBytes, type LeftOut, skipData } from './foreign-reader.ts'
import type { Link, Member } from './member.ts'
import { componentsOf } from './path.ts'

export type ForeignOptions = {
  // Directories to take off the front of every path.
  readonly stripComponents: number
  // Of directories that the archive does not have.
  readonly nowSeconds: number
  readonly leftOut: LeftOut
}

// What has been a directory so far.
type Directory = { readonly below: Map<ByteString, Directory> }
const newDirectory = (): Directory => ({ below: new Map() })

// The members in order; each one's data is to be taken before the next is asked for.
export const foreignMembers = function* (
  bytes: ForeignBytes,
  { stripComponents, nowSeconds, leftOut }: ForeignOptions,
): Generator<Member | Link, undefined> {
  const read = createForeignReader(bytes, leftOut)
  let root: Directory | undefined

  // Gives the directories above `names` that are not there, from the root on. A name that is taken by something else is
  // found by whoever makes them.
  const above = function* (names: readonly ByteString[]): Generator<Member, Directory> {
    if (root === undefined) {
      root = newDirectory()
      yield impliedDirectory('.', nowSeconds)
    }
    let at = root
    for (let depth = 1; depth < names.length; depth++) {
      const name = names[depth - 1] ?? ''
      let next = at.below.get(name)
      if (next === undefined) {
        next = newDirectory()
        at.below.set(name, next)
        yield impliedDirectory(names.slice(0, depth).join('/'), nowSeconds)
      }
      at = next
    }
    return at
  }
  const linked = function* ({ path, linkTo }: Link): Generator<Member | Link> {
    const [names, from] = [componentsOf(path, false), componentsOf(linkTo, false)].map((one) =>
      one.slice(stripComponents),
    )
    if (names === undefined || from === undefined) return
    if (names.length === 0) leftOut(path, nothingLeft)
    else if (from.length === 0)
      throw damaged('a hard link leads to a file of which nothing is left with its path shortened')
    else {
      yield* above(names)
      yield { path: names.join('/'), linkTo: from.join('/') }
    }
  }

  for (let next = read(); next !== undefined; next = read()) {
    if ('linkTo' in next) {
      yield* linked(next)
      continue
    }
    const member = next
    const directory = member.metadata.type === 'directory'
    const whole = componentsOf(member.path, directory)
    const names = whole.slice(stripComponents)
    const name = names.at(-1)
    if (name !== undefined) {
      const parent = yield* above(names)
      const path = names.join('/')
      yield directory && parent.below.has(name) ? again(member, path) : { ...member, path }
      if (directory && !parent.below.has(name)) parent.below.set(name, newDirectory())
    } else if (directory && whole.length === stripComponents) {
      yield root === undefined ? { ...member, path: '.' } : again(member, '.')
      root ??= newDirectory()
    } else if (!directory) {
      if (stripComponents === 0) throw damaged('its root is not a directory')
      leftOut(member.path, nothingLeft)
      skipData(bytes, member.storedBytes)
    }
  }
  if (root === undefined) throw damaged('it holds nothing that could be a volume')
}

const nothingLeft = 'with so many directories taken off, nothing is left of its path'

const again = (member: Member, path: ByteString): Member => ({ ...member, path, change: { kind: 'metadata', size: 0 } })

// One that something lies in and that the archive does not have.
const impliedDirectory = (path: ByteString, nowSeconds: number): Member => ({
  path,
  storedBytes: 0,
  sparse: false,
  metadata: {
    type: 'directory',
    permissions: 0o755,
    uid: 0,
    gid: 0,
    modifiedSeconds: nowSeconds,
    modifiedNanoseconds: 0,
    size: 0,
    target: '',
    major: 0,
    minor: 0,
    attributes: noAttributes,
  },
})
