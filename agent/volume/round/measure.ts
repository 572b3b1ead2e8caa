import type { ByteString } from '../byte-string.ts'
import { identityOf, type Stat } from '../linux/stat.ts'
import { type ScannedNode, scan } from '../tree/scan.ts'
import { asReadError, openVolume } from './volume-root.ts'

export type Usage = {
  readonly entries: number
  readonly apparentBytes: number
  readonly diskBytes: number
  // Device nodes, and the paths of the first of them.
  readonly devices: number
  readonly devicePaths: readonly ByteString[]
}

const mostDevicesNamed = 20

// Counts what a round would carry: no sockets, nothing below a mount point, a file with several names once in bytes.
export const measureVolume = (root: string, checkpoint: () => void): Usage => {
  try {
    const ignore = (): void => {}
    const devicePaths: ByteString[] = []
    let devices = 0
    const unwanted = ({ type }: Stat, path: ByteString): undefined => {
      if (type === 'character' || type === 'block') if (++devices <= mostDevicesNamed) devicePaths.push(path)
    }
    const scanned = scan(openVolume(root), { checkpoint, leftOut: ignore, vanished: ignore, unwanted })
    return { ...usageOf(scanned), devices, devicePaths }
  } catch (error) {
    throw asReadError(root, error)
  }
}

const usageOf = (root: ScannedNode): Pick<Usage, 'entries' | 'apparentBytes' | 'diskBytes'> => {
  const seen = new Set<string>()
  let entries = 0
  let apparentBytes = 0
  let diskBytes = 0
  const pending = [root]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const { stat } = node
    entries++
    for (const child of node.children ?? []) pending.push(child)
    if (stat.links > 1 && stat.type !== 'directory') {
      const identity = identityOf(stat)
      if (seen.has(identity)) continue
      seen.add(identity)
    }
    diskBytes += stat.diskBytes
    if (stat.type === 'file') apparentBytes += stat.size
  }
  return { entries, apparentBytes, diskBytes }
}
