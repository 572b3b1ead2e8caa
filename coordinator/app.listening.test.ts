import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { MigrationEvent } from '../shared/api/migrations.ts'
import { buildApp } from './app.ts'
import { deps, migration } from './testing/stand-in-parts.ts'

describe('a server that listens', () => {
  // Follows until the caller says otherwise.
  const listenAndFollow = async () => {
    const watching = Promise.withResolvers<AbortSignal>()
    const own = await buildApp({
      ...deps,
      migrations: {
        ...deps.migrations,
        watch: async function* (_id, signal): AsyncGenerator<MigrationEvent> {
          watching.resolve(signal)
          yield { event: 'migration', data: migration }
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        },
      },
    })
    await own.listen({ host: '127.0.0.1', port: 0 })
    const { port } = own.server.address() as AddressInfo
    const outgoing = httpRequest({
      host: '127.0.0.1',
      port,
      path: '/v1/migrations/m1/events',
      headers: { authorization: 'Bearer good' },
    })
    const ended = Promise.withResolvers<void>()
    outgoing.on('response', (response) => {
      response.resume()
      response.on('end', ended.resolve)
    })
    outgoing.on('error', () => {})
    outgoing.end()
    return { own, outgoing, ended: ended.promise, signal: await watching.promise }
  }

  test('stops following when the caller has gone', async () => {
    const { own, outgoing, signal } = await listenAndFollow()
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
    outgoing.destroy()
    await aborted
    await own.close()
  })

  test('closes although somebody still follows, and ends their stream', async () => {
    const { own, ended } = await listenAndFollow()
    await own.close()
    await ended
  })

  test('answers what is no HTTP with a problem too', async () => {
    const own = await buildApp(deps)
    await own.listen({ host: '127.0.0.1', port: 0 })
    const socket = connect((own.server.address() as AddressInfo).port, '127.0.0.1')
    socket.end('NOT HTTP AT ALL\r\n\r\n')
    let answer = ''
    for await (const chunk of socket) answer += chunk
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    expect(head).toContain('HTTP/1.1 400')
    expect(head).toContain('content-type: application/problem+json')
    expect(JSON.parse(body)).toMatchObject({ status: 400, code: 'DRAYAGE_INVALID_REQUEST' })
    await own.close()
  })
})
