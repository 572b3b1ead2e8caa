import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mayAct, type Role, roles } from '../shared/api/tokens.ts'
import { buildApp } from './app.ts'
import { requireRoles } from './routes/authentication.ts'
import {
  asOf,
  audited,
  deps,
  finalized,
  host,
  migration,
  plan,
  returned,
  started,
  time,
} from './testing/stand-in-parts.ts'

let app: FastifyInstance
beforeEach(async () => {
  started.length = 0
  audited.length = 0
  app = await buildApp(deps)
})
afterEach(() => app.close())

type Call = { method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'; body?: unknown; headers?: Record<string, string> }
const call = async (url: string, { method = 'GET', body, headers = {} }: Call = {}) => {
  const reply = await app.inject({
    url,
    method,
    headers: { authorization: 'Bearer good', ...headers },
    ...(body === undefined ? {} : { payload: body as object }),
  })
  return reply
}
const problem = async (url: string, options?: Call) => {
  const reply = await call(url, options)
  expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/)
  const document = reply.json()
  expect(document).toMatchObject({
    status: reply.statusCode,
    type: `urn:drayage:error:${document.code}`,
    title: expect.any(String),
    detail: expect.any(String),
    retry: expect.any(Boolean),
  })
  return document
}

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
    expect(documented.toSorted()).toEqual(servedBy(app).toSorted())
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
    return app.inject({
      url,
      method: method as 'GET',
      headers: authorization === null ? {} : { authorization },
    })
  }

  test('says who may call it', async () => {
    expect(Object.keys(table).toSorted()).toEqual(servedBy(app).toSorted())
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
    expect((await app.inject({ url: '/v1/nothing' })).statusCode).toBe(401)
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

describe('what goes on record', () => {
  const admin = { actor: 'admin', role: 'admin', address: '127.0.0.1', code: null }

  test('all that takes more than reading, with what it was about; nothing that only reads', async () => {
    await call('/v1/hosts')
    await call('/v1/migrations:plan', { method: 'POST', body: { container: 'web', from: 'host-1', to: 'host-2' } })
    expect(audited).toEqual([])
    await call('/v1/migrations', { method: 'POST', body: { container: 'web', from: 'host-1', to: 'host-2' } })
    await call('/v1/migrations/m1/cancel?x', { method: 'POST' })
    expect(audited).toEqual([
      {
        ...admin,
        action: 'startMigration',
        subject: 'web from host-1 to host-2, migration m1',
        outcome: 'allowed',
        requestId: expect.any(String),
      },
      expect.objectContaining({ action: 'cancelMigration', subject: '/v1/migrations/m1/cancel' }),
    ])
  })

  test('what failed, with why', async () => {
    await call('/v1/hosts', { method: 'POST', body: { name: 'host-1' } })
    expect(audited).toEqual([
      expect.objectContaining({
        action: 'addHost',
        subject: 'host-1',
        outcome: 'failed',
        code: 'DRAYAGE_HOST_EXISTS',
      }),
    ])
  })

  test('whoever asked and may not, also for what only reads, and without what he sent', async () => {
    await call('/v1/hosts?secret=x', { headers: { authorization: 'Bearer wrong-token' } })
    await call('/v1/tokens', { headers: { authorization: 'Bearer operator' } })
    expect(audited).toMatchObject([
      { actor: null, role: null, action: 'listHosts', outcome: 'refused', code: 'DRAYAGE_UNAUTHENTICATED' },
      { actor: 'operator', role: 'operator', action: 'listTokens', outcome: 'refused', code: 'DRAYAGE_ROLE_FORBIDDEN' },
    ])
    expect(JSON.stringify(audited)).not.toMatch(/secret|wrong-token/)
  })

  test('it is read by admins, newest first', async () => {
    await call('/v1/migrations/m1/cancel', { method: 'POST' })
    const { entries } = (await call('/v1/audit?limit=10&outcome=allowed')).json()
    expect(entries).toEqual([expect.objectContaining({ seq: 1, action: 'cancelMigration' })])
    expect((await problem('/v1/audit?limit=1001')).code).toBe('DRAYAGE_INVALID_REQUEST')
  })
})

describe('how much may be asked', () => {
  const limited = async (perCallerAndMinute: number, perStrangerAndMinute: number) => {
    await app.close()
    app = await buildApp({ ...deps, rateLimits: { perCallerAndMinute, perStrangerAndMinute } })
  }
  const refused = { status: 429, code: 'DRAYAGE_RATE_LIMITED', retry: true }

  test('a caller has his share, whatever the others do', async () => {
    await limited(2, 100)
    for (const _ of [1, 2]) expect((await call('/v1/hosts')).statusCode).toBe(200)
    const reply = await call('/v1/migrations', { method: 'POST', body: {} })
    expect(reply.json()).toMatchObject(refused)
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    expect((await call('/v1/hosts', { headers: { authorization: 'Bearer viewer' } })).statusCode).toBe(200)
    // A flood is not put on record line by line.
    expect(audited).toEqual([])
  })

  test('who guesses tokens is stopped, and those who have one at the same address are not', async () => {
    await limited(100, 3)
    const guess = () => call('/v1/hosts', { headers: { authorization: 'Bearer guess' } })
    for (const _ of [1, 2, 3]) expect((await guess()).statusCode).toBe(401)
    expect((await guess()).json()).toMatchObject(refused)
    expect((await call('/v1/hosts')).statusCode).toBe(200)
    expect(audited).toHaveLength(3)
  })
})

describe('tokens', () => {
  test('are made, listed without their secrets, and taken back', async () => {
    const added = await call('/v1/tokens', { method: 'POST', body: { name: 'ci', role: 'operator' } })
    expect([added.statusCode, added.json()]).toEqual([
      201,
      { name: 'ci', role: 'operator', expiresAt: time, token: 'dray_x' },
    ])
    expect((await call('/v1/tokens')).json().tokens).toMatchObject([{ name: 'night-shift', role: 'operator' }])
    expect((await call('/v1/tokens/night-shift', { method: 'DELETE' })).statusCode).toBe(204)
    expect(await problem('/v1/tokens/nobody', { method: 'DELETE' })).toMatchObject({ status: 404 })
    expect(audited.map(({ action, subject }) => [action, subject])).toEqual([
      ['addToken', 'ci, operator'],
      ['listTokens', '/v1/tokens'],
      ['removeToken', 'night-shift'],
      ['removeToken', 'nobody'],
    ])
  })

  test('have names and lives within bounds', async () => {
    for (const body of [
      { name: 'Two Words', role: 'viewer' },
      { name: 'ci', role: 'root' },
      { name: 'ci', role: 'viewer', lifetimeSeconds: 1 },
      { name: 'ci' },
    ]) {
      expect((await problem('/v1/tokens', { method: 'POST', body })).code).toBe('DRAYAGE_INVALID_REQUEST')
    }
  })
})

describe('pausing', () => {
  test('answers with the migration as it is then, and refuses with why', async () => {
    const paused = await call('/v1/migrations/m1:pause', { method: 'POST' })
    expect([paused.statusCode, paused.json().state, paused.json().pauseRequested]).toEqual([202, 'paused', true])
    const resumed = await call('/v1/migrations/m1:resume', { method: 'POST' })
    expect(resumed.json()).toMatchObject({ state: 'queued', queue: { position: 1, waitsFor: 'host-1 is busy' } })
    expect((await problem('/v1/migrations/m2:pause', { method: 'POST' })).code).toBe('DRAYAGE_NOT_PAUSABLE')
    expect((await problem('/v1/migrations/m2:resume', { method: 'POST' })).code).toBe('DRAYAGE_MIGRATION_ENDED')
  })

  test('hooks of a request are taken as words or as one line', async () => {
    const body = { container: 'web', from: 'host-1', to: 'host-2', options: {} }
    const ask = (preStop: unknown) =>
      call('/v1/migrations', { method: 'POST', body: { ...body, options: { preStop } } })
    for (const command of ['nginx -s quit', ['nginx', '-s', 'quit']])
      expect((await ask({ command })).statusCode).toBe(202)
    expect((await ask(null)).statusCode).toBe(202)
    for (const wrong of [{}, { command: [] }, { command: 'x', onError: 'panic' }, { command: 'x', timeoutMs: 0 }]) {
      expect((await ask(wrong)).statusCode).toBe(400)
    }
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
    const said = reasons.map(({ message }: { message: string }) => message).join('\n')
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

describe('hosts and inventory', () => {
  test('a host is taken out, and what is given up is said in one word or in several', async () => {
    const remove = async (query: string) => (await call(`/v1/hosts/host-1${query}`, { method: 'DELETE' })).json()
    expect(await remove('')).toMatchObject({ status: 409, code: 'DRAYAGE_HOST_IN_USE' })
    expect(await remove('?giveUp=everything')).toMatchObject({ status: 400 })
    for (const query of ['?giveUp=copies', '?giveUp=workloads&giveUp=copies']) {
      expect(await remove(query)).toMatchObject({ name: 'host-1', gaveUp: [{ code: 'retained-copy' }] })
    }
  })

  test('hosts are listed, read and added', async () => {
    expect((await call('/v1/hosts')).json()).toEqual({ hosts: [host] })
    expect((await call('/v1/hosts/host-1')).json()).toEqual(host)
    const added = await call('/v1/hosts', { method: 'POST', body: { name: 'host-2' } })
    expect([added.statusCode, added.headers['location']]).toEqual([201, '/v1/hosts/host-2'])
    expect(added.json()).toEqual({ name: 'host-2', joinToken: 'dray1.x', expiresAt: time })
  })

  test('an answer says how far each host can be trusted', async () => {
    expect((await call('/v1/containers?name=web&gone=true')).json()).toEqual({ containers: [], asOf })
    expect((await call('/v1/volumes?host=host-1')).json()).toEqual({ volumes: [], asOf })
  })
})

test('the authority is changed without the hosts that are named, and the audit says which', async () => {
  expect((await call('/v1/authority')).json()).toMatchObject({ stage: 'settled' })
  const rotated = await call('/v1/authority:rotate', { method: 'POST', body: { without: ['host-3'] } })
  expect(rotated.json()).toMatchObject({ next: 'without host-3' })
  expect(await problem('/v1/authority:finish', { method: 'POST', body: {} })).toMatchObject({
    ...{ status: 409, code: 'DRAYAGE_ROTATION_WAITS' },
  })
  expect((await problem('/v1/authority:rotate', { method: 'POST', body: { without: ['UPPER'] } })).status).toBe(400)
  expect(audited.slice(-3)).toMatchObject([
    { action: 'rotateAuthority', subject: 'without host-3', outcome: 'allowed' },
    { action: 'finishAuthority', outcome: 'failed', code: 'DRAYAGE_ROTATION_WAITS' },
    { action: 'rotateAuthority', outcome: 'failed' },
  ])
})

describe('volumes that nothing uses', () => {
  const path = '/v1/volumes/host-1/data/remove'
  const listed = { driver: 'local', mountpoint: '/v/data/_data', createdAt: time }

  test('are listed by what is asked for, several names among it', async () => {
    const reply = await call('/v1/orphans?name=a&name=b')
    expect(reply.json()).toMatchObject({ orphans: [{ name: 'a+b', verdict: 'orphan' }], asOf: [{ reliable: true }] })
    expect(await problem('/v1/orphans?host=host-9')).toMatchObject({ code: 'DRAYAGE_HOST_NOT_FOUND' })
    expect(await problem('/v1/orphans?unusedForSeconds=30d')).toMatchObject({ code: 'DRAYAGE_INVALID_REQUEST' })
  })

  test('are removed as they were listed; what fails after the first word is told within the answer', async () => {
    const removed = await call(path, { method: 'POST', body: listed })
    expect(removed.statusCode).toBe(200)
    expect(removed.payload).toContain('event: removed\ndata: {"host":"host-1","volume":"data"}')
    const breaks = await call('/v1/volumes/host-1/breaks/remove', { method: 'POST', body: listed })
    expect(breaks.payload).toMatch(/event: problem\ndata: .*DRAYAGE_VOLUME_IN_USE/)
    const other = await call(path, { method: 'POST', body: { ...listed, createdAt: null } })
    expect([other.statusCode, other.json().code]).toEqual([409, 'DRAYAGE_VOLUME_CHANGED'])
    for (const body of [{}, { ...listed, force: true }, { ...listed, digest: 'x' }])
      expect((await call(path, { method: 'POST', body })).statusCode).toBe(400)
  })
})

describe('what is in a volume', () => {
  test('is listed a page at a time, and read as it was asked for, and the audit says of what', async () => {
    const listed = await call('/v1/volumes/host-1/data/entries?path=logs&after=a&limit=2')
    expect(listed.json()).toMatchObject({ path: 'logs', entries: [{ name: 'after a, 2 at most' }], more: true })
    const read = await call('/v1/volumes/host-1/data/file?path=logs%2Ftoday&offset=2&length=3')
    expect([read.payload, read.headers['content-length'], read.headers['drayage-file-size']]).toEqual([
      '234',
      '3',
      '10',
    ])
    expect(audited.map(({ action, subject }) => [action, subject])).toEqual([
      ['listVolumeEntries', 'host-1/data:logs'],
      ['readVolumeFile', 'host-1/data:logs/today'],
    ])
    for (const query of ['', '?path=a&offset=-1', '?path=a&length=1M'])
      expect((await call(`/v1/volumes/host-1/data/file${query}`)).statusCode).toBe(400)
  })
})

describe('migrations', () => {
  const body = { container: 'web', from: 'host-1', to: 'host-2' }

  test('are accepted with 202 and their place, and with 200 when the key was used for it before', async () => {
    const headers = { 'idempotency-key': 'k1' }
    const first = await call('/v1/migrations', { method: 'POST', body, headers })
    const second = await call('/v1/migrations', { method: 'POST', body, headers })
    expect([first.statusCode, second.statusCode]).toEqual([202, 200])
    expect(first.headers['location']).toBe('/v1/migrations/m1')
    expect(first.json()).toEqual(migration)
    expect(second.json()).toEqual(migration)
    // A key counts for the token that it came with.
    expect(started.map(({ key }) => key)).toEqual(['admin/k1', 'admin/k1'])
    await call('/v1/migrations', { method: 'POST', body })
    expect(started.at(-1)).toEqual({ request: body, key: null })
  })

  test('take no key that could not be told from another', async () => {
    for (const key of ['', ' ', 'with space', 'x'.repeat(256)]) {
      const reply = await problem('/v1/migrations', { method: 'POST', body, headers: { 'idempotency-key': key } })
      expect(reply.code).toBe('DRAYAGE_INVALID_REQUEST')
    }
  })

  test('are planned without being made, refusals and all', async () => {
    const reply = await call('/v1/migrations:plan', { method: 'POST', body })
    expect([reply.statusCode, reply.json()]).toEqual([200, plan])
    expect(started).toEqual([])
  })

  test('are listed, read and cancelled', async () => {
    expect((await call('/v1/migrations?state=failed&limit=1')).json().migrations).toHaveLength(1)
    expect((await call('/v1/migrations')).json().migrations).toHaveLength(2)
    expect((await call('/v1/migrations/m1')).json()).toEqual(migration)
    const cancelled = await call('/v1/migrations/m1/cancel', { method: 'POST' })
    expect([cancelled.statusCode, cancelled.json()]).toEqual([202, migration])
  })

  test('are returned and finalized by an address of their own, with a body or without', async () => {
    const returned_ = await call('/v1/migrations/m1:return', {
      ...{ method: 'POST', body: { discardWrites: true }, headers: { 'idempotency-key': 'k1' } },
    })
    expect([returned_.statusCode, returned_.json()]).toMatchObject([202, { kind: 'return', of: 'm1' }])
    expect(returned.at(-1)).toMatchObject({
      id: 'm1',
      request: { discardWrites: true },
      key: expect.stringMatching(/k1$/),
    })
    expect((await call('/v1/migrations/m2:return', { method: 'POST' })).json().code).toBe('DRAYAGE_NOTHING_TO_RETURN')
    const done = await call('/v1/migrations/m1:finalize', { method: 'POST' })
    expect([done.statusCode, done.json()]).toMatchObject([200, { kind: 'finalize', of: 'm1' }])
    expect(finalized.at(-1)).toMatchObject({ id: 'm1', request: {}, key: null })
    const wrong = await call('/v1/migrations/m1:finalize', { method: 'POST', body: { force: true } })
    expect(wrong.json().code).toBe('DRAYAGE_INVALID_REQUEST')
  })

  test('are followed as server-sent events until they have ended', async () => {
    const reply = await call('/v1/migrations/m1/events')
    expect(reply.headers['content-type']).toBe('text/event-stream')
    const events = reply.body.split('\n\n').filter((block) => block.startsWith('event: migration'))
    expect(events.map((block) => JSON.parse(block.split('\ndata: ')[1] ?? '').state)).toEqual(['running', 'completed'])
  })

  test('are verified as server-sent events, the last with the verdict; one without a copy is a problem document', async () => {
    const reply = await call('/v1/migrations/m1:verify', { method: 'POST' })
    expect(reply.headers['content-type']).toBe('text/event-stream')
    const events = reply.body.split('\n\n').filter((block) => block.startsWith('event: '))
    expect(events[0]).toMatch(/^event: progress\n/)
    expect(events.at(-1)).toMatch(/^event: verification\ndata: .*"sourceIsWhole":true/)
    expect(await problem('/v1/migrations/m9:verify', { method: 'POST' })).toMatchObject({
      status: 409,
      code: 'DRAYAGE_NOTHING_TO_VERIFY',
    })
  })
})

describe('for whoever runs it', () => {
  test('it is alive, and ready when nothing speaks against it', async () => {
    expect((await call('/healthz')).json()).toEqual({ status: 'ok' })
    expect((await call('/healthz', { method: 'HEAD' })).statusCode).toBe(200)
    expect((await call('/readyz')).json()).toEqual({ status: 'ok' })
    const unready = await buildApp({ ...deps, unready: async () => ['the database does not answer'] })
    const reply = await unready.inject({ url: '/readyz' })
    expect([reply.statusCode, reply.json()]).toEqual([
      503,
      { status: 'unready', reasons: ['the database does not answer'] },
    ])
    await unready.close()
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
