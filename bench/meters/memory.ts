// How much the processes of a host had resident at most, from now until it is stopped.
import { readFile, writeFile } from 'node:fs/promises'
import type { HostGroups, Part } from './groups.ts'

const everyMs = 50

type Resident = { readonly nowBytes: number; readonly peakBytes: number }

const residentOf = async (pid: number): Promise<Resident> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024
  return { nowBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') }
}

// The larger of: the most that any one of them had (the kernel's own mark, which misses nothing), and the most that they
// were seen to have together. Pages that two share count twice in the second.
export const watchMemory = async (
  groups: Pick<HostGroups, 'pids'>,
  parts: readonly Part[],
): Promise<{ readonly stop: () => Promise<number> }> => {
  const pids = async () => (await Promise.all(parts.map((part) => groups.pids(part)))).flat()
  // proc(5): 5 sets the mark back to what is resident now.
  for (const pid of await pids()) await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {})
  let peakBytes = 0
  const look = async () => {
    const found = await Promise.all((await pids()).map(residentOf))
    const together = found.reduce((sum, { nowBytes }) => sum + nowBytes, 0)
    peakBytes = Math.max(peakBytes, together, ...found.map((process) => process.peakBytes))
  }
  let looking: Promise<void> = look()
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, everyMs)
  return {
    stop: async () => {
      clearInterval(timer)
      await looking
      await look()
      return peakBytes
    },
  }
}
