// Whether a copy that is kept is still what it is remembered to be: by names and stats alone, reading no file.
import type { ByteString } from '../byte-string.ts'
import { sameInode, unchanged } from '../linux/stat.ts'
import { type Directory, isDirectory } from '../tree/manifest.ts'
import { type ScannedNode, scan } from '../tree/scan.ts'
import { newestManifest } from './memory.ts'
import { openVolume } from './volume-root.ts'

const mostNamed = 20

// Of the root itself not the change time: to rename it, as setting it aside does, moves that.
const rootIsSame = ({ seen }: Directory, { stat }: ScannedNode): boolean =>
  sameInode(seen, stat) &&
  seen.modifiedSeconds === stat.modifiedSeconds &&
  seen.modifiedNanoseconds === stat.modifiedNanoseconds

// Paths of up to 20 entries that are changed, new or gone; '' is the root. undefined: nothing is remembered.
export const changedSince = (
  root: string,
  memory: string,
  checkpoint: () => void,
): readonly ByteString[] | undefined => {
  const kept = newestManifest(memory)
  if (kept === undefined) return undefined
  const ignore = (): void => {}
  const now = scan(openVolume(root), { checkpoint, leftOut: ignore, vanished: ignore })
  const changed: ByteString[] = rootIsSame(kept.tree, now) ? [] : ['']
  const pairs = [{ prefix: '', before: kept.tree, node: now }]
  for (let pair = pairs.pop(); pair !== undefined && changed.length < mostNamed; pair = pairs.pop()) {
    const { prefix, before } = pair
    const missing = new Set(before.children.keys())
    for (const node of pair.node.children ?? []) {
      const path = prefix + node.name
      const held = before.children.get(node.name)
      missing.delete(node.name)
      if (held === undefined || !unchanged(held.seen, node.stat)) changed.push(path)
      if (held !== undefined && isDirectory(held) && node.children !== undefined) {
        pairs.push({ prefix: `${path}/`, before: held, node })
      }
    }
    for (const name of missing) changed.push(prefix + name)
  }
  return changed.slice(0, mostNamed)
}
