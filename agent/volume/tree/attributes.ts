import type { ByteString } from '../byte-string.ts'
import { type AttributeHandle, getAttribute, listAttributes } from '../linux/libc.ts'
import { type Attributes, type Metadata, noAttributes } from './entry.ts'

const kept = /^(user\..+|trusted\..+|security\.capability|system\.posix_acl_(access|default))$/s

// XFS keeps ACLs under these names and shows them to root, beside system.posix_acl_*, which says the same on every file
// system (fs/xfs/xfs_acl.c). To copy both would set the ACL twice, and leave its XFS form behind on ext4.
const ownForms = new Set(['trusted.SGI_ACL_FILE', 'trusted.SGI_ACL_DEFAULT'])

// What a copy carries. The rest is the host's own: security.selinux, security.ima and security.evm are made from that
// host's policy and keys and would be wrong, or forged, on another; system.* and btrfs.* belong to a file system.
export const isKeptAttribute = (name: ByteString): boolean => kept.test(name) && !ownForms.has(name)

// Nothing is lost without it: not to be told of, nor to be removed.
export const isOwnForm = (name: ByteString): boolean => ownForms.has(name)

// The attributes that a copy carries; `leftOut` hears of the others by name.
export const readAttributes = (handle: AttributeHandle, leftOut?: (name: ByteString) => void): Attributes => {
  const names = listAttributes(handle)
  if (names.length === 0) return noAttributes
  const attributes = new Map<ByteString, ByteString>()
  for (const name of names) {
    if (isOwnForm(name)) continue
    if (!isKeptAttribute(name)) leftOut?.(name)
    else {
      const value = getAttribute(handle, name)
      if (value !== undefined) attributes.set(name, value)
    }
  }
  return attributes
}

export const sameAttributes = (a: Attributes, b: Attributes): boolean =>
  a.size === b.size && [...a].every(([name, value]) => b.get(name) === value)

export const sameMetadata = (a: Metadata, b: Metadata): boolean =>
  a.type === b.type &&
  a.permissions === b.permissions &&
  a.uid === b.uid &&
  a.gid === b.gid &&
  a.modifiedSeconds === b.modifiedSeconds &&
  a.modifiedNanoseconds === b.modifiedNanoseconds &&
  a.size === b.size &&
  a.target === b.target &&
  a.major === b.major &&
  a.minor === b.minor &&
  sameAttributes(a.attributes, b.attributes)
