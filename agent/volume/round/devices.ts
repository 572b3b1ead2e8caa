// What becomes of device nodes: a copy keeps them, since a volume may need them; who does not trust them says so.
import { AppError } from '../../../shared/errors.ts'
import { type ByteString, displayPath } from '../byte-string.ts'
import type { Stat } from '../linux/stat.ts'

export type DevicePolicy = 'keep' | 'skip' | 'refuse'

export const devicePolicyOf = (word: string): DevicePolicy => {
  if (word === '') return 'keep'
  if (word === 'keep' || word === 'skip' || word === 'refuse') return word
  throw new AppError('DRAYAGE_INVALID_REQUEST', `"${word}" is nothing to do with device nodes. Nothing was done.`)
}

const mostNamed = 20

const isDevice = ({ type }: Pick<Stat, 'type'>): boolean => type === 'character' || type === 'block'

export type Devices = {
  // Why an entry that was looked at is left out; undefined: it is not.
  leftOut(stat: Stat, path: ByteString): string | undefined
  // Throws DRAYAGE_DEVICE_NODES, with paths, if any was found that is refused.
  settle(): void
}

export const createDevices = (policy: DevicePolicy): Devices => {
  const refused: string[] = []
  let count = 0
  return {
    leftOut: (stat, path) => {
      if (policy === 'keep' || !isDevice(stat)) return undefined
      if (policy === 'skip') {
        const kind = stat.type === 'character' ? 'character' : 'block'
        return `a ${kind} device (${stat.nodeMajor}:${stat.nodeMinor}); devices are skipped in this migration`
      }
      if (++count <= mostNamed) refused.push(displayPath(path))
      return 'devices are refused in this migration'
    },
    settle: () => {
      if (count === 0) return
      throw new AppError(
        'DRAYAGE_DEVICE_NODES',
        `The volume holds ${count === 1 ? 'a device node' : `${count} device nodes`}, which this migration refuses: ${refused.join(
          ', ',
        )}${count > refused.length ? ', …' : ''}. Remove them, or let the migration keep or skip them.`,
        { details: { count, paths: refused } },
      )
    },
  }
}
