// Whether a copy that is kept is still what it is remembered to be: by names and stats alone, reading no file.
import type { ByteString } from '../byte-string.ts'
import { type Scan, type Scanned, scan } from '../tree/scan.ts'
import type { Inode, Tree } from '../tree/tree.ts'
import { newestTree } from './memory.ts'
import { openVolume } from './volume-root.ts'

const mostNamed = 20

// Paths of up to 20 entries that are changed, new or gone; '' is the root. undefined: nothing is remembered.
export const changedSince = (
  root: string,
  memory: string,
  checkpoint: () => void,
): readonly ByteString[] | undefined => {
  const kept = newestTree(memory)
  if (kept === undefined) return undefined
  const ignore = (): void => {}
  let now: Scan | undefined
  try {
    now = scan(openVolume(root), { checkpoint, leftOut: ignore, vanished: ignore })
    return differences(kept.tree, now)
  } finally {
    now?.release()
    kept.tree.release()
  }
}

// Devices that the rounds were told to skip; a new one shows in its directory all the same.
const mayBeLeftOut: ReadonlySet<string> = new Set(['character', 'block'])

type Pair = { readonly prefix: ByteString; readonly before: Inode; readonly row: Scanned }

const differences = (tree: Tree, now: Scan): readonly ByteString[] => {
  // Of the root itself not the change time: to rename it, as setting it aside does, moves that.
  const changed: ByteString[] = tree.isAsModified(tree.root, now.chunkOf(0), now.offsetOf(0)) ? [] : ['']
  const pairs: Pair[] = [{ prefix: '', before: tree.root, row: 0 }]
  for (let pair = pairs.pop(); pair !== undefined && changed.length < mostNamed; pair = pairs.pop()) {
    const { prefix, before } = pair
    const present = new Set<ByteString>()
    for (let row = now.first(pair.row); row < now.end(pair.row); row++) {
      const name = now.nameOf(row)
      const held = tree.child(before, name)
      present.add(name)
      const same =
        held === undefined
          ? mayBeLeftOut.has(now.type(row))
          : tree.isAsSeen(tree.inodeOf(held), now.chunkOf(row), now.offsetOf(row))
      if (!same) changed.push(prefix + name)
      if (held !== undefined && now.isDirectory(row) && tree.isDirectory(tree.inodeOf(held))) {
        pairs.push({ prefix: `${prefix}${name}/`, before: tree.inodeOf(held), row })
      }
    }
    for (const name of tree.children(before)) {
      if (!present.has(tree.nameOf(name))) changed.push(prefix + tree.nameOf(name))
    }
  }
  return changed.slice(0, mostNamed)
}
