import type { ByteString } from '../byte-string.ts'
import { directoryDigest, treeDigest } from './digest.ts'
import type { Inode, Tree } from './tree.ts'

const digestDirectories = (tree: Tree): void => {
  const undigested: Inode[] = tree.isDigested(tree.root) ? [] : [tree.root]
  for (let index = 0; index < undigested.length; index++) {
    for (const name of tree.children(undigested[index] ?? tree.root)) {
      const node = tree.inodeOf(name)
      if (tree.isDirectory(node) && !tree.isDigested(node)) undigested.push(node)
    }
  }
  // A directory came before what is in it.
  for (const directory of undigested.reverse()) {
    const entries: { name: ByteString; digest: ByteString }[] = []
    for (const name of tree.children(directory)) {
      entries.push({ name: tree.nameOf(name), digest: tree.digestOf(tree.inodeOf(name)) })
    }
    tree.setDigest(directory, directoryDigest(tree.metadata(directory), entries))
  }
}

// Hex; tree/digest.ts says of what. Costs what has changed since it was asked last.
export const digestOfTree = (tree: Tree): string => {
  digestDirectories(tree)
  const groups: ByteString[][] = []
  for (const node of tree.linked) groups.push(tree.namesOf(node).map((name) => tree.namesTo(name).join('/')))
  return treeDigest(tree.digestOf(tree.root), groups)
}
