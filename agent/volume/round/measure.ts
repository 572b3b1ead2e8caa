import type { ByteString } from '../byte-string.ts'
import type { Stat } from '../linux/stat.ts'
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
  const seen = new Set<Identity>()
  let device: number | undefined
  let entries = 0
  let apparentBytes = 0
  let diskBytes = 0
  let devices = 0
  const devicePaths: ByteString[] = []
  const unwantedDevice = (_: Stat, path: ByteString): undefined => {
    if (++devices <= mostDevicesNamed) devicePaths.push(path)
  }
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
    scan(openVolume(root), { checkpoint, leftOut: ignore, vanished: ignore, looked, unwantedDevice }).release()
    return { entries, apparentBytes, diskBytes, devices, devicePaths }
  } catch (error) {
    throw asReadError(root, error)
  }
}
