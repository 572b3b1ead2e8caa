// Places in a round from which it can go on when it is cut: there the source remembers what it has given so far as if the
// round ended here, and says so in the stream; the target puts what it has on its disk and remembers it under the same
// digest. It names that digest when it asks again. docs/adr/0013-going-on-inside-a-round.md.

import type { BlockStore } from '../tree/block-store.ts'
import { contentBlockBytes } from '../tree/page-hashes.ts'
import type { Tree } from '../tree/tree.ts'
import { digestOfTree } from '../tree/tree-digest.ts'
import { mostCheckpoints } from './limits.ts'
import { forgetGiven, keepGiven } from './memory.ts'

export type PaceOptions = {
  // The least time and the least of the stream between two.
  readonly everyMs: number
  readonly leastBytes: number
}

const usually: PaceOptions = { everyMs: 4_000, leastBytes: 16 * 1024 * 1024 }
// No more than this part of the time goes into them.
const mostOfTime = 1 / 20
// What may be on its way, in queues and windows between the two ends, is less. The receiver has all that crossed before.
export const mostOnItsWay = 96 * 1024 * 1024

export type Pace = {
  // Of a file's content, in one piece: nothing can be settled within.
  readonly runBytes: number
  // Whether it is time for one, so many bytes of stream having been sent.
  isDue(sentBytes: number): boolean
  // Does it, and takes the time.
  take(work: () => void): void
}

// `now`: milliseconds.
export const createPace = ({ everyMs, leastBytes } = usually, now = () => performance.now()): Pace => {
  const startedMs = now()
  let last = { bytes: 0, atMs: startedMs }
  let bytes = 0
  let spentMs = 0
  let count = 0
  return {
    // More than a block: of smaller files no blocks are known.
    runBytes: Math.max(leastBytes, 2 * contentBlockBytes),
    isDue: (sentBytes) => {
      if (sentBytes - last.bytes < leastBytes || sentBytes === last.bytes || count === mostCheckpoints) return false
      const atMs = now()
      if (atMs - last.atMs < everyMs) return false
      bytes = sentBytes
      return everyMs === 0 || spentMs <= (atMs - startedMs) * mostOfTime
    },
    take: (work) => {
      const before = now()
      work()
      last = { bytes, atMs: now() }
      spentMs += last.atMs - before
      count++
    },
  }
}

// The source's: remembers what it has given, and answers by what digest the receiver may name it. The receiver names the
// last one that has reached its disk; each takes some 200 bytes for every entry of the volume here, so those that it is past
// go. `base` is what the receiver named last, and may still name.
export const createSourceCheckpoints = (memory: string, tree: Tree, store: BlockStore, base: string) => {
  const places: { readonly digest: string; readonly at: number }[] = []
  // `crossed`: bytes, as they cross.
  return (crossed: number): string => {
    const digest = digestOfTree(tree)
    keepGiven(memory, digest, tree, store)
    if (digest !== base && !places.some((place) => place.digest === digest)) places.push({ digest, at: crossed })
    // One that it has come to may not have reached its disk yet: the one before stays too.
    while ((places[2]?.at ?? crossed) < crossed - mostOnItsWay) forgetGiven(memory, places.shift()?.digest ?? '')
    return digest
  }
}
