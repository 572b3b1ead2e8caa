import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { archiveTrailer } from '../../shared/api/archives.ts'
import { buildApp } from '../app.ts'
import { archive, deps } from '../testing/stand-in-parts.ts'

let app: FastifyInstance
let signals: AbortSignal[]
beforeEach(async () => {
  signals = []
  app = await buildApp({
    ...deps,
    archives: {
      ...deps.archives,
      exportVolume: (request, signal) => {
        signals.push(signal)
        return deps.archives.exportVolume(request, signal)
      },
      importVolume: (request, body, ready, signal) => {
        signals.push(signal)
        return deps.archives.importVolume(request, body, ready, signal)
      },
    },
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
})
afterEach(() => app.close())

const ask = (path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { port } = app.server.address() as AddressInfo
    httpRequest({ host: '127.0.0.1', port, path, headers: { authorization: 'Bearer good' } }, resolve)
      .on('error', reject)
      .end()
  })
const bodyOf = async (answer: IncomingMessage): Promise<Buffer> => {
  const pieces: Buffer[] = []
  for await (const piece of answer) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

describe('a volume as a tarball', () => {
  test('comes with what to expect before it, and what it was in a trailer after its last byte', async () => {
    const answer = await ask('/v1/volumes/host-1/data/archive?live=true')
    expect(answer.statusCode).toBe(200)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/x-tar',
      'content-disposition': 'attachment; filename="data.tar"',
      'drayage-entries': '2',
      'drayage-disk-bytes': '4096',
      'drayage-transfer': 't1',
    })
    expect((await bodyOf(answer)).length).toBe(1024)
    const trailer = answer.trailers[archiveTrailer] ?? ''
    expect(trailer).toMatch(/^[\x20-\x7e]+$/)
    expect(JSON.parse(trailer)).toEqual({ ...archive, live: true })
  })

  test('has as many warnings in its trailer as clients take, and the number of the others', async () => {
    const answer = await ask('/v1/volumes/host-1/warned/archive')
    await bodyOf(answer)
    const trailer = answer.trailers[archiveTrailer] ?? ''
    expect(trailer.length).toBeGreaterThan(6000)
    expect(trailer.length).toBeLessThanOrEqual(8000)
    const { warnings } = JSON.parse(trailer) as typeof archive
    const shown = warnings.length - 1
    expect(warnings.at(-1)?.message).toBe(`${20 - shown} more warnings are not shown`)
  })

  test('that fails on the way is never complete, and has no trailer', async () => {
    const answer = await ask('/v1/volumes/host-1/breaks/archive')
    await expect(bodyOf(answer)).rejects.toThrow('aborted')
    expect(answer.complete).toBe(false)
    expect(answer.trailers[archiveTrailer]).toBeUndefined()
  })

  test('is a problem where nothing has been sent yet', async () => {
    for (const [path, status, code] of [
      ['/v1/volumes/host-9/data/archive', 404, 'DRAYAGE_HOST_NOT_FOUND'],
      ['/v1/volumes/host-1/..%2fetc/archive', 400, 'DRAYAGE_INVALID_REQUEST'],
      ['/v1/volumes/host-1/data/archive?live=yes', 400, 'DRAYAGE_INVALID_REQUEST'],
    ] as const) {
      const answer = await ask(path)
      expect(answer.headers['content-type']).toContain('application/problem+json')
      expect(JSON.parse((await bodyOf(answer)).toString())).toMatchObject({ status, code })
    }
  })

  test('is let go of when it has ended, when it has failed, and when the caller has gone', async () => {
    const released = () => Promise.all(signals.map((signal) => signal.aborted || once(signal)))
    await bodyOf(await ask('/v1/volumes/host-1/data/archive'))
    await bodyOf(await ask('/v1/volumes/host-1/breaks/archive')).catch(() => {})
    ;(await ask('/v1/volumes/host-1/endless/archive')).destroy()
    await released()
    expect(signals).toHaveLength(3)
  })
})

const once = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))

test('why a transfer broke off can be asked by its id', async () => {
  expect(JSON.parse((await bodyOf(await ask('/v1/transfers/t1'))).toString())).toMatchObject({ id: 't1', error: null })
  expect((await ask('/v1/transfers/t2')).statusCode).toBe(404)
})

