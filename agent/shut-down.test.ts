// How the ports that agents and the coordinator serve on end. What is connected to one of them must not keep its process.
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import tls from 'node:tls'
import type { Server } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { agentDnsName } from '../shared/identity/names.ts'
import { createServer, listen, shutDown } from '../shared/rpc/server.ts'
import type { TlsIdentity } from '../shared/rpc/tls.ts'
import { createAuthority } from './identity/testing/authority.ts'

let server: Server
let port: number
let caller: TlsIdentity
let sockets: Socket[]
beforeEach(async () => {
  const authority = await createAuthority()
  caller = await authority.coordinator()
  server = createServer()
  port = (await listen(server, '127.0.0.1:0', await authority.agent('host-1'), { mutual: true })).port
  sockets = []
})
afterEach(() => {
  server.forceShutdown()
  for (const socket of sockets) socket.destroy()
})

const connected = async (): Promise<Socket> => {
  const socket = connectTcp(port, '127.0.0.1')
  socket.on('error', () => {})
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

const overTls = (socket: Socket) => {
  const { authority: ca, certificate: cert, key } = caller
  const secured = tls.connect({ socket, ca, cert, key, servername: agentDnsName('host-1'), ALPNProtocols: ['h2'] })
  secured.on('error', () => {})
  sockets.push(secured)
  return secured
}

test('who has connected and not proved himself yet is not waited for', async () => {
  const silent = await connected()
  const ended = once(silent, 'close')
  await shutDown(server, 60_000)
  await ended
})

test('who proves himself while it is shutting down gets no further', async () => {
  const hasEnded: boolean[] = []
  for (let caller = 0; caller < 20; caller++) {
    const secured = overTls(await connected())
    secured.once('close', () => hasEnded.push(true))
    secured.resume()
  }
  await shutDown(server, 60_000)
  await expect.poll(() => hasEnded.length, { timeout: 10_000 }).toBe(20)
})

test('who is connected and calls nothing is cut when the time for calls to end is over', async () => {
  const secured = overTls(await connected())
  await once(secured, 'secureConnect')
  secured.resume()
  const ended = once(secured, 'close')
  await shutDown(server, 100)
  await ended
})
