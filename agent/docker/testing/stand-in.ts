// Something that answers on a socket as a test wants, where a real engine cannot be made to.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { createClient } from '../api/client.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

const socketFor = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-client-'))
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'engine.sock')
}

const listening = async (answer: RequestListener) => {
  const socketPath = socketFor()
  const server = createServer(answer).listen(socketPath)
  await once(server, 'listening')
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { client: createClient({ dockerHost: `unix://${socketPath}` }), server }
}

// What answers without being an engine: it has no version to say.
export const notAnEngine = async (answer: RequestListener) => (await listening(answer)).client

// It says its version as an engine does.
export const standIn = async (answer: RequestListener, apiVersion = '1.51') => {
  const asked: string[] = []
  const { client, server } = await listening((request, response) => {
    asked.push(`${request.method} ${request.url?.replace(/\?$/, '')}`)
    if (request.url?.startsWith('/version')) response.end(JSON.stringify({ ApiVersion: apiVersion }))
    else answer(request, response)
  })
  return { client, asked, server }
}
