import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dray } from '../testing/run-dray.ts'

const tarball = Buffer.alloc(3_000_000, 'tarball ')
const sha256 = createHash('sha256').update(tarball).digest('hex')

// A server that takes a body only when told to.
let server: Server
let url: string
let folder: string
let answer: (request: IncomingMessage, response: ServerResponse) => void
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dray-import-'))
  writeFileSync(join(folder, 'data.tar'), tarball)
  server = createServer()
  server.on('checkContinue', (request, response) => answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true, force: true })
})

const imported = {
  host: 'host-2',
  volume: 'data',
  created: true,
  entries: 2,
  contentBytes: 2_990_000,
  archiveBytes: tarball.length,
  archiveSha256: sha256,
  digest: 'd'.repeat(64),
  warnings: [],
}
const problem = (response: ServerResponse, status: number, code: string, detail: string): void => {
  const document = { type: '', title: '', status, detail, code, retry: false }
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(document))
}
const run = (...args: string[]) =>
  dray(['volume', 'import', 'host-2/data', '-i', join(folder, 'data.tar'), ...args], { url, token: 'good' })

describe('dray volume import', () => {
  test('sends the file whole with what it was told, and tells what came of it', async () => {
    let asked = ''
    let length = 0
    answer = async (request, response) => {
      asked = `${request.method} ${request.url} ${request.headers['content-length']} ${request.headers['content-type']}`
      response.writeContinue()
      for await (const piece of request) length += (piece as Buffer).length
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(imported))
    }
    const flags = ['--json', '--label', 'a=b', '--label', 'c=d', '--into-empty', '--strip-components', '2']
    const { exit, stdout } = await run(...flags)
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toEqual(imported)
    expect(length).toBe(tarball.length)
    const path = '/v1/volumes/host-2/data/archive?intoEmpty=true&stripComponents=2&label=a%3Db&label=c%3Dd'
    expect(asked).toBe(`PUT ${path} ${tarball.length} application/x-tar`)
  })

  test('sends nothing where it is refused beforehand', async () => {
    let bytes = 0
    answer = (request, response) => {
      request.on('data', (piece: Buffer) => {
        bytes += piece.length
      })
      problem(response, 409, 'DRAYAGE_VOLUME_EXISTS', 'data is there')
    }
    const { exit, stderr } = await run()
    expect({ exit, bytes }).toEqual({ exit: 4, bytes: 0 })
    expect(stderr).toContain('DRAYAGE_VOLUME_EXISTS: data is there')
  })

  test('says what was wrong where it is refused in the middle', async () => {
    answer = (request, response) => {
      response.writeContinue()
      request.once('data', () => {
        problem(response, 422, 'DRAYAGE_TARBALL_REFUSED', 'a path is absolute')
        request.resume()
      })
    }
    const { exit, stderr } = await run()
    expect(exit).toBe(5)
    expect(stderr).toContain('DRAYAGE_TARBALL_REFUSED: a path is absolute')
  })

  test('fails where the connection goes, and where something else arrived than was sent', async () => {
    answer = (request, response) => {
      response.writeContinue()
      request.once('data', () => request.destroy())
    }
    expect((await run()).exit).toBe(7)
    answer = async (request, response) => {
      response.writeContinue()
      for await (const _ of request);
      const other = JSON.stringify({ ...imported, archiveSha256: 'e'.repeat(64) })
      response.writeHead(201, { 'content-type': 'application/json' }).end(other)
    }
    const { exit, stderr } = await run()
    expect(exit).toBe(5)
    expect(stderr).toContain('DRAYAGE_DIGEST_MISMATCH')
  })

  test('names a file that is not there, and a volume that is none', async () => {
    expect((await dray(['volume', 'import', 'host-2/data', '-i', '/nothing'], { url })).exit).toBe(2)
    expect((await dray(['volume', 'import', 'data', '-i', join(folder, 'data.tar')], { url })).exit).toBe(2)
    expect((await run('--strip-components', '-1')).exit).toBe(2)
  })
})
