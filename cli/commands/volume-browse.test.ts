import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FakeCoordinator, json, problem, startFakeCoordinator } from '../testing/fake-coordinator.ts'
import { dray } from '../testing/run-dray.ts'

let coordinator: FakeCoordinator
beforeEach(async () => {
  coordinator = await startFakeCoordinator()
})
afterEach(() => coordinator.close())

const ask = (...args: string[]) => dray(['volume', ...args], { url: coordinator.url, token: 'secret' })

const entry = (name: string, over: object = {}) => ({
  ...{ name, type: 'file', mode: '0644', uid: 0, gid: 4_294_967_295, size: 12, diskBytes: 4096 },
  ...{ modifiedAt: '2026-01-05T08:00:00.000Z', link: null, ...over },
})
const page = (more: boolean, ...entries: object[]) =>
  json({ host: 'host-1', volume: 'data', path: 'logs', entries, more })
const route = 'GET /v1/volumes/host-1/data/entries?path=logs'

test('dray volume ls shows all pages of a directory, names in their stated form', async () => {
  coordinator.on(route, page(true, entry('a'), entry('b', { type: 'directory', mode: '1777' })))
  coordinator.on(`${route}&after=b`, page(false, entry('c\\xff'), entry('l', { type: 'symlink', link: '/etc' })))
  const { exit, stdout } = await ask('ls', 'host-1/data:logs')
  expect(exit).toBe(0)
  expect(
    stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ['-0644', '0:4294967295', '12', '2026-01-05T08:00:00.000Z', 'a'],
    ['d1777', '0:4294967295', '12', '2026-01-05T08:00:00.000Z', 'b/'],
    ['-0644', '0:4294967295', '12', '2026-01-05T08:00:00.000Z', 'c\\xff'],
    ['l0644', '0:4294967295', '12', '2026-01-05T08:00:00.000Z', 'l -> /etc'],
  ])
  const exact = JSON.parse((await ask('ls', 'host-1/data:logs', '--json')).stdout)
  expect(exact.entries.map(({ name }: { name: string }) => name)).toEqual(['a', 'b', 'c\\xff', 'l'])
})

const file = 'GET /v1/volumes/host-1/data/file?path=a%5Cxff&offset=1024&length=2'

test('dray volume cat puts the bytes on stdout and nothing else', async () => {
  coordinator.on(file, (_asked, response) => void response.writeHead(200, { 'content-length': '2' }).end('\0\n'))
  expect(await ask('cat', 'host-1/data:a\\xff', '--offset', '1K', '--bytes', '2')).toEqual({
    exit: 0,
    stdout: '\0\n',
    stderr: '',
  })
})

test('dray volume cat fails where the bytes break off, and with the code of a refusal', async () => {
  coordinator.on('GET /v1/volumes/host-1/data/file?path=a&offset=0', (_asked, response) => {
    response.writeHead(200, { 'content-length': '20' })
    response.write('half', () => response.destroy())
  })
  const broken = await ask('cat', 'host-1/data:a')
  expect([broken.exit, broken.stdout]).toEqual([5, 'half'])
  expect(broken.stderr).toContain('DRAYAGE_STREAM_DAMAGED')
  coordinator.on('GET /v1/volumes/host-1/data/file?path=l&offset=0', problem('DRAYAGE_PATH_REFUSED', 'a symlink'))
  expect((await ask('cat', 'host-1/data:l')).exit).toBe(4)
  expect((await ask('cat', 'host-1/data')).exit).toBe(2)
})
