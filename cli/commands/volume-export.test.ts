import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FakeCoordinator, json, problem, startFakeCoordinator } from '../testing/fake-coordinator.ts'
import { dray, startDray } from '../testing/run-dray.ts'

let coordinator: FakeCoordinator
let folder: string
beforeEach(async () => {
  coordinator = await startFakeCoordinator()
  folder = mkdtempSync(join(tmpdir(), 'dray-export-'))
})
afterEach(async () => {
  await coordinator.close()
  rmSync(folder, { recursive: true, force: true })
})

const tarball = Buffer.alloc(300_000, 'tarball ')
const summary = {
  host: 'host-1',
  volume: 'data',
  entries: 2,
  contentBytes: 290_000,
  archiveBytes: tarball.length,
  archiveSha256: createHash('sha256').update(tarball).digest('hex'),
  digest: 'd'.repeat(64),
  live: false,
  warnings: [],
}
const route = 'GET /v1/volumes/host-1/data/archive'
const begin = (response: ServerResponse): void => {
  response.writeHead(200, {
    'content-type': 'application/x-tar',
    'drayage-transfer': 't1',
    'drayage-entries': '2',
    'drayage-disk-bytes': '290000',
    trailer: 'drayage-archive',
  })
}
const sending = (bytes: Buffer, told: object) => (_asked: unknown, response: ServerResponse) => {
  begin(response)
  response.write(bytes)
  response.addTrailers({ 'drayage-archive': JSON.stringify(told) })
  response.end()
}
const breaking = (_asked: unknown, response: ServerResponse) => {
  begin(response)
  response.write(tarball.subarray(0, 100_000), () => response.destroy())
}
const unsaid = (_asked: unknown, response: ServerResponse) => {
  begin(response)
  response.end(tarball)
}
const file = () => join(folder, 'data.tar')
const run = (...args: string[]) => dray(['volume', 'export', ...args], { url: coordinator.url, token: 'good' })

describe('dray volume export', () => {
  test('writes the file whole, and tells what it is', async () => {
    coordinator.on(route, sending(tarball, summary))
    const { exit, stdout, stderr } = await run('host-1/data', '-o', file(), '--json')
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({ ...summary, file: file() })
    expect(readFileSync(file()).equals(tarball)).toBe(true)
    expect(readdirSync(folder)).toEqual(['data.tar'])
  })

  test('puts nothing but the tarball on stdout', async () => {
    coordinator.on(
      route,
      sending(Buffer.from('ascii only'), { ...summary, archiveBytes: 10, archiveSha256: sha('ascii only') }),
    )
    const { exit, stdout, stderr } = await run('host-1/data')
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'ascii only' })
    expect(stderr).toContain('host-1/data was exported.')
    const both = await run('host-1/data', '--json')
    expect({ exit: both.exit, stdout: both.stdout }).toEqual({ exit: 2, stdout: '' })
  })

  test.each([
    ['breaks off', breaking],
    ['lacks its summary', unsaid],
    ['is not what was sent', sending(tarball.subarray(1), { ...summary, archiveBytes: tarball.length - 1 })],
    ['is shorter than it was', sending(tarball.subarray(1), summary)],
  ])('fails for a tarball that %s, and leaves what was there before', async (_what, answer) => {
    writeFileSync(file(), 'before')
    coordinator.on(route, answer)
    const { exit, stderr } = await run('host-1/data', '-o', file())
    expect(exit).toBe(5)
    expect(stderr).toContain('DRAYAGE_STREAM_DAMAGED')
    expect(readFileSync(file(), 'utf8')).toBe('before')
    expect(readdirSync(folder)).toEqual(['data.tar'])
  })

  test('says why a tarball broke off, where the coordinator knows', async () => {
    coordinator.on(route, breaking)
    const error = { code: 'DRAYAGE_SOURCE_CHANGED', message: 'The volume changed: a' }
    coordinator.on('GET /v1/transfers/t1', json({ id: 't1', error }))
    const { exit, stderr } = await run('host-1/data', '-o', file())
    expect(exit).toBe(5)
    expect(stderr).toContain('DRAYAGE_SOURCE_CHANGED: The volume changed: a')
  })

  test('ends with the exit code of a refusal, and makes no file', async () => {
    coordinator.on(route, problem('DRAYAGE_VOLUME_IN_USE', 'web runs'))
    const { exit, stderr } = await run('host-1/data', '-o', file())
    expect({ exit, files: readdirSync(folder) }).toEqual({ exit: 4, files: [] })
    expect(stderr).toContain('DRAYAGE_VOLUME_IN_USE: web runs')
  })

  test('asks for a live copy only when told to', async () => {
    coordinator.on(`${route}?live=true`, sending(tarball, { ...summary, live: true }))
    expect((await run('host-1/data', '-o', file(), '--live')).exit).toBe(0)
  })

  test('leaves nothing when it is interrupted', async () => {
    const begun = Promise.withResolvers<void>()
    coordinator.on(route, (_asked, response) => {
      begin(response)
      response.write(tarball, () => begun.resolve())
    })
    const running = startDray(['volume', 'export', 'host-1/data', '-o', file()], { url: coordinator.url })
    await begun.promise
    while (readdirSync(folder).length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    running.interrupt()
    expect((await running.ended).exit).toBe(130)
    expect(readdirSync(folder)).toEqual([])
  })
})

const sha = (text: string): string => createHash('sha256').update(text).digest('hex')
