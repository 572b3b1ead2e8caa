import type { ByteString } from '../byte-string.ts'
import { treeDigest } from './digest.ts'
import type { Tree } from './tree.ts'

// Hex; tree/digest.ts says of what. Costs what has changed since it was asked last.
export const digestOfTree = (tree: Tree): string => {
  tree.digestDirectories()
  const groups: ByteString[][] = []
  for (const node of tree.linked) groups.push(tree.namesOf(node).map((name) => tree.namesTo(name).join('/')))
  return treeDigest(tree.digestOf(tree.root), groups)
}
