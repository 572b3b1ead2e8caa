// A lock between processes, by flock(2): it ends with its holder, however that dies.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { withSystemPath } from './command.ts'
import { lockDir } from './places.ts'

export const withLock = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  await mkdir(lockDir, { recursive: true })
  // `cat` ends when our end of its stdin does, and flock lets go with it.
  const holder = spawn('flock', [join(lockDir, `drayage-lab-${name}.lock`), 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    env: withSystemPath(process.env),
  })
  const ended = once(holder, 'close')
  await Promise.race([
    once(holder.stdout, 'data'),
    ended.then(() => Promise.reject(new Error(`The lock ${name} in ${lockDir} could not be taken.`))),
  ])
  try {
    return await work()
  } finally {
    holder.stdin.end()
    await ended
  }
}
