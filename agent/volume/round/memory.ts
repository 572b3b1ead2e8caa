// The manifests of one copy of a volume, whichever part it had in the rounds that made them: the source names each by the
// digest of the tree that it has given, the target has one of the tree that it holds. They say the same of the copy (what
// is in it, and by which stats it is seen that it has been touched since), so that a volume that has moved can be the
// source or the target of the next move, and its way back carries only what has changed.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bootId } from '../linux/boot.ts'
import { type Directory, walk } from '../tree/manifest.ts'
import { forgetManifest, type Kept, loadManifest, peekManifest, saveManifest } from '../tree/manifest-file.ts'
import { isRacy } from '../tree/racy.ts'

const suffix = '.manifest'
const givenIn = (memory: string, digest: string): string => join(memory, `${digest}${suffix}`)
const heldIn = (memory: string): string => join(memory, 'held')

const givenFiles = (memory: string): readonly string[] =>
  readdirSync(memory).flatMap((name) => (name.endsWith(suffix) ? [join(memory, name)] : []))

// What was saved last. undefined: nothing.
export const newestManifest = (memory: string): Kept | undefined => {
  const found = [heldIn(memory), ...givenFiles(memory)].flatMap((path) => {
    const peeked = peekManifest(path)
    return peeked === undefined ? [] : [{ path, savedAtMs: peeked.savedAtMs }]
  })
  for (const { path } of found.toSorted((a, b) => b.savedAtMs - a.savedAtMs)) {
    const kept = loadManifest(path)
    if (kept !== undefined) return kept
  }
  return undefined
}

// What may be written on behind a stat that does not move: what was changed right before the manifest was saved; and
// anything, where the machine has gone down since, which may leave new bytes under old times.
const doubt = ({ tree, savedAtMs, boot }: Kept): void => {
  const rebooted = boot !== bootId()
  for (const { entry } of walk(tree)) if (rebooted || isRacy(entry.seen, savedAtMs)) entry.suspect = true
}

// The manifest of the tree with this digest, as the side that goes on writing has it. Those of rounds that the receiver
// did not take, or has gone on from, go.
export const givenManifest = (memory: string, digest: string): Kept | undefined => {
  const isDigest = /^[0-9a-f]{64}$/.test(digest)
  const own = isDigest ? givenIn(memory, digest) : ''
  const given = isDigest ? loadManifest(own) : undefined
  for (const path of givenFiles(memory)) if (given === undefined || path !== own) forgetManifest(path)
  const kept =
    given ?? (isDigest && peekManifest(heldIn(memory))?.digest === digest ? loadManifest(heldIn(memory)) : undefined)
  if (kept?.digest !== digest) return undefined
  doubt(kept)
  return kept
}

export const keepGiven = (memory: string, digest: string, tree: Directory): void => {
  saveManifest(givenIn(memory, digest), { digest, savedAtMs: Date.now(), boot: bootId(), tree })
}

// What it had given before is of a tree that it no longer has.
export const keepHeld = (memory: string, digest: string, tree: Directory): void => {
  saveManifest(heldIn(memory), { digest, savedAtMs: Date.now(), boot: bootId(), tree })
  for (const path of givenFiles(memory)) forgetManifest(path)
}

// Whatever part it had: nothing is held any more.
export const forgetAll = (memory: string): void => {
  for (const path of [heldIn(memory), ...givenFiles(memory)]) forgetManifest(path)
}
