// For tests: archives that no reader of ours would make.
import type { ByteString } from '../byte-string.ts'
import { blockBytes, encodeHeader, type Header, paddingAfter } from '../tar/header.ts'
import { encodeLink, encodeMember } from '../tar/member.ts'
import { encodeRecord } from '../tar/pax.ts'
import { type Metadata, type NodeType, noAttributes } from '../tree/entry.ts'

export const metadataOf = (type: NodeType, change: Partial<Metadata> = {}): Metadata => ({
  type,
  permissions: type === 'directory' ? 0o755 : 0o644,
  uid: 0,
  gid: 0,
  modifiedSeconds: 1_000_000,
  modifiedNanoseconds: 0,
  size: 0,
  target: '',
  major: 0,
  minor: 0,
  attributes: noAttributes,
  ...change,
})

export const root = encodeMember({ path: '', metadata: metadataOf('directory'), storedBytes: 0, sparse: false })

export const directory = (path: ByteString): Buffer =>
  encodeMember({ path, metadata: metadataOf('directory'), storedBytes: 0, sparse: false })

export const file = (path: ByteString, content = 'hostile'): Buffer => {
  const metadata = metadataOf('file', { size: content.length })
  const head = encodeMember({ path, metadata, storedBytes: content.length, sparse: false })
  return Buffer.concat([head, Buffer.from(content, 'latin1'), Buffer.alloc(paddingAfter(content.length))])
}

export const symlink = (path: ByteString, target: ByteString): Buffer =>
  encodeMember({ path, metadata: metadataOf('symlink', { target }), storedBytes: 0, sparse: false })

export const hardLink = (path: ByteString, linkTo: ByteString): Buffer =>
  encodeLink({ path, linkTo }, metadataOf('file'))

// A header as it stands, whatever it says; the path is not given a `./`.
export const rawHeader = (change: Partial<Header>): Buffer => {
  const block = Buffer.alloc(blockBytes)
  const fields = { permissions: 0o644, uid: 0, gid: 0, size: 0, mtime: 0, target: '', major: 0, minor: 0 }
  encodeHeader({ type: 'file', path: 'file', ...fields, ...change }, block, 0)
  return block
}

export const pax = (records: Readonly<Record<ByteString, ByteString>>): Buffer => {
  const body = Object.entries(records)
    .map(([keyword, value]) => encodeRecord(keyword, value))
    .join('')
  return Buffer.concat([
    rawHeader({ type: 'pax', size: body.length }),
    Buffer.from(body, 'latin1'),
    Buffer.alloc(paddingAfter(body.length)),
  ])
}

export const end = Buffer.alloc(2 * blockBytes)
