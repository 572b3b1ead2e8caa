// Requests as no client of ours makes them, byte by byte over a socket: none gets further than the role of its token.
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildApp } from './app.ts'
import { audited, deps } from './testing/stand-in-parts.ts'

let app: Awaited<ReturnType<typeof buildApp>>
beforeAll(async () => {
  app = await buildApp(deps)
  await app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => app.close())
beforeEach(() => {
  audited.length = 0
})

// The status of each answer to these bytes.
const send = async (bytes: string): Promise<{ readonly statuses: number[]; readonly text: string }> => {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(bytes)
  let text = ''
  for await (const chunk of socket) text += chunk
  const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))
  return { statuses, text }
}
const request = (line: string, headers: readonly string[] = [], body = '') =>
  send([`${line} HTTP/1.1`, 'Host: coordinator', 'Connection: close', ...headers, '', body].join('\r\n'))
const viewer = 'Authorization: Bearer viewer'
const admin = 'Authorization: Bearer good'

describe('a path that is written another way', () => {
  test.each([
    ...[
      '/v1/tokens',
      '/v1/./tokens',
      '/v1/../v1/tokens',
      '/v1/hosts/../tokens',
      '//v1/tokens',
      '/v1/tokens/',
      '/V1/Tokens',
    ],
    ...['/v1/tokens;admin=1', '/v1/tokens%00', '/v1%2ftokens', '/%76%31/tokens', '/v1/%2e%2e/v1/tokens', '/v1\\tokens'],
    ...['http://elsewhere/v1/tokens', '*', '/v1/tokens#', '/v1/tokens?/healthz'],
  ])('%s gives a viewer nothing of an admin’s, and a stranger nothing at all', async (path) => {
    const asked = await request(`GET ${path}`, [viewer])
    expect([400, 403, 404]).toContain(asked.statuses[0])
    expect(asked.text).not.toContain('night-shift')
    expect([400, 401, 404]).toContain((await request(`GET ${path}`)).statuses[0])
  })
})

describe('headers', () => {
  test('a second token does not make more of the first', async () => {
    expect((await request('GET /v1/tokens', [viewer, admin])).statuses).toEqual([403])
    expect((await request('GET /v1/tokens', ['Authorization: Bearer viewer, Bearer good'])).statuses).toEqual([401])
  })

  test('what proxies are told by does not change what is asked, how, or by whom', async () => {
    const told = ['X-Original-URL: /v1/tokens', 'X-Rewrite-URL: /v1/tokens', 'X-HTTP-Method-Override: DELETE']
    const { statuses, text } = await request('GET /healthz', told)
    expect(statuses).toEqual([200])
    expect(text).not.toContain('night-shift')
    const spoofed = [
      'X-Forwarded-For: 6.6.6.6',
      'X-Real-IP: 6.6.6.6',
      'Forwarded: for=6.6.6.6',
      'X-Forwarded-Proto: https',
    ]
    await request('GET /v1/tokens', [viewer, ...spoofed])
    expect(audited).toMatchObject([{ actor: 'viewer', address: '127.0.0.1', outcome: 'refused' }])
  })

  test('a request whose end could be read in two ways is refused, and what would be smuggled behind it is not answered', async () => {
    const hidden = `GET /v1/tokens HTTP/1.1\r\nHost: coordinator\r\n${admin}\r\nConnection: close\r\n\r\n`
    const lengths = ['Content-Length: 4', 'Transfer-Encoding: chunked']
    const both = await request('POST /v1/migrations', [viewer, ...lengths], `0\r\n\r\n${hidden}`)
    const two = await request('POST /v1/migrations', [viewer, 'Content-Length: 0', 'Content-Length: 4'], hidden)
    const odd = await request(
      'POST /v1/migrations',
      [viewer, 'Transfer-Encoding: chunked, identity'],
      `0\r\n\r\n${hidden}`,
    )
    const split = await request('GET /v1/hosts', [`X-Name: a\nAuthorization: Bearer good`], '')
    for (const { statuses, text } of [both, two, odd, split]) {
      expect(statuses).toEqual([400])
      expect(text).not.toContain('night-shift')
    }
  })

  test('that are too many or too long are refused, and a request without a host is', async () => {
    expect(
      (await request('GET /v1/hosts', [viewer, `X-Long: ${'a'.repeat(20_000)}`])).statuses[0],
    ).toBeGreaterThanOrEqual(400)
    expect((await send(`GET /v1/hosts HTTP/1.1\r\n${viewer}\r\nConnection: close\r\n\r\n`)).statuses).toEqual([400])
  })
})
