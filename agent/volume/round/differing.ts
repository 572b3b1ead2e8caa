// Which entries of a volume that was read are not as they are remembered from when it moved.
import type { ByteString } from '../byte-string.ts'
import { directoryDigest } from '../tree/digest.ts'
import type { Inode, Tree } from '../tree/tree.ts'
import { treeWithDigest } from './memory.ts'

// A memory of rounds, and the digest of the tree in it.
export type Remembered = { readonly memory: string; readonly digest: string }

const mostNamed = 100

// Paths; '' is the root directory. Both trees are digested. None where nothing of that digest is remembered, or where
// nothing differs but which names are one file.
export const differingFrom = ({ memory, digest }: Remembered, now: Tree): readonly ByteString[] => {
  const kept = treeWithDigest(memory, digest)
  if (kept === undefined) return []
  try {
    return differences(kept.tree, now)
  } finally {
    kept.tree.release()
  }
}

type Pair = { readonly path: ByteString; readonly before: Inode; readonly now: Inode }

const differences = (before: Tree, now: Tree): readonly ByteString[] => {
  const differing: ByteString[] = []
  // Of the directory itself, whatever is in it.
  const own = (tree: Tree, directory: Inode): ByteString => directoryDigest(tree.metadata(directory), [])
  const pairs: Pair[] = [{ path: '', before: before.root, now: now.root }]
  for (let pair = pairs.pop(); pair !== undefined && differing.length < mostNamed; pair = pairs.pop()) {
    const { path } = pair
    if (before.digestOf(pair.before) === now.digestOf(pair.now)) continue
    if (!before.isDirectory(pair.before) || !now.isDirectory(pair.now)) {
      differing.push(path)
      continue
    }
    if (own(before, pair.before) !== own(now, pair.now)) differing.push(path)
    const pathOf = (name: ByteString): ByteString => (path === '' ? name : `${path}/${name}`)
    for (const entry of before.children(pair.before)) {
      const name = before.nameOf(entry)
      const there = now.child(pair.now, name)
      if (there === undefined) differing.push(pathOf(name))
      else pairs.push({ path: pathOf(name), before: before.inodeOf(entry), now: now.inodeOf(there) })
    }
    for (const entry of now.children(pair.now)) {
      const name = now.nameOf(entry)
      if (before.child(pair.before, name) === undefined) differing.push(pathOf(name))
    }
  }
  return differing.slice(0, mostNamed)
}
