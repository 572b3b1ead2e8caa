// What something that is done between two hosts costs.
import { readFile } from 'node:fs/promises'
import type { Cost, Ends } from '../results.ts'
import type { HostGroups, Part } from './groups.ts'
import { watchMemory } from './memory.ts'

export type Meter = {
  // memoryOf: the parts whose memory is told.
  readonly measure: (memoryOf: readonly Part[], work: () => Promise<void>) => Promise<Cost>
}

// proc_pid_net_dev: received bytes are the first column, sent ones the ninth. By way of a process in the host's network.
const wireBytes = async ({ host }: HostGroups): Promise<number> => {
  const devices = await readFile(`/proc/${host.engine.pid}/net/dev`, 'utf8')
  const columns = /^\s*eth0:(.*)$/m.exec(devices)?.[1]?.trim().split(/\s+/).map(Number)
  const [received, sent] = [columns?.[0], columns?.[8]]
  if (received === undefined || sent === undefined) throw new Error(`${host.name} has no eth0 to count at.`)
  return received + sent
}

export const createMeter = ({ from, to }: Ends<HostGroups>): Meter => ({
  measure: async (memoryOf, work) => {
    const memory = { from: await watchMemory(from, memoryOf), to: await watchMemory(to, memoryOf) }
    const before = { from: await from.cpuSeconds(), to: await to.cpuSeconds(), wire: await wireBytes(to) }
    const startedAt = performance.now()
    const wallMs = await work().then(
      () => performance.now() - startedAt,
      async (thrown) => {
        await Promise.all([memory.from.stop(), memory.to.stop()])
        throw thrown
      },
    )
    return {
      wallMs,
      cpuSeconds: {
        from: (await from.cpuSeconds()) - before.from,
        to: (await to.cpuSeconds()) - before.to,
      },
      peakRssBytes: { from: await memory.from.stop(), to: await memory.to.stop() },
      wireBytes: (await wireBytes(to)) - before.wire,
    }
  },
})
