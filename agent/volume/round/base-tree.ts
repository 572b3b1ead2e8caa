// What the other side holds, as the source goes by it: the manifest of the last round that it acknowledged by naming its
// digest, without what it says it lacks.
import type { ByteString } from '../byte-string.ts'
import { identityOf } from '../linux/stat.ts'
import { type Directory, find, invalidate, isDirectory, type Leaf } from '../tree/manifest.ts'
import type { ScannedNode } from '../tree/scan.ts'
import { givenManifest } from './memory.ts'

// Of an entry that the receiver cannot vouch for. No blocks: it is not there at all, nor anything in it.
export type Lacking = { readonly path: ByteString; readonly blocks: readonly number[] }

// digest '': nothing.
export type Holding = { readonly digest: string; readonly lacking: readonly Lacking[] }

const takeAway = (tree: Directory, { path, blocks }: Lacking): void => {
  const names = path.split('/')
  const above = names.slice(0, -1)
  const name = names.at(-1) ?? ''
  const parent = find(tree, above)
  if (parent === undefined || !isDirectory(parent)) return
  const entry = parent.children.get(name)
  if (blocks.length === 0 || entry === undefined || isDirectory(entry) || entry.blocks === undefined) {
    parent.children.delete(name)
    invalidate(tree, above)
    return
  }
  entry.suspect = true
  for (const index of blocks) if (index < entry.blocks.length) entry.blocks[index] = ''
}

// undefined: everything has to be sent.
export const baseFor = (memory: string, { digest, lacking }: Holding, rootIdentity: string): Directory | undefined => {
  const base = givenManifest(memory, digest)
  if (base === undefined || identityOf(base.tree.seen) !== rootIdentity) return undefined
  for (const one of lacking) takeAway(base.tree, one)
  return base.tree
}

// For each inode with several names: those of its present names under which the receiver has one and the same inode
// already. Others are linked to these.
export const sharedNames = (base: Directory, scanned: ScannedNode): Map<string, Set<ByteString>> => {
  const shared = new Map<string, { readonly leaf: Leaf; readonly names: Set<ByteString> }>()
  const pairs = [{ prefix: '', base, scanned }]
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    for (const node of pair.scanned.children ?? []) {
      const held = pair.base.children.get(node.name)
      if (held === undefined) continue
      const path = pair.prefix + node.name
      if (isDirectory(held)) {
        if (node.children !== undefined) pairs.push({ prefix: `${path}/`, base: held, scanned: node })
      } else if (node.stat.links > 1 && node.stat.type === held.metadata.type) {
        const identity = identityOf(node.stat)
        if (identityOf(held.seen) !== identity) continue
        const known = shared.get(identity)
        if (known === undefined) shared.set(identity, { leaf: held, names: new Set([path]) })
        else if (known.leaf === held) known.names.add(path)
      }
    }
  }
  return new Map([...shared].map(([identity, { names }]) => [identity, names]))
}
