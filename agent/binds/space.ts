// Whether the disks that copied directories go to can hold them: each may be on one of its own, or on the engine's.
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Finding } from '../../shared/errors.ts'
import type { WorkloadVolume__Output as WorkloadVolume } from '../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import type { AgentContext } from '../steps/context.ts'

// The directory itself, or the nearest above it that is there.
const diskOf = async (path: string): Promise<{ readonly device: number; readonly place: string }> => {
  for (let place = path; ; place = dirname(place)) {
    const found = await stat(place).catch(() => null)
    if (found !== null) return { device: found.dev, place }
    if (place === '/') return { device: 0, place }
  }
}

const sum = (volumes: readonly WorkloadVolume[], of: 'diskBytes' | 'entries'): number =>
  volumes.reduce((total, { usage }) => total + (usage?.[of] ?? 0), 0)

export const placeShortages = async (
  { paths, volumes: files }: Pick<AgentContext, 'paths' | 'volumes'>,
  all: readonly WorkloadVolume[],
  dataRoot: string,
): Promise<Finding[]> => {
  const own = [...new Map(all.filter((one) => !one.carriedByAnother).map((volume) => [volume.name, volume])).values()]
  const engines = await diskOf(paths.here(dataRoot))
  const placed = await Promise.all(
    own.map(async (volume) => ({ volume, disk: volume.ofHost ? await diskOf(paths.here(volume.name)) : engines })),
  )
  const findings: Finding[] = []
  for (const on of Map.groupBy(placed, ({ disk }) => disk.device).values()) {
    const binds = on.filter(({ volume }) => volume.ofHost)
    const [first] = binds
    if (first === undefined) continue
    const wanted = on.map(({ volume }) => volume)
    const [bytes, entries] = [sum(wanted, 'diskBytes'), sum(wanted, 'entries')]
    const free = await files.freeSpace(first.disk.place)
    if (bytes <= free.bytes && entries <= free.inodes) continue
    findings.push({
      code: 'DRAYAGE_TARGET_TOO_SMALL',
      message:
        `The target's disk of ${binds.map(({ volume }) => volume.name).join(', ')} cannot hold what goes there: ${bytes} bytes and ` +
        `${entries} files are needed, and ${free.bytes} bytes and ${free.inodes} inodes are free. Make room there, or choose another host.`,
    })
  }
  return findings
}
