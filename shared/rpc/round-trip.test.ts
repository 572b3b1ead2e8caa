import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { measureRoundTrip } from './round-trip.ts'

test.each(['127.0.0.1', '::1'])('a line to %s is measured, and hung up', async (host) => {
  const ended: Promise<unknown>[] = []
  const server = createServer((socket) => ended.push(once(socket.resume(), 'close')))
  server.listen(0, host)
  await once(server, 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' ? bound?.port : undefined
  expect(await measureRoundTrip(host === '::1' ? `[::1]:${port}` : `${host}:${port}`)).toBeGreaterThan(0)
  await Promise.all(ended)
  server.close()
  await once(server, 'close')
})

test('a line to where nobody listens is of unknown length', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  const port = typeof bound === 'object' ? bound?.port : undefined
  server.close()
  await once(server, 'close')
  expect(await measureRoundTrip(`127.0.0.1:${port}`)).toBeUndefined()
})
