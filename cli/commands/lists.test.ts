import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FakeCoordinator, json, problem, startFakeCoordinator } from '../testing/fake-coordinator.ts'
import { dray } from '../testing/run-dray.ts'
import { migrationId, moved, running } from '../testing/samples.ts'

let coordinator: FakeCoordinator
beforeEach(async () => {
  coordinator = await startFakeCoordinator()
})
afterEach(() => coordinator.close())

const ask = (...args: string[]) => dray(args, { url: coordinator.url, token: 'secret' })

const hosts = {
  hosts: [
    {
      name: 'host-1',
      state: 'online',
      address: '10.0.0.11:8442',
      agentVersion: '0.1.0',
      engine: {
        id: 'E1',
        version: '28.5.2',
        apiVersion: '1.51',
        os: 'linux',
        architecture: 'x86_64',
        storageDriver: 'overlay2',
        containerdImageStore: false,
        dataRoot: '/var/lib/docker',
        idShift: '',
        swarm: false,
      },
      engineReachable: true,
      fence: null,
      addedAt: '2026-01-01T00:00:00Z',
      lastSeen: '2026-01-05T11:59:59Z',
      inventoryAt: '2026-01-05T11:59:59Z',
    },
  ],
}

test('hosts: a table for people, the exact answer with --json, the token in the header', async () => {
  coordinator.on('GET /v1/hosts', json(hosts))
  const table = await ask('hosts')
  expect(table).toMatchObject({ exit: 0, stderr: '' })
  expect(table.stdout.split('\n')[1]).toMatch(
    /^host-1 {2}online {2}10\.0\.0\.11:8442 {2}28\.5\.2 linux\/x86_64 overlay2/,
  )
  const exact = await ask('hosts', '--json')
  expect(JSON.parse(exact.stdout)).toEqual(hosts)
  expect(coordinator.asked[0]?.headers.authorization).toBe('Bearer secret')
})

test('ps and volumes ask for what the flags say', async () => {
  const asOf = [{ host: 'host-3', state: 'unknown', inventoryAt: null }]
  coordinator.on('GET /v1/containers?host=host-3&name=web&gone=true', json({ containers: [], asOf }))
  coordinator.on('GET /v1/volumes', json({ volumes: [], asOf }))
  const containers = await ask('ps', '--host', 'host-3', '--name', 'web', '--gone')
  expect(containers).toMatchObject({ exit: 0, stdout: expect.stringContaining('host-3: has not reported') })
  const volumes = await ask('volumes')
  expect(volumes).toMatchObject({ exit: 0, stdout: expect.stringContaining('its volumes are unknown') })
})

test('host add prints the token in a line that can be run on that host', async () => {
  const added = { name: 'host-1', joinToken: 'dray1.host-1.abc.def', expiresAt: '2026-01-05T13:00:00Z' }
  coordinator.on('POST /v1/hosts', json(added, 201))
  const plain = await ask('host', 'add', 'host-1', '--coordinator', '10.0.0.5:8441', '--advertise', '10.0.0.11:8442')
  const line =
    'sudo dray agent --coordinator 10.0.0.5:8441 --advertise 10.0.0.11:8442 --join-token dray1.host-1.abc.def'
  expect(plain).toMatchObject({ exit: 0, stdout: expect.stringContaining(`\n  ${line}\n`) })
  expect(coordinator.asked[0]?.body).toEqual({ name: 'host-1' })
  const document = JSON.parse((await ask('host', 'add', 'host-1', '--json')).stdout)
  expect(document).toMatchObject(added)
  // A loopback address would send the new host to itself.
  expect(document.command).not.toContain('127.0.0.1')
})

test('migrations: the list, its filters, and one in full', async () => {
  coordinator.on('GET /v1/migrations', json({ migrations: [moved(), running('precopy')] }))
  coordinator.on('GET /v1/migrations?state=running&limit=5', json({ migrations: [] }))
  coordinator.on(`GET /v1/migrations/${migrationId}`, json(moved()))
  const [head, first, second] = (await ask('migrations')).stdout.split('\n')
  expect(head?.split(/ {2,}/)).toEqual(['ID', 'KIND', 'CONTAINER', 'FROM', 'TO', 'STATE', 'SENT', 'DOWNTIME', 'BEGUN'])
  expect(first).toContain('awaiting-finalize  5.00 GiB  1.42 s')
  expect(second).toContain('running: precopy')
  const none = await ask('migrations', '--state', 'running', '--limit', '5')
  expect(none).toMatchObject({ exit: 0, stdout: expect.stringContaining('No migrations.') })
  const full = await ask('migrations', migrationId)
  expect(full.stdout).toMatch(/rounds +1 data: 5\.00 GiB/)
  expect(JSON.parse((await ask('migrations', migrationId, '--json')).stdout)).toEqual(moved())
})

