// Many small files leave much in memory that nobody has begun to write to the disk: the kernel would wait for half a minute,
// and then a checkpoint or the end of the round would wait for all of it, while no processor does anything. So it is written
// meanwhile, time and again, without anybody waiting for it.
//
// A hint, that vouches for nothing: what a round says is on the disk it has synced itself. It has a descriptor of its own for
// that reason: a write-back error is told once to each that was opened before it (syncfs(2)), and must be told to the round.
import { constants, open } from 'node:fs/promises'
import { syncFileSystemMeanwhile } from '../linux/libc.ts'

// Of a large file writing is begun as it comes (round/write-entry.ts). With fewer files than this the last round may sync them one
// by one (round/sync-written.ts), and must not wait for what neighbours have written.
const leastEntries = 2_000
const leastBytes = 64 * 1024 * 1024

export type WriteOut = {
  // So much of the stream has been written so far.
  reached(bytes: number, entries: number): void
  // Nothing of it is under way any more.
  ended(): Promise<void>
}

const syncOf = async (root: string): Promise<void> => {
  const file = await open(root, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    await syncFileSystemMeanwhile(file.fd)
  } finally {
    await file.close()
  }
}

export const createWriteOut = (root: string, sync = syncOf): WriteOut => {
  let [bytesBefore, entriesBefore] = [0, 0]
  let underWay: Promise<void> | undefined
  return {
    reached: (bytes, entries) => {
      if (underWay !== undefined) return
      if (bytes - bytesBefore < leastBytes || entries - entriesBefore < leastEntries) return
      bytesBefore = bytes
      entriesBefore = entries
      // Where something is wrong with the disk or the directory the round will hear of it by itself.
      underWay = sync(root)
        .catch(() => {})
        .then(() => {
          underWay = undefined
        })
    },
    ended: async () => {
      await underWay
    },
  }
}
