import Fastify, { type FastifyInstance } from 'fastify'
import { describe, expect, test } from 'vitest'
import { mayAct, type Role, roles } from '../shared/api/tokens.ts'
import { requireRoles } from './routes/authentication.ts'
import { restInterface } from './testing/rest-interface.ts'
import { deps, started } from './testing/stand-in-parts.ts'

const { app, call, problem, reopen } = restInterface()

type Document = {
  openapi: string
  paths: Record<string, Record<string, { responses: Record<string, unknown>; security?: unknown[] }>>
}
const openApi = async (): Promise<Document> => (await call('/openapi.json')).json()
// From Fastify's own list: a tree, four columns a level, each line a part of a path with its methods. HEAD goes with GET.
const servedBy = (served: FastifyInstance): string[] => {
  const above: string[] = []
  return served
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent, part, methods] = /^((?:[│ ] {3})*)[├└]── (\S+) \(([A-Z, ]+)\)$/.exec(line) ?? []
      if (indent === undefined || part === undefined || methods === undefined) return []
      const level = indent.length / 4
      above[level] = part
      const documentedAs = above
        .slice(0, level + 1)
        .join('')
        .replace(/\/:(\w+)/g, '/{$1}')
        .replace(/\(\^.+?\)::/g, ':')
      return methods
        .split(', ')
        .filter((method) => method !== 'HEAD')
        .map((method) => `${method} ${documentedAs}`)
    })
}

const publicPaths = ['/healthz', '/readyz', '/openapi.json']