test('a problem document becomes its exit code, and every reason its own line', async () => {
  coordinator.on('GET /v1/migrations/nope', problem('DRAYAGE_MIGRATION_NOT_FOUND', 'There is no migration nope.'))
  expect(await ask('migrations', 'nope')).toEqual({
    exit: 3,
    stdout: '',
    stderr: 'dray: DRAYAGE_MIGRATION_NOT_FOUND: There is no migration nope.\n',
  })
  const asked = await ask('migrations', 'nope', '--json')
  expect(JSON.parse(asked.stdout).problem).toMatchObject({ code: 'DRAYAGE_MIGRATION_NOT_FOUND', status: 404 })
  expect(asked.exit).toBe(3)
})

test('a refused token says where to get one', async () => {
  coordinator.on('GET /v1/hosts', problem('DRAYAGE_UNAUTHENTICATED', 'The token is missing or wrong.'))
  const refused = await ask('hosts')
  expect(refused).toMatchObject({ exit: 8, stderr: expect.stringContaining('Set DRAYAGE_TOKEN, or give --token-file') })
})

test('where no coordinator answers, the error names the address and what to check', async () => {
  await coordinator.close()
  const failed = await ask('hosts')
  expect(failed.exit).toBe(7)
  expect(failed.stderr).toMatch(
    new RegExp(`^dray: DRAYAGE_COORDINATOR_UNREACHABLE: No coordinator answers at ${coordinator.url} .*DRAYAGE_URL`),
  )
})

test('an answer that is not a coordinator’s is not taken for one', async () => {
  coordinator.on('GET /v1/hosts', (_asked, response) => response.writeHead(200).end('<html>It works!</html>'))
  expect(await ask('hosts')).toMatchObject({ exit: 6, stderr: expect.stringContaining('not as a coordinator does') })
  coordinator.on('GET /v1/hosts', (_asked, response) => response.writeHead(502).end('<html>Bad gateway</html>'))
  expect(await ask('hosts')).toMatchObject({ exit: 7 })
})

test('the token follows no redirect to another server', async () => {
  const other = await startFakeCoordinator()
  other.on('GET /v1/hosts', json(hosts))
  coordinator.on('GET /v1/hosts', (_asked, response) =>
    response.writeHead(307, { location: `${other.url}/v1/hosts` }).end(),
  )
  const { exit } = await ask('hosts')
  expect(exit).not.toBe(0)
  expect(other.asked).toEqual([])
  await other.close()
})

test('a token file goes before a token of the environment, and every fault of the settings is named at once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dray-token-'))
  const file = join(folder, 'token')
  await writeFile(file, 'from-file\n')
  coordinator.on('GET /v1/hosts', json(hosts))
  expect((await ask('hosts', '--token-file', file)).exit).toBe(0)
  expect(coordinator.asked[0]?.headers.authorization).toBe('Bearer from-file')
  const wrong = await dray(['hosts', '--url', 'ftp://x', '--token-file', join(folder, 'none')])
  expect(wrong.exit).toBe(2)
  expect(wrong.stderr).toMatch(/DRAYAGE_CONFIG_INVALID[\s\S]*--url[\s\S]*--token-file/)
  await rm(folder, { recursive: true })
})

test('colours appear only where they are wanted', async () => {
  coordinator.on('GET /v1/hosts', json(hosts))
  const colours = async (env: Record<string, string>) =>
    (await dray(['hosts'], { url: coordinator.url, env })).stdout.includes('\u001b[')
  expect(await colours({})).toBe(false)
  expect(await colours({ FORCE_COLOR: '1' })).toBe(true)
  expect(await colours({ NO_COLOR: '1' })).toBe(false)
})
