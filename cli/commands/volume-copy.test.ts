import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Answering,
  type FakeCoordinator,
  json,
  problem,
  startFakeCoordinator,
} from '../testing/fake-coordinator.ts'
import { dray } from '../testing/run-dray.ts'

let coordinator: FakeCoordinator
beforeEach(async () => {
  coordinator = await startFakeCoordinator()
})
afterEach(() => coordinator.close())

const route = 'POST /v1/volumes/host-1/data/copy'
const copied = {
  from: { host: 'host-1', volume: 'data' },
  host: 'host-2',
  volume: 'data',
  created: true,
  entries: 2,
  contentBytes: 5,
  digest: 'd'.repeat(64),
  live: false,
  warnings: [],
}
const events =
  (...all: readonly (readonly [string, unknown])[]): Answering =>
  (_asked, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'drayage-transfer': 't1' })
    for (const [event, data] of all) response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    response.end()
  }
const progress = ['progress', { bytes: 1, entries: 1, totalBytes: 9 }] as const
const run = (...args: string[]) => dray(['volume', 'copy', ...args], { url: coordinator.url, token: 'good' })

describe('dray volume copy', () => {
  test('keeps the name unless another is given, and tells what was copied', async () => {
    coordinator.on(route, events(progress, ['copied', copied]))
    const { exit, stdout } = await run('host-1/data', 'host-2', '--json', '--live')
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toEqual(copied)
    await run('host-1/data', 'host-2/other', '--into-empty')
    expect(coordinator.asked.map(({ body }) => body)).toEqual([
      { to: 'host-2', name: 'data', live: true, intoEmpty: false },
      { to: 'host-2', name: 'other', live: false, intoEmpty: true },
    ])
  })

  test('ends with the exit code of what went wrong, before it began or on the way', async () => {
    coordinator.on(route, problem('DRAYAGE_VOLUME_EXISTS', 'data is there'))
    expect((await run('host-1/data', 'host-2')).exit).toBe(4)
    const document = { type: '', title: '', status: 507, detail: 'no room', code: 'DRAYAGE_TARGET_FULL', retry: false }
    coordinator.on(route, events(progress, ['problem', document]))
    const failed = await run('host-1/data', 'host-2')
    expect(failed.exit).toBe(5)
    expect(failed.stderr).toContain('DRAYAGE_TARGET_FULL: no room')
  })

  test('that ends without saying how is not taken for done', async () => {
    coordinator.on(route, events(progress))
    expect((await run('host-1/data', 'host-2')).exit).toBe(5)
    coordinator.on(route, (_asked, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'drayage-transfer': 't1' })
      response.write(': heartbeat\n\n', () => response.destroy())
    })
    coordinator.on(
      'GET /v1/transfers/t1',
      json({ id: 't1', error: { code: 'DRAYAGE_CANCELLED', message: 'stopping' } }),
    )
    expect((await run('host-1/data', 'host-2')).exit).toBe(130)
  })
})

describe('dray volume move', () => {
  const moving = 'POST /v1/volumes/host-1/data/move'
  const move = (...args: string[]) => dray(['volume', 'move', ...args], { url: coordinator.url, token: 'good' })

  test('keeps the name unless another is given, and tells what was moved', async () => {
    coordinator.on(moving, events(progress, ['checking', { bytes: 3 }], ['moved', copied]))
    const { exit, stdout } = await move('host-1/data', 'host-2')
    expect(exit).toBe(0)
    expect(stdout).toContain('host-1/data was moved to host-2/data.')
    await move('host-1/data', 'host-2/other', '--into-empty')
    expect(coordinator.asked.map(({ body }) => body)).toEqual([
      { to: 'host-2', name: 'data', intoEmpty: false },
      { to: 'host-2', name: 'other', intoEmpty: true },
    ])
  })

  test('ends with the exit code of what went wrong, also when the copy is there already', async () => {
    coordinator.on(moving, problem('DRAYAGE_VOLUME_IN_USE', 'web refers to it'))
    expect((await move('host-1/data', 'host-2')).exit).toBe(4)
    const detail = 'web refers to it. There are two now.'
    const document = { type: '', title: '', status: 409, detail, code: 'DRAYAGE_VOLUME_IN_USE', retry: false }
    coordinator.on(moving, events(progress, ['problem', document]))
    const failed = await move('host-1/data', 'host-2')
    expect(failed.exit).toBe(4)
    expect(failed.stderr).toContain('There are two now')
    coordinator.on(moving, events(progress))
    expect((await move('host-1/data', 'host-2')).exit).toBe(5)
  })
})
