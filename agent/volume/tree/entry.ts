import type { ByteString } from '../byte-string.ts'

// Sockets and mount points are never part of a tree: they are reported instead.
export type NodeType = 'file' | 'directory' | 'symlink' | 'fifo' | 'character' | 'block'

export type Attributes = ReadonlyMap<ByteString, ByteString>

// Everything about an inode that a copy keeps, other than its names and its content.
export type Metadata = {
  readonly type: NodeType
  readonly permissions: number
  readonly uid: number
  readonly gid: number
  readonly modifiedSeconds: number
  readonly modifiedNanoseconds: number
  // Files: bytes as a reader sees them. Everything else: 0.
  readonly size: number
  // Symlinks: the text. Everything else: ''.
  readonly target: ByteString
  // Device nodes: the device. Everything else: 0.
  readonly major: number
  readonly minor: number
  // ACLs are attributes here, in the kernel's own form.
  readonly attributes: Attributes
}

export const noAttributes: Attributes = new Map()
