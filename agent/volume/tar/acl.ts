// POSIX ACLs. The kernel keeps them in the attributes system.posix_acl_access and system.posix_acl_default as a binary
// table; tar archives carry them as text in the records SCHILY.acl.access and SCHILY.acl.default, which is where GNU tar
// and bsdtar look for them.
// Sources: include/uapi/linux/posix_acl_xattr.h; acl(5), "ACL TEXT FORMS"; star(5), "SCHILY.acl.access".
import { type ByteString, bytesOf } from '../byte-string.ts'
import { damaged } from '../damaged.ts'

const version = 2
const tags = { userObject: 0x01, user: 0x02, groupObject: 0x04, group: 0x08, mask: 0x10, other: 0x20 } as const
const noId = 0xffffffff
const entryBytes = 8

const textTags = new Map<number, string>([
  [tags.userObject, 'user:'],
  [tags.user, 'user:'],
  [tags.groupObject, 'group:'],
  [tags.group, 'group:'],
  [tags.mask, 'mask:'],
  [tags.other, 'other:'],
])

const permissionText = (bits: number): string => `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 1 ? 'x' : '-'}`

// undefined: not a table of the version that this knows.
export const aclToText = (value: ByteString): string | undefined => {
  const table = bytesOf(value)
  if (table.length < 4 || (table.length - 4) % entryBytes !== 0 || table.readUInt32LE(0) !== version) return undefined
  const lines: string[] = []
  for (let at = 4; at < table.length; at += entryBytes) {
    const tag = table.readUInt16LE(at)
    const name = textTags.get(tag)
    const permissions = table.readUInt16LE(at + 2)
    if (name === undefined || permissions > 7) return undefined
    const id = tag === tags.user || tag === tags.group ? String(table.readUInt32LE(at + 4)) : ''
    lines.push(`${name}${id}:${permissionText(permissions)}`)
  }
  return lines.join('\n')
}

type Entry = { readonly tag: number; readonly permissions: number; readonly id: number }

const entryPattern = /^(?:default:)?(user|u|group|g|mask|m|other|o):([^:]*):([r-][w-][xX-])(?::([0-9]+))?$/

// "user:joe:rwx:1000" is star's way of giving the name and the number; a name alone means nothing on another host.
const decodeEntry = (line: string): Entry => {
  const [, kind, qualifier = '', letters = '', trailing] = entryPattern.exec(line) ?? []
  if (kind === undefined) throw damaged('an ACL is not in the text form of acl(5)')
  const permissions = (letters[0] === 'r' ? 4 : 0) | (letters[1] === 'w' ? 2 : 0) | (letters[2] === 'x' ? 1 : 0)
  const short = kind[0]
  if (short === 'm') return { tag: tags.mask, permissions, id: noId }
  if (short === 'o') return { tag: tags.other, permissions, id: noId }
  const [object, named] = short === 'u' ? [tags.userObject, tags.user] : [tags.groupObject, tags.group]
  if (qualifier === '') return { tag: object, permissions, id: noId }
  const id = /^[0-9]{1,10}$/.test(qualifier) ? qualifier : trailing
  if (id === undefined || Number(id) >= noId) {
    throw damaged('an ACL names a user or group without its number; make the archive with --numeric-owner')
  }
  return { tag: named, permissions, id: Number(id) }
}

// The order in which the kernel keeps the entries: by tag, then by id.
export const aclFromText = (text: string): ByteString => {
  const entries = text
    .split(/[\n,]/)
    .map((line) => line.replace(/\s*#.*$/, '').trim())
    .filter((line) => line !== '')
    .map(decodeEntry)
    .sort((a, b) => a.tag - b.tag || a.id - b.id)
  const table = Buffer.alloc(4 + entries.length * entryBytes)
  table.writeUInt32LE(version, 0)
  entries.forEach(({ tag, permissions, id }, index) => {
    const at = 4 + index * entryBytes
    table.writeUInt16LE(tag, at)
    table.writeUInt16LE(permissions, at + 2)
    table.writeUInt32LE(id, at + 4)
  })
  return table.toString('latin1')
}

// Only what the permissions say already: owner, group and others. The kernel keeps no access ACL for that.
export const isMinimalAcl = (value: ByteString): boolean => value.length <= 4 + 3 * entryBytes

// The permission bits that a file with this access ACL has: the group's are the mask's, where there is one (acl(5),
// "CORRESPONDENCE BETWEEN ACL ENTRIES AND FILE PERMISSION BITS"). libarchive writes the bits without the ACL in their
// place. undefined: not a table that says.
export const permissionsOfAcl = (value: ByteString): number | undefined => {
  const table = bytesOf(value)
  if (table.length < 4 || (table.length - 4) % entryBytes !== 0 || table.readUInt32LE(0) !== version) return undefined
  const bits = new Map<number, number>()
  for (let at = 4; at < table.length; at += entryBytes) bits.set(table.readUInt16LE(at), table.readUInt16LE(at + 2) & 7)
  const [owner, other] = [bits.get(tags.userObject), bits.get(tags.other)]
  const group = bits.get(tags.mask) ?? bits.get(tags.groupObject)
  return owner === undefined || group === undefined || other === undefined
    ? undefined
    : (owner << 6) | (group << 3) | other
}
