import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Orphan } from '../../shared/api/orphans.ts'
import { type FakeCoordinator, json, problem, startFakeCoordinator } from '../testing/fake-coordinator.ts'
import { dray } from '../testing/run-dray.ts'

let coordinator: FakeCoordinator
let folder: string
beforeEach(async () => {
  coordinator = await startFakeCoordinator()
  folder = mkdtempSync(join(tmpdir(), 'drayage-orphans-'))
})
afterEach(async () => {
  await coordinator.close()
  rmSync(folder, { recursive: true, force: true })
})

const ask = (...args: string[]) => dray(args, { url: coordinator.url, token: 'secret' })

const hash = '3f2a9c0b1d4e'.padEnd(64, '0')
const seen = { firstSeen: '2026-01-01T00:00:00Z', lastSeen: '2026-01-02T00:00:00Z', goneAt: '2026-01-02T00:00:00Z' }
const lastUser = {
  ...{ containerId: 'c'.repeat(64), name: 'till', image: 'shop:2', destination: '/var/till', readOnly: false },
  ...{ project: 'shop', movedTo: null, ...seen },
}
const orphan = (over: Partial<Orphan> = {}): Orphan => ({
  ...{ host: 'host-1', name: hash, driver: 'local', mountpoint: `/v/${hash}/_data`, createdAt: '2026-01-01T00:00:00Z' },
  ...{ anonymous: true, verdict: 'orphan', reason: 'Nothing uses it.', migration: null, project: 'shop' },
  ...{ lastUser, lastWriter: lastUser, unusedSince: seen.goneAt, unusedSinceIs: 'last-user-gone' },
  ...{ sizeBytes: 4096, sizeMeasuredAt: '2026-01-02T00:00:00Z', alsoOn: [] },
  ...over,
})
const kept = orphan({ name: 'kept', verdict: 'kept', migration: 'm7', reason: 'dray finalize m7 ends that.' })
const debris = orphan({ name: 'debris', verdict: 'debris' })
const asOf = [{ host: 'host-1', state: 'online', inventoryAt: seen.lastSeen, reliable: true }]
const answer = (...orphans: Orphan[]) => json({ orphans, asOf })
const removed = (): void => {
  coordinator.on(`POST /v1/volumes/host-1/${hash}/remove`, (_asked, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end('event: progress\ndata: {"bytes":1}\n\nevent: removed\ndata: {"host":"host-1","volume":"x"}\n\n')
  })
}
const removals = () => coordinator.asked.filter(({ method }) => method === 'POST')

describe('dray orphans', () => {
  test('tells of a volume with a hash for a name what it was for, and sets apart what is kept', async () => {
    coordinator.on('GET /v1/orphans', answer(orphan(), kept))
    const { exit, stdout } = await ask('orphans')
    expect(exit).toBe(0)
    expect(stdout).toMatch(
      /^host-1 {2}3f2a9c0b1d4e {2}anonymous {2}4\.00 KiB .* till \(shop:2\) at \/var\/till {2}shop {5}-$/m,
    )
    expect(stdout).toContain('1 volume, 4.00 KiB.')
    expect(stdout).toMatch(/Kept by migrations.*\n {2}host-1\/kept\n {4}dray finalize m7 ends that\./)
  })

  test('asks for what the flags say, and never calls a host without orphans that is not known', async () => {
    const query = 'host=host-1&anonymous=true&project=shop&unusedForSeconds=2592000&largerThanBytes=1048576'
    const lost = [{ host: 'host-1', state: 'lost', inventoryAt: seen.lastSeen, reliable: false }]
    coordinator.on(`GET /v1/orphans?${query}`, json({ orphans: [], asOf: lost }))
    const flags = ['--host', 'host-1', '--anonymous', '--project', 'shop', '--older-than', '30d', '--larger-than', '1M']
    const { exit, stdout } = await ask('orphans', ...flags)
    expect(exit).toBe(0)
    expect(stdout).toContain('No orphans are known.\n\nhost-1: lost')
  })
})