describe('every route', () => {
  test('is in the OpenAPI document, with its errors', async () => {
    const { openapi, paths } = await openApi()
    expect(openapi).toBe('3.1.0')
    const documented = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(documented).toContain('POST /v1/migrations:plan')
    expect(documented.toSorted()).toEqual(servedBy(app()).toSorted())
    for (const [path, operations] of Object.entries(paths)) {
      for (const { responses } of Object.values(operations)) {
        if (!publicPaths.includes(path))
          expect(Object.keys(responses)).toEqual(expect.arrayContaining(['401', '403', '429', '500']))
      }
    }
  })

  // Every route, and who may call it. A new route without a role is not even accepted; one without a line here fails.
  const table: Readonly<Record<string, Role | 'anyone'>> = {
    'GET /healthz': 'anyone',
    'GET /readyz': 'anyone',
    'GET /openapi.json': 'anyone',
    'GET /metrics': 'viewer',
    'GET /v1/hosts': 'viewer',
    'GET /v1/hosts/{name}': 'viewer',
    'GET /v1/containers': 'viewer',
    'GET /v1/volumes': 'viewer',
    'GET /v1/orphans': 'viewer',
    'GET /v1/migrations': 'viewer',
    'GET /v1/migrations/{id}': 'viewer',
    'GET /v1/migrations/{id}/events': 'viewer',
    'POST /v1/migrations:plan': 'viewer',
    'GET /v1/transfers/{id}': 'viewer',
    'POST /v1/migrations': 'operator',
    'POST /v1/migrations/{id}/cancel': 'operator',
    'POST /v1/migrations/{id}:pause': 'operator',
    'POST /v1/migrations/{id}:resume': 'operator',
    'POST /v1/migrations/{id}:return': 'operator',
    'POST /v1/migrations/{id}:finalize': 'operator',
    'POST /v1/migrations/{id}:verify': 'operator',
    'GET /v1/volumes/{host}/{name}/archive': 'operator',
    'PUT /v1/volumes/{host}/{name}/archive': 'operator',
    'POST /v1/volumes/{host}/{name}/copy': 'operator',
    'POST /v1/volumes/{host}/{name}/move': 'operator',
    'POST /v1/volumes/{host}/{name}/remove': 'operator',
    'GET /v1/volumes/{host}/{name}/entries': 'operator',
    'GET /v1/volumes/{host}/{name}/file': 'operator',
    'POST /v1/hosts': 'admin',
    'POST /v1/hosts/{name}/fence': 'admin',
    'DELETE /v1/hosts/{name}': 'admin',
    'GET /v1/authority': 'viewer',
    'POST /v1/authority:rotate': 'admin',
    'POST /v1/authority:finish': 'admin',
    'GET /v1/recovery': 'viewer',
    'POST /v1/recovery:settle': 'admin',
    'GET /v1/tokens': 'admin',
    'POST /v1/tokens': 'admin',
    'DELETE /v1/tokens/{name}': 'admin',
    'GET /v1/audit': 'admin',
  }
  const ask = (route: string, authorization: string | null) => {
    const [method = '', path = ''] = route.split(' ')
    const url = path.replace('{host}', 'host-1').replace('{name}', 'host-1').replace('{id}', 'm1')
    return app().inject({
      url,
      method: method as 'GET',
      headers: authorization === null ? {} : { authorization },
    })
  }

  test('says who may call it', async () => {
    expect(Object.keys(table).toSorted()).toEqual(servedBy(app()).toSorted())
    const bare = Fastify()
    requireRoles(bare, deps.tokens, { caller: async () => {}, stranger: async () => {} })
    expect(() => bare.get('/v1/new', async () => 'open to all')).toThrow('does not say who may call it')
  })

  test.each(Object.entries(table))('%s is open to %s', async (route, needed) => {
    for (const authorization of [null, 'Bearer wrong', 'Basic good', 'good', 'Bearer ']) {
      const reply = await ask(route, authorization)
      expect([authorization, reply.statusCode]).toEqual([authorization, needed === 'anyone' ? 200 : 401])
      if (needed === 'anyone') continue
      expect(reply.headers['www-authenticate']).toBe('Bearer')
      expect(reply.json().code).toBe('DRAYAGE_UNAUTHENTICATED')
    }
    for (const role of roles) {
      const reply = await ask(route, `Bearer ${role}`)
      if (needed === 'anyone' || mayAct(role, needed)) expect([401, 403]).not.toContain(reply.statusCode)
      else expect([reply.statusCode, reply.json().code]).toEqual([403, 'DRAYAGE_ROLE_FORBIDDEN'])
    }
  })

  test('that does not exist is told of to nobody unknown', async () => {
    expect((await app().inject({ url: '/v1/nothing' })).statusCode).toBe(401)
  })

  test('comes with headers that keep a browser from guessing, framing and storing', async () => {
    const { headers } = await call('/v1/hosts')
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'content-security-policy': expect.stringContaining("default-src 'self'"),
    })
    expect(headers['cache-control']).toBe('no-store')
  })
})

