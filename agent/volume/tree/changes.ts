import type { ByteString } from '../byte-string.ts'
import { unchanged } from '../linux/stat.ts'
import type { ScannedNode } from './scan.ts'

// Paths of the entries that are not the same in both: changed, gone or new. Pure; ends at `most`.
export const changesBetween = (before: ScannedNode, after: ScannedNode, most: number): readonly ByteString[] => {
  const changed: ByteString[] = []
  const pairs: { path: ByteString; before: ScannedNode; after: ScannedNode }[] = [{ path: '', before, after }]
  for (let pair = pairs.pop(); pair !== undefined && changed.length < most; pair = pairs.pop()) {
    if (!unchanged(pair.before.stat, pair.after.stat)) changed.push(pair.path)
    const prefix = pair.path === '' ? '' : `${pair.path}/`
    const left = new Map(pair.before.children?.map((node) => [node.name, node]))
    for (const node of pair.after.children ?? []) {
      const known = left.get(node.name)
      if (known === undefined) changed.push(prefix + node.name)
      else pairs.push({ path: prefix + node.name, before: known, after: node })
      left.delete(node.name)
    }
    for (const name of left.keys()) changed.push(prefix + name)
  }
  return changed.slice(0, most)
}
