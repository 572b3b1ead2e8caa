import {
  type Identity,
  identityIn,
  lastDiskBytes,
  lastLinks,
  lastTrace,
  trace,
  typeIn,
  unsigned,
} from '../linux/trace.ts'
import { scan } from '../tree/scan.ts'
import { asReadError, openVolume } from './volume-root.ts'

export type Usage = { readonly entries: number; readonly apparentBytes: number; readonly diskBytes: number }

// Counts what a round would carry: no sockets, nothing below a mount point, a file with several names once in bytes.
export const measureVolume = (root: string, checkpoint: () => void): Usage => {
  const seen = new Set<Identity>()
  let device: number | undefined
  let entries = 0
  let apparentBytes = 0
  let diskBytes = 0
  const looked = (): void => {
    const found = lastTrace()
    const type = typeIn(found, 0)
    device ??= found[trace.device] ?? 0
    entries++
    if (lastLinks() > 1 && type !== 'directory') {
      const identity = identityIn(found, 0, device)
      if (seen.has(identity)) return
      seen.add(identity)
    }
    diskBytes += lastDiskBytes()
    if (type === 'file') apparentBytes += unsigned(found, trace.size)
  }
  try {
    const ignore = (): void => {}
    scan(openVolume(root), { checkpoint, leftOut: ignore, vanished: ignore, looked }).release()
    return { entries, apparentBytes, diskBytes }
  } catch (error) {
    throw asReadError(root, error)
  }
}