describe('dray orphans rm', () => {
  test('shows what would go, and removes nothing without --yes', async () => {
    coordinator.on('GET /v1/orphans?anonymous=true', answer(orphan(), kept, debris))
    const { exit, stdout } = await ask('orphans', 'rm', '--anonymous')
    expect(exit).toBe(0)
    expect(stdout).toContain('1 volume, 4.00 KiB. Nothing was removed')
    expect(stdout).toMatch(/Left alone:\n {2}host-1\/kept/)
    expect(removals()).toEqual([])
  })

  test('removes with --yes exactly what was listed, and neither what is kept nor debris that was not named', async () => {
    coordinator.on('GET /v1/orphans?anonymous=true', answer(kept, debris, orphan()))
    removed()
    const { exit, stdout } = await ask('orphans', 'rm', '--anonymous', '--yes', '--json')
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ dryRun: false, removed: [{ name: hash, archive: null }], failed: [] },
      leftAlone: [{ name: 'kept' }, { name: 'debris' }],
    })
    const { driver, mountpoint, createdAt } = orphan()
    expect(removals().map(({ body }) => body)).toEqual([{ driver, mountpoint, createdAt }])
  })

  test('removes nothing that could not be exported', async () => {
    coordinator.on(`GET /v1/orphans?name=${hash}`, answer(orphan()))
    coordinator.on(`GET /v1/volumes/host-1/${hash}/archive`, problem('DRAYAGE_VOLUME_UNREADABLE', 'a file is bad'))
    removed()
    const { exit, stdout } = await ask('orphans', 'rm', hash, '--yes', '--export-to', folder)
    expect([exit, removals(), readdirSync(folder)]).toEqual([4, [], []])
    expect(stdout).toContain('is still there: DRAYAGE_VOLUME_UNREADABLE: a file is bad')
  })

  test('ends with the code of what stays, and goes on with the others', async () => {
    coordinator.on('GET /v1/orphans?anonymous=true', answer(orphan({ name: 'used' }), orphan()))
    coordinator.on('POST /v1/volumes/host-1/used/remove', problem('DRAYAGE_VOLUME_IN_USE', 'web refers to it'))
    removed()
    const { exit, stdout } = await ask('orphans', 'rm', '--anonymous', '--yes')
    expect(exit).toBe(4)
    expect(stdout).toMatch(
      /host-1\/3f2a.* was removed\nhost-1\/used is still there: DRAYAGE_VOLUME_IN_USE: web refers to it/,
    )
  })

  test.each([
    ['nothing is said of which', ['--yes'], 2],
    ['a name stands for several', ['data', '--yes'], 2],
    ['a name stands for none', ['nobody', '--yes'], 3],
    ['the folder of exports is not there', ['data', '--yes', '--export-to', '/nowhere/at/all'], 2],
  ])('removes nothing where %s', async (_what, args, code) => {
    coordinator.on(
      'GET /v1/orphans?name=data',
      answer(orphan({ name: 'data' }), orphan({ name: 'data', host: 'host-2' })),
    )
    coordinator.on('GET /v1/orphans?name=nobody', answer())
    expect((await ask('orphans', 'rm', ...args)).exit).toBe(code)
    expect(removals()).toEqual([])
  })
})

test('dray volume show tells of every volume that bore the name, by the beginning of a hash too', async () => {
  const volume = {
    ...{ host: 'host-1', name: hash, driver: 'local', mountpoint: '/v', scope: 'local', options: {}, labels: {} },
    ...{ anonymous: true, createdAt: null, sizeBytes: null, sizeMeasuredAt: null, users: [lastUser], ...seen },
  }
  const there = { ...volume, firstSeen: '2026-01-03T00:00:00Z', goneAt: null, users: [] }
  coordinator.on('GET /v1/volumes?host=host-1&gone=true', json({ volumes: [volume, there], asOf }))
  coordinator.on(`GET /v1/orphans?host=host-1&name=${hash}`, answer(orphan()))
  const { exit, stdout } = await ask('volume', 'show', 'host-1/3f2a9c0b1d4e')
  expect(exit).toBe(0)
  const [newer = '', older = ''] = stdout.split('\n\n')
  expect(newer).toMatch(/state +there, used by nothing: orphan\. Nothing uses it\./)
  expect(newer).toContain('nobody that was seen')
  expect(older).toMatch(/used by +till \(shop:2\) at \/var\/till: Compose project shop, seen since .*gone .* ago/)
  expect((await ask('volume', 'show', 'host-1/ffffffffffff')).exit).toBe(3)
})