describe('what is refused', () => {
  test('an unknown path and a wrong method are told apart', async () => {
    expect(await problem('/v1/nothing')).toMatchObject({ status: 404, code: 'DRAYAGE_ROUTE_NOT_FOUND' })
    expect(await problem('/v1/migrations/m1/nothing')).toMatchObject({ status: 404 })
    const reply = await call('/v1/hosts/host-1?x=1', { method: 'PUT' })
    expect(reply.json()).toMatchObject({ status: 405, code: 'DRAYAGE_METHOD_NOT_ALLOWED' })
    expect(reply.headers['allow']).toBe('GET,HEAD,DELETE')
    expect(await problem('/v1/migrations:plan')).toMatchObject({ status: 405 })
  })

  test('a body that is not JSON, not of this type, or too large', async () => {
    const json = { 'content-type': 'application/json' }
    const post = (body: string, headers: Record<string, string>) =>
      problem('/v1/hosts', { method: 'POST', body, headers })
    expect(await post('{"name":', json)).toMatchObject({ status: 400, code: 'DRAYAGE_INVALID_REQUEST' })
    expect(await post('', json)).toMatchObject({ status: 400, code: 'DRAYAGE_INVALID_REQUEST' })
    expect(await post('<a/>', { 'content-type': 'text/xml' })).toMatchObject({
      status: 415,
      code: 'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
    })
    expect(await post(`{"name":"${'x'.repeat(1024 * 1024)}"}`, json)).toMatchObject({
      status: 413,
      code: 'DRAYAGE_BODY_TOO_LARGE',
    })
    expect(await problem('/v1/%zz')).toMatchObject({ status: 400, code: 'DRAYAGE_INVALID_REQUEST' })
  })

  test('a body with faults, all of them named: what is too much is not dropped, what is not text is not made text', async () => {
    const { code, reasons } = await problem('/v1/migrations', {
      method: 'POST',
      body: { container: 5, from: 'Not A Host', extra: true },
    })
    expect(code).toBe('DRAYAGE_INVALID_REQUEST')
    const said = (reasons ?? []).map(({ message }: { message: string }) => message).join('\n')
    for (const fault of ['body/container', 'body/from', '"extra"', "'to'"]) expect(said).toContain(fault)
    expect(started).toEqual([])
  })

  test('a query with faults, and a list of allowed words as one', async () => {
    expect((await problem('/v1/migrations?state=odd')).reasons).toEqual([
      {
        code: 'any-of',
        message:
          'querystring/state must be one of planned, queued, running, paused, awaiting-finalize, completed, failed, rolled-back, cancelled',
      },
    ])
    for (const url of [
      '/v1/migrations?limit=0',
      '/v1/migrations?limit=ten',
      '/v1/migrations?limit=1&limit=2',
      '/v1/migrations?nothing=1',
      '/v1/volumes?gone=yes',
      '/v1/containers?host=UPPER',
      '/v1/containers?name=',
      '/v1/hosts/UPPER',
    ]) {
      expect([url, (await problem(url)).code]).toEqual([url, 'DRAYAGE_INVALID_REQUEST'])
    }
  })

  test('what the parts behind refuse comes out with its own code', async () => {
    expect(await problem('/v1/hosts/host-9')).toMatchObject({ status: 404, code: 'DRAYAGE_HOST_NOT_FOUND' })
    expect(await problem('/v1/volumes?host=host-9')).toMatchObject({ status: 404, code: 'DRAYAGE_HOST_NOT_FOUND' })
    expect(await problem('/v1/hosts', { method: 'POST', body: { name: 'host-1' } })).toMatchObject({
      status: 409,
      code: 'DRAYAGE_HOST_EXISTS',
    })
    expect(await problem('/v1/migrations/m9/events')).toMatchObject({
      status: 404,
      code: 'DRAYAGE_MIGRATION_NOT_FOUND',
    })
  })

  test('what is unforeseen shows nothing of the inside', async () => {
    const body = { container: 'bug', from: 'host-1', to: 'host-2' }
    const reply = await call('/v1/migrations', { method: 'POST', body })
    expect(reply.json()).toMatchObject({ status: 500, code: 'DRAYAGE_INTERNAL' })
    expect(reply.body).not.toMatch(/secret|\.ts|node_modules/)
  })
})

describe('for whoever runs it', () => {
  test('it is alive, and ready when nothing speaks against it', async () => {
    expect((await call('/healthz')).json()).toEqual({ status: 'ok' })
    expect((await call('/healthz', { method: 'HEAD' })).statusCode).toBe(200)
    expect((await call('/readyz')).json()).toEqual({ status: 'ok' })
    await reopen({ unready: async () => ['the database does not answer'] })
    const reply = await call('/readyz')
    expect([reply.statusCode, reply.json()]).toEqual([
      503,
      { status: 'unready', reasons: ['the database does not answer'] },
    ])
  })

  test('its figures have a line for every state, also those that nothing is in', async () => {
    const { body, headers } = await call('/metrics')
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    for (const line of [
      'drayage_hosts{state="online"} 1',
      'drayage_hosts{state="lost"} 0',
      'drayage_migrations{state="running"} 2',
      'drayage_migrations{state="failed"} 0',
      'drayage_migrations_unfinished 2',
      'drayage_volume_bytes_sent_total 4096',
    ]) {
      expect(body.split('\n')).toContain(line)
    }
  })
})
