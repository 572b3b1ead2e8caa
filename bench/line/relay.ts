// A line that takes no more than so much: every byte from the far end to the near one has its time. The kernel holds some
// megabytes at both ends of it, as of any line.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const leastPauseMs = 5

export type Relay = { readonly port: number; close(): void }

// Whoever connects to it speaks to `port`.
export const openRelay = async (port: number, bytesPerSecond: number): Promise<Relay> => {
  const ends = new Set<Socket>()
  const inTheirTime = async (from: Socket, to: Socket): Promise<void> => {
    let freeAtMs = 0
    for await (const bytes of from) {
      const now = performance.now()
      freeAtMs = Math.max(now, freeAtMs) + ((bytes as Buffer).length / bytesPerSecond) * 1000
      if (freeAtMs - now > leastPauseMs) await pause(freeAtMs - now)
      if (!to.write(bytes)) await once(to, 'drain')
    }
    to.end()
  }
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const end of [near, far]) {
      ends.add(end)
      end.on('error', () => {})
      end.on('close', () => ends.delete(end))
    }
    near.pipe(far)
    inTheirTime(far, near).catch(() => near.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      for (const end of ends) end.destroy()
    },
  }
}
