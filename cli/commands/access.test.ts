import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FakeCoordinator, json, problem, startFakeCoordinator } from '../testing/fake-coordinator.ts'
import { dray } from '../testing/run-dray.ts'

let coordinator: FakeCoordinator
beforeEach(async () => {
  coordinator = await startFakeCoordinator()
})
afterEach(() => coordinator.close())

const ask = (...args: string[]) => dray(args, { url: coordinator.url, token: 'secret' })

const token = {
  name: 'night-shift',
  role: 'operator',
  createdAt: '2026-01-01T00:00:00Z',
  createdBy: 'admin',
  expiresAt: null,
  lastUsedAt: null,
}

test('token add: the role and the life that were asked for, ninety days without; the token once', async () => {
  const added = { name: 'ci', role: 'operator', expiresAt: '2026-04-05T08:00:00Z', token: 'dray_x' }
  coordinator.on('POST /v1/tokens', json(added, 201))
  const text = await ask('token', 'add', 'ci', '--role', 'operator')
  expect(text).toMatchObject({ exit: 0, stdout: expect.stringContaining('dray_x') })
  expect(text.stdout).toContain('The token of ci, an operator. It is good until 2026-04-05T08:00:00Z.')
  expect(
    JSON.parse((await ask('token', 'add', 'ci', '--role', 'viewer', '--expires', 'never', '--json')).stdout),
  ).toEqual(added)
  await ask('token', 'add', 'ci', '--role', 'admin', '--expires', '8h')
  expect(coordinator.asked.map(({ body }) => body)).toEqual([
    { name: 'ci', role: 'operator', lifetimeSeconds: 90 * 24 * 3600 },
    { name: 'ci', role: 'viewer', lifetimeSeconds: null },
    { name: 'ci', role: 'admin', lifetimeSeconds: 8 * 3600 },
  ])
})

test('token add: without a role, or with a life that is none, asks nothing', async () => {
  for (const wrong of [['--role', 'root'], [], ['--role', 'viewer', '--expires', 'soon']]) {
    expect(await ask('token', 'add', 'ci', ...wrong)).toMatchObject({ exit: 2 })
  }
  expect(coordinator.asked).toEqual([])
})

test('token list and token remove', async () => {
  coordinator.on('GET /v1/tokens', json({ tokens: [token] }))
  coordinator.on('DELETE /v1/tokens/night-shift', (_asked, response) => response.writeHead(204).end())
  coordinator.on('DELETE /v1/tokens/admin', problem('DRAYAGE_LAST_ADMIN', 'admin is the last token of an admin'))
  const list = await ask('token', 'list')
  expect(list.stdout.split('\n')[1]).toMatch(/^night-shift {2}operator {2}never {6}never {4}.* by admin$/)
  expect(await ask('token', 'remove', 'night-shift')).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('night-shift is removed'),
  })
  expect(await ask('token', 'remove', 'admin')).toMatchObject({
    exit: 4,
    stderr: expect.stringContaining('last token'),
  })
})

test('audit: a line each, filtered by what the flags say', async () => {
  const entry = {
    seq: 7,
    at: '2026-01-05T08:00:00Z',
    actor: null,
    role: null,
    address: '10.0.0.9',
    action: 'startMigration',
    subject: '/v1/migrations',
    outcome: 'refused',
    code: 'DRAYAGE_UNAUTHENTICATED',
    requestId: 'req-1',
  }
  coordinator.on('GET /v1/audit', json({ entries: [entry] }))
  coordinator.on('GET /v1/audit?limit=5&before=9&outcome=refused', json({ entries: [] }))
  const { stdout } = await ask('audit')
  expect(stdout.split('\n')[1]).toBe(
    '7       2026-01-05T08:00:00Z  nobody known  10.0.0.9  startMigration  /v1/migrations  refused: DRAYAGE_UNAUTHENTICATED',
  )
  expect(await ask('audit', '--limit', '5', '--before', '9', '--outcome', 'refused')).toMatchObject({
    exit: 0,
    stdout: 'Nothing is on record.\n',
  })
})

test('ca: what stands, which hosts are waited for, and who is left out', async () => {
  const one = {
    place: 'issuing',
    fingerprint: '3f6c',
    name: 'CN=a',
    validUntil: '2036-01-01T00:00:00Z',
    certificate: '',
  }
  const authority = {
    ...{ stage: 'spreading', authorities: [one, { ...one, place: 'next', fingerprint: '77aa' }] },
    waitingFor: [{ host: 'host-3', message: 'its agent has not been heard' }],
    next: 'It goes on by itself.',
  }
  coordinator.on('GET /v1/authority', json(authority))
  coordinator.on('POST /v1/authority:rotate', json(authority))
  coordinator.on('POST /v1/authority:finish', problem('DRAYAGE_ROTATION_WAITS', 'host-3 would be cut off'))
  const { stdout } = await ask('ca', 'show')
  for (const said of ['next', '77aa', '2036-01-01', 'host-3: its agent has not been heard', 'It goes on by itself.']) {
    expect(stdout).toContain(said)
  }
  expect(await ask('ca', 'rotate', '--without', 'host-2', 'host-3')).toMatchObject({ exit: 0 })
  expect(await ask('ca', 'finish')).toMatchObject({
    exit: 4,
    stderr: expect.stringContaining('host-3 would be cut off'),
  })
  expect(coordinator.asked.flatMap(({ body }) => body ?? [])).toEqual([
    { without: ['host-2', 'host-3'] },
    { without: [] },
  ])
})