describe('a volume from a tarball', () => {
  type Answer = { readonly status: number; readonly body: { readonly code?: string; readonly archiveBytes?: number } }

  // Sends `pieces` when it is told to go on, or at once where it does not ask.
  const put = async (
    path: string,
    pieces: readonly Buffer[],
    headers: Record<string, string> = { expect: '100-continue' },
  ): Promise<Answer & { readonly goOn: boolean }> => {
    const { port } = app.server.address() as AddressInfo
    const outgoing = httpRequest({
      ...{ host: '127.0.0.1', port, path, method: 'PUT' },
      headers: { authorization: 'Bearer good', 'transfer-encoding': 'chunked', ...headers },
    })
    let goOn = false
    const send = () => {
      for (const piece of pieces) outgoing.write(piece)
      outgoing.end()
    }
    outgoing.once('continue', () => {
      goOn = true
      send()
    })
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve)
      outgoing.once('error', reject)
    })
    outgoing.flushHeaders()
    if (headers['expect'] === undefined) send()
    const answer = await answered
    const body = JSON.parse((await bodyOf(answer)).toString())
    outgoing.destroy()
    return { status: answer.statusCode ?? 0, body, goOn }
  }
  const large = Array.from({ length: 40 }, () => Buffer.alloc(100_000, 'x'))

  test('may be larger than any other body, and of whatever type it says it is', async () => {
    for (const type of ['application/x-tar', 'application/octet-stream', 'application/json', undefined]) {
      const headers = type === undefined ? {} : { 'content-type': type }
      expect(await put('/v1/volumes/host-1/data/archive', large, headers)).toMatchObject({
        status: 201,
        body: { volume: 'data', archiveBytes: 4_000_000 },
      })
    }
    expect(await put('/v1/volumes/host-1/data/archive?label=existing=1', large)).toMatchObject({ status: 200 })
  })

  test('is asked for only when nothing stands in the way', async () => {
    expect(await put('/v1/volumes/host-1/data/archive', large)).toMatchObject({ status: 201, goOn: true })
    for (const [path, status, code] of [
      ['/v1/volumes/host-1/there/archive', 409, 'DRAYAGE_VOLUME_EXISTS'],
      ['/v1/volumes/host-9/data/archive', 404, 'DRAYAGE_HOST_NOT_FOUND'],
      ['/v1/volumes/host-1/-data/archive', 400, 'DRAYAGE_INVALID_REQUEST'],
      ['/v1/volumes/host-1/data/archive?label=noValue', 400, 'DRAYAGE_INVALID_REQUEST'],
      ['/v1/volumes/host-1/data/archive?stripComponents=-1', 400, 'DRAYAGE_INVALID_REQUEST'],
      ['/v1/volumes/host-1/data/archive?driver=nfs', 400, 'DRAYAGE_INVALID_REQUEST'],
    ] as const) {
      expect([path, await put(path, large)]).toMatchObject([path, { status, body: { code }, goOn: false }])
    }
  })

  test('that is refused in the middle gets its answer all the same', async () => {
    const refused = { status: 422, body: { code: 'DRAYAGE_TARBALL_REFUSED' } }
    expect(await put('/v1/volumes/host-1/hostile/archive', large)).toMatchObject(refused)
    expect(await put('/v1/volumes/host-1/hostile/archive', large, {})).toMatchObject(refused)
  })

  test('that is encoded is not taken', async () => {
    const gzip = { expect: '100-continue', 'content-encoding': 'gzip' }
    const refused = { status: 415, body: { code: 'DRAYAGE_UNSUPPORTED_MEDIA_TYPE' }, goOn: false }
    expect(await put('/v1/volumes/host-1/data/archive', large, gzip)).toMatchObject(refused)
  })

  test('is let go of when the sender goes', async () => {
    const { port } = app.server.address() as AddressInfo
    const outgoing = httpRequest({
      ...{ host: '127.0.0.1', port, path: '/v1/volumes/host-1/data/archive', method: 'PUT' },
      headers: { authorization: 'Bearer good', 'transfer-encoding': 'chunked', expect: '100-continue' },
    })
    outgoing.on('error', () => {})
    outgoing.flushHeaders()
    await new Promise((resolve) => outgoing.once('continue', resolve))
    outgoing.write('a part')
    outgoing.destroy()
    const [signal] = signals
    if (signal?.aborted === false) await once(signal)
    expect(signal?.aborted).toBe(true)
  })
})

describe('a copy', () => {
  const copy = async (host: string, body: object, verb = 'copy') => {
    const { port } = app.server.address() as AddressInfo
    const answer = await fetch(`http://127.0.0.1:${port}/v1/volumes/${host}/data/${verb}`, {
      method: 'POST',
      headers: { authorization: 'Bearer good', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: answer.status, type: answer.headers.get('content-type') ?? '', text: await answer.text() }
  }

  test('tells how it goes, and ends with what was copied', async () => {
    const { status, type, text } = await copy('host-1', { to: 'host-2', name: 'other', live: true })
    expect({ status, type }).toEqual({ status: 200, type: 'text/event-stream' })
    const [, progress = '', copied = ''] = text.split('\n\n')
    expect(progress).toBe('event: progress\ndata: {"bytes":1,"entries":1,"totalBytes":4}')
    expect(copied).toMatch(/^event: copied\n/)
    expect(JSON.parse(copied.slice(copied.indexOf('{')))).toMatchObject({
      from: { host: 'host-1', volume: 'data' },
      host: 'host-2',
      volume: 'other',
      live: true,
    })
  })

  test('that takes the original away tells of both parts, and of what went wrong with the second', async () => {
    const { status, text } = await copy('host-1', { to: 'host-2', name: 'other' }, 'move')
    expect(status).toBe(200)
    expect([...text.matchAll(/^event: (.*)$/gm)].map(([, event]) => event)).toEqual(['progress', 'checking', 'moved'])
    const failed = await copy('host-1', { to: 'host-2', name: 'breaks' }, 'move')
    expect(failed.text).toMatch(/event: problem\ndata: \{.*"code":"DRAYAGE_VOLUME_IN_USE".*\}\n\n$/)
    expect(await copy('host-1', { to: 'host-9' }, 'move')).toMatchObject({ status: 404 })
    expect(await copy('host-1', { to: 'host-2', live: true }, 'move')).toMatchObject({ status: 400 })
  })

  test('that fails on the way ends with a problem, and one that cannot be is one', async () => {
    const { status, text } = await copy('host-1', { to: 'host-2', name: 'breaks' })
    expect(status).toBe(200)
    expect(text).toMatch(/event: problem\ndata: \{.*"code":"DRAYAGE_TARGET_FULL".*\}\n\n$/)
    const refused = await copy('host-1', { to: 'host-9' })
    expect({ status: refused.status, type: refused.type }).toMatchObject({ status: 404 })
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'DRAYAGE_HOST_NOT_FOUND' })
    expect(await copy('host-1', { to: 'host-2', name: '../x' })).toMatchObject({ status: 400 })
  })
})
