// Where the volume engine keeps what it must know from one round of a volume to the next, and from a move to the way back,
// for as long as the workload is noted here. What is lost of it costs time, never data.
import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../shared/errors.ts'

export type RoundMemory = {
  // A directory of this workload's and this volume's own; it exists.
  of(workloadId: string, volume: string): Promise<string>
  forget(workloadId: string): Promise<void>
}

const safeId = /^[0-9A-Za-z_-]{1,64}$/

// What belongs to no workload of `known` goes.
export const openRoundMemory = async (dataDir: string, known: ReadonlySet<string>): Promise<RoundMemory> => {
  const folder = join(dataDir, 'rounds')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const name of await readdir(folder)) {
    if (!known.has(name)) await rm(join(folder, name), { recursive: true, force: true })
  }
  const placeOf = (workloadId: string): string => {
    if (safeId.test(workloadId)) return join(folder, workloadId)
    throw new AppError('DRAYAGE_INVALID_REQUEST', `"${workloadId}" is no workload's id. Nothing was done.`)
  }
  return {
    of: async (workloadId, volume) => {
      // A hash, since a volume's name may be as long as a file's may.
      const place = join(placeOf(workloadId), createHash('sha256').update(volume).digest('hex').slice(0, 32))
      await mkdir(place, { recursive: true, mode: 0o700 })
      return place
    },
    forget: (workloadId) => rm(placeOf(workloadId), { recursive: true, force: true }),
  }
}
