// One agent for each data directory: two would grant and refuse behind each other's back. A Unix socket in the
// directory is held for as long as the process lives; whoever finds it asks whether anybody answers. Unlike a process id
// in a file this needs no guess about ids that were given out again, and it sees across containers' namespaces.
import { open, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { AppError } from '../../shared/errors.ts'

export type Ownership = { release(): Promise<void> }

const socketName = 'agent.lock'

export const takeOwnership = async (dataDir: string): Promise<Ownership> => {
  // Held open until the release: the socket's path goes through this descriptor, since one may have 107 bytes (unix(7))
  // and the directory's own may be longer.
  const directory = await open(dataDir, 'r')
  const path = `/proc/self/fd/${directory.fd}/${socketName}`
  const server = createServer((socket) => socket.destroy())
  try {
    if (await answers(path)) {
      throw new AppError(
        'DRAYAGE_CONFIG_INVALID',
        `Another agent is running with the data directory ${dataDir}. Stop that one, or give this one a directory of ` +
          'its own (--data-dir).',
      )
    }
    await rm(path, { force: true })
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
    server.unref()
  } catch (thrown) {
    await directory.close()
    throw thrown
  }
  return {
    release: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await rm(path, { force: true })
      await directory.close()
    },
  }
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
