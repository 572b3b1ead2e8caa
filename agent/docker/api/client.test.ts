import { describe, expect, test } from 'vitest'
import { notAnEngine, standIn } from '../testing/stand-in.ts'
import { compareApi, path } from './client.ts'
import { parseDockerHost } from './docker-host.ts'

describe('the API version', () => {
  test.each([
    ['1.41', 'v1.41'],
    ['1.51', 'v1.51'],
    ['1.99', 'v1.51'],
  ])('of an engine that offers %s is %s, agreed on once', async (offered, spoken) => {
    const { client, asked } = await standIn((_, response) => response.end('{}'), offered)
    await Promise.all([client.get('/info'), client.get('/info')])
    expect(asked.toSorted()).toEqual([`GET /${spoken}/info`, `GET /${spoken}/info`, 'GET /version'])
  })

  test('is compared by number', () => {
    expect(compareApi('1.9', '1.41')).toBeLessThan(0)
    expect(compareApi('2.0', '1.51')).toBeGreaterThan(0)
    expect(compareApi('1.44', '1.44')).toBe(0)
  })
})

describe('an answer', () => {
  test('that says null is null, and one that is empty is empty', async () => {
    const { client } = await standIn((request, response) => response.end(request.url?.includes('null') ? 'null\n' : ''))
    expect(await client.get('/null')).toBeNull()
    expect(await client.get('/empty')).toBe('')
  })

  test('that refuses carries the status and Docker’s words', async () => {
    const { client } = await standIn((_, response) => response.writeHead(409).end('{"message":"name is in use"}'))
    await expect(client.post('/containers/create', { body: {} })).rejects.toMatchObject({
      code: 'DRAYAGE_ENGINE_REFUSED',
      message: 'Docker refused POST /containers/create: name is in use',
      details: { status: 409, engine: 'name is in use' },
    })
  })

  test('that never comes ends with a time-out, before its head and in the middle', async () => {
    const { client } = await standIn((request, response) => {
      if (request.url?.includes('middle')) response.write('{"half":')
    })
    for (const place of ['/nothing', '/middle']) {
      await expect(client.get(place, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'DRAYAGE_TIMEOUT' })
    }
  })

  test('that breaks off means that the engine is unreachable', async () => {
    const { client } = await standIn((_, response) => response.destroy())
    await expect(client.get('/info')).rejects.toMatchObject({ code: 'DRAYAGE_ENGINE_UNREACHABLE' })
  })

  test('that nobody waits for any more is given up with the caller’s reason', async () => {
    const stop = new AbortController()
    const { client } = await standIn(() => stop.abort(new Error('enough')))
    await expect(client.get('/info', { signal: stop.signal })).rejects.toThrow('enough')
    await expect(client.get('/info', { signal: stop.signal })).rejects.toThrow('enough')
  })
})

test('what answers and is no engine is said to be none', async () => {
  const client = await notAnEngine((_, response) => response.end('<html>hello</html>'))
  await expect(client.get('/info')).rejects.toMatchObject({
    code: 'DRAYAGE_ENGINE_UNREACHABLE',
    message: expect.stringMatching(/not a Docker engine/),
  })
})

test('names in a path are quoted, and none leads out of it', () => {
  expect(path`/images/${'example.test:5000/a b:1'}/json`).toBe('/images/example.test%3A5000%2Fa%20b%3A1/json')
  for (const name of ['', '.', '..', '../info', 'a/../../info', 'a//b', '/a']) {
    expect(() => path`/volumes/${name}`).toThrow(expect.objectContaining({ code: 'DRAYAGE_INVALID_REQUEST' }))
  }
})

describe('DOCKER_HOST', () => {
  test('is a socket, or an address of this host', () => {
    expect(parseDockerHost('unix:///var/run/docker.sock')).toEqual({ socketPath: '/var/run/docker.sock', host: '' })
    expect(parseDockerHost('tcp://127.0.0.1:2345')).toEqual({ host: '127.0.0.1', port: 2345, protocol: 'http' })
    expect(parseDockerHost('tcp://proxy')).toEqual({ host: 'proxy', port: 2375, protocol: 'http' })
  })

  test.each([
    '',
    'unix://',
    'unix://relative',
    'ssh://host',
    'npipe:////./pipe/docker',
    'tcp://',
    '/var/run/docker.sock',
  ])('that is %j is refused with what would do', (dockerHost) => {
    expect(() => parseDockerHost(dockerHost)).toThrow(/give unix:\/\/\/path/)
  })
})
