// A real HTTP server on loopback that gives the answers a test wants: the shapes of the REST contract, and the ways in
// which a connection breaks.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Migration, Progress } from '../../shared/api/migrations.ts'
import { type ErrorCode, errorTable, type Finding } from '../../shared/errors.ts'

export type Asked = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export type Answering = (asked: Asked, response: ServerResponse) => unknown

export type FakeCoordinator = {
  readonly url: string
  readonly port: number
  readonly asked: readonly Asked[]
  // "POST /v1/migrations": what is answered from now on.
  on(route: string, answering: Answering): void
  // Requests seen so far for a route.
  count(route: string): number
  // Takes every connection down and stops listening, as a process that dies does.
  close(): Promise<void>
}

export const json =
  (body: unknown, status = 200): Answering =>
  (_asked, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

export const problem = (code: ErrorCode, detail: string, reasons?: readonly Finding[]): Answering => {
  const { http, retry } = errorTable[code]
  const document = { type: `urn:drayage:error:${code}`, title: code, status: http, detail, code, retry, reasons }
  return (_asked, response) => {
    response.writeHead(http, { 'content-type': 'application/problem+json' }).end(JSON.stringify(document))
  }
}

export type EventSink = {
  migration(migration: Migration): void
  progress(progress: Progress): void
  comment(): void
  // Ends the stream as a server does that has said everything.
  end(): void
  // Cuts the connection in the middle of an event.
  cut(): void
}

export const events =
  (speak: (sink: EventSink) => unknown): Answering =>
  (_asked, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const send = (event: string, data: unknown) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    return speak({
      migration: (migration) => send('migration', migration),
      progress: (progress) => send('progress', progress),
      comment: () => response.write(': still here\n\n'),
      end: () => response.end(),
      cut: () => {
        response.write('event: migration\ndata: {"id":"cut in the mid', () => response.destroy())
      },
    })
  }

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  const text = Buffer.concat(pieces).toString('utf8')
  return text === '' ? undefined : JSON.parse(text)
}

export const startFakeCoordinator = async (port = 0): Promise<FakeCoordinator> => {
  const asked: Asked[] = []
  const answers = new Map<string, Answering>()
  const routeOf = ({ method, path }: Asked): string => `${method} ${path}`

  const server = createServer((request, response) => {
    void bodyOf(request).then(async (body) => {
      const one: Asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body }
      asked.push(one)
      const unknown = problem('DRAYAGE_ROUTE_NOT_FOUND', `No route ${routeOf(one)}`)
      await (answers.get(routeOf(one)) ?? unknown)(one, response)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    asked,
    on: (route, answering) => {
      answers.set(route, answering)
    },
    count: (route) => asked.filter((one) => routeOf(one) === route).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
