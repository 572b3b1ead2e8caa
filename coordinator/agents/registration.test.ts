import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { InventoryReport } from '../../shared/rpc/generated/drayage/v1/InventoryReport.ts'
import { openAuthority } from '../identity/authority.ts'
import { agentIdentity, type CoordinatorServers, startCoordinatorServers } from './testing/coordinator-servers.ts'

let servers: CoordinatorServers
beforeEach(async () => {
  servers = await startCoordinatorServers()
})
afterEach(() => servers.stop())

const limits = { timeoutMs: 10_000 }
const registration = { agentVersion: '0.1.0', advertiseAddress: '10.0.0.1:8442', engine: { id: 'e1', version: '28.5' } }

const report = (sequence: number, over: Partial<InventoryReport> = {}): InventoryReport => ({
  sequence,
  full: sequence === 1,
  containers: [{ id: 'c1', name: 'web', state: 'running', createdAt: '2026-01-01T00:00:00Z' }],
  ...over,
})

describe("the agents' port", () => {
  test('turns away who has no certificate, before any call', async () => {
    const { authority } = servers.identity
    await expect(servers.coordinator({ authority }).unary('Register', registration, limits)).rejects.toMatchObject({
      code: 'DRAYAGE_COORDINATOR_UNREACHABLE',
    })
  })

  test('turns away a certificate of another authority', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drayage-other-'))
    try {
      await servers.directory.add('host-1')
      const other = await openAuthority(folder, new Date())
      const impostor = { ...(await agentIdentity(other, 'host-1')), authority: servers.authority.certificate }
      await expect(servers.coordinator(impostor).unary('Register', registration, limits)).rejects.toMatchObject({
        code: 'DRAYAGE_COORDINATOR_UNREACHABLE',
      })
      expect((await servers.directory.get('host-1')).state).toBe('unknown')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('is not trusted by an agent of another authority', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drayage-other-'))
    try {
      const stranger = await agentIdentity(await openAuthority(folder, new Date()), 'host-1')
      await expect(servers.coordinator(stranger).unary('Register', registration, limits)).rejects.toMatchObject({
        code: 'DRAYAGE_COORDINATOR_UNREACHABLE',
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test("refuses the coordinator's own role, which is not an agent's", async () => {
    await expect(
      servers.coordinator(servers.identity).unary('Heartbeat', { engineReachable: true }, limits),
    ).rejects.toMatchObject({ code: 'DRAYAGE_ROLE_FORBIDDEN' })
  })

  test('refuses an agent of a host that was never added', async () => {
    const agent = servers.coordinator(await agentIdentity(servers.authority, 'host-9'))
    await expect(agent.unary('Register', registration, limits)).rejects.toMatchObject({
      code: 'DRAYAGE_HOST_NOT_FOUND',
    })
  })
})

describe('an agent', () => {
  test('that registers is online, with its address and engine, and is lost when it falls silent', async () => {
    const agent = servers.coordinator(await servers.enrolled('host-1'))
    expect((await servers.directory.get('host-1')).state).toBe('unknown')
    expect(await agent.unary('Register', registration, limits)).toEqual({
      heartbeatIntervalMs: 5_000,
      coordinatorVersion: '0.0.0-test',
      trust: {
        version: expect.stringMatching(/^[0-9a-f]{32}$/),
        revokedKeys: [],
        authorities: [servers.authority.certificate],
      },
    })
    expect(await servers.directory.get('host-1')).toMatchObject({
      state: 'online',
      address: '10.0.0.1:8442',
      agentVersion: '0.1.0',
      engineReachable: true,
      engine: { id: 'e1', version: '28.5' },
      inventoryAt: null,
    })
    servers.letPass(14_000)
    await agent.unary('Heartbeat', { engineReachable: false }, limits)
    expect(await servers.directory.get('host-1')).toMatchObject({ state: 'online', engineReachable: false })
    servers.letPass(15_100)
    expect(await servers.directory.get('host-1')).toMatchObject({ state: 'lost', engineReachable: false })
  })

  test('must say where it can be reached', async () => {
    const agent = servers.coordinator(await servers.enrolled('host-1'))
    for (const advertiseAddress of ['', 'host-1', 'host-1:0', ':8442', 'host-1:99999']) {
      await expect(agent.unary('Register', { ...registration, advertiseAddress }, limits)).rejects.toMatchObject({
        code: 'DRAYAGE_INVALID_REQUEST',
      })
    }
  })

  test('that registers without its engine keeps what was known of it', async () => {
    const agent = servers.coordinator(await servers.enrolled('host-1'))
    await agent.unary('Register', registration, limits)
    await agent.unary('Register', { ...registration, engine: null }, limits)
    expect(await servers.directory.get('host-1')).toMatchObject({ engine: { id: 'e1' }, engineReachable: false })
  })
})

describe('reports', () => {
  const open = async (host = 'host-1') => {
    const stream = servers.coordinator(await servers.enrolled(host)).duplex('Report', {})
    const acks = stream.replies[Symbol.asyncIterator]()
    return { ...stream, acks }
  }

  test('are acknowledged when they are on the disk, in their order', async () => {
    const { send, end, acks } = await open()
    await send(report(1))
    expect(await acks.next()).toEqual({ done: false, value: { sequence: 1 } })
    expect((await servers.inventory.containers({})).map(({ id, state }) => [id, state])).toEqual([['c1', 'running']])
    await send(report(2, { containers: [], removedContainerIds: ['c1'] }))
    expect(await acks.next()).toEqual({ done: false, value: { sequence: 2 } })
    expect(await servers.inventory.containers({})).toEqual([])
    expect((await servers.directory.get('host-1')).inventoryAt).not.toBeNull()
    end()
    expect((await acks.next()).done).toBe(true)
  })

  test('of a host are known by its certificate, whatever they say', async () => {
    const { send, acks } = await open('host-2')
    await send(report(1))
    await acks.next()
    expect((await servers.inventory.containers({})).map(({ host }) => host)).toEqual(['host-2'])
  })

  test('that begin with a change, or leave one out, are refused with the reason', async () => {
    const first = await open()
    await first.send(report(1, { full: false }))
    await expect(first.acks.next()).rejects.toMatchObject({ code: 'DRAYAGE_INVALID_REQUEST' })

    const second = await open('host-2')
    await second.send(report(1))
    await second.acks.next()
    await second.send(report(3))
    await expect(second.acks.next()).rejects.toMatchObject({
      code: 'DRAYAGE_INVALID_REQUEST',
      message: expect.stringContaining('Report 3 came where 2 was due'),
    })
  })

  test('of an older stream end when the same host opens another', async () => {
    const identity = await servers.enrolled('host-1')
    const [older, newer] = [1, 2].map(() => servers.coordinator(identity).duplex('Report', {}))
    if (older === undefined || newer === undefined) throw new Error('Two were opened')
    const olderAcks = older.replies[Symbol.asyncIterator]()
    await older.send(report(1))
    await olderAcks.next()
    const newerAcks = newer.replies[Symbol.asyncIterator]()
    await newer.send(report(1, { containers: [] }))
    await newerAcks.next()
    await expect(olderAcks.next()).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
    await newer.send(report(2))
    expect(await newerAcks.next()).toEqual({ done: false, value: { sequence: 2 } })
  })

  test('end when the coordinator stops', async () => {
    const { send, acks } = await open()
    await send(report(1))
    await acks.next()
    servers.stopReports()
    expect((await acks.next()).done).toBe(true)
  })
})

test('the enrolment port serves enrolment alone', async () => {
  const agent = await servers.enrolled('host-1')
  await expect(servers.coordinatorOnEnrolmentPort(agent).unary('Register', registration, limits)).rejects.toThrow(
    'does not implement',
  )
})
