import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import {
  agentIdentity,
  type CoordinatorServers,
  newKeys,
  startCoordinatorServers,
} from './testing/coordinator-servers.ts'

let servers: CoordinatorServers
beforeEach(async () => {
  servers = await startCoordinatorServers()
})
afterEach(() => servers.stop())

const limits = { timeoutMs: 10_000 }
const registration = { agentVersion: '1', advertiseAddress: '10.0.0.1:8442', engine: { id: 'e' } }
const heartbeat = (tls: TlsIdentity, trustVersion = '') =>
  servers.coordinator(tls).unary('Heartbeat', { engineReachable: true, trustVersion }, limits)
const revoked = { code: 'DRAYAGE_CERTIFICATE_REVOKED' }

const workload = async (id: string, host: string, containerId: string) => {
  const at = new Date().toISOString()
  await servers.db.insertInto('workloads').values({ id, host, containerId, epoch: 1, createdAt: at }).execute()
  await servers.db.insertInto('workloadPlaces').values({ host, containerId, workloadId: id, since: at }).execute()
}
const leftBehind = (workloadId: string, host: string, containerId: string) =>
  servers.db.insertInto('workloadPlaces').values({ host, containerId, workloadId, since: '2026-01-01' }).execute()

test('a host that is removed is refused from its next call on, is not listed, and is told why', async () => {
  const tls = await servers.enrolled('host-1')
  const client = servers.coordinator(tls)
  await client.unary('Register', registration, limits)
  const removed = await servers.directory.remove('host-1', [])
  expect(removed).toMatchObject({ name: 'host-1', gaveUp: [] })
  await expect(heartbeat(tls)).rejects.toMatchObject({ ...revoked, message: expect.stringContaining('dray host add') })
  await expect(servers.coordinator(tls).unary('Register', registration, limits)).rejects.toMatchObject(revoked)
  expect(await servers.directory.list()).toEqual([])
  await expect(servers.directory.get('host-1')).rejects.toMatchObject({ code: 'DRAYAGE_HOST_NOT_FOUND' })
  await expect(servers.directory.remove('host-1', [])).rejects.toMatchObject({ code: 'DRAYAGE_HOST_NOT_FOUND' })
  expect(await servers.audit.list({ limit: 10, action: 'Heartbeat' })).toMatchObject([
    { actor: 'agent host-1', outcome: 'refused', code: 'DRAYAGE_CERTIFICATE_REVOKED' },
  ])
})

test('its connection is closed, with what runs over it', async () => {
  const tls = await servers.enrolled('host-1')
  const stream = servers.coordinator(tls).duplex('Report', {})
  await stream.send({ sequence: 1, full: true })
  const replies = stream.replies[Symbol.asyncIterator]()
  expect((await replies.next()).done).toBe(false)
  await servers.directory.remove('host-1', [])
  await expect(replies.next()).rejects.toBeInstanceOf(AppError)
})

test('the other agents are told of its key with their next heartbeat, once, and after a start too', async () => {
  const [one, two] = [await servers.enrolled('host-1'), await servers.enrolled('host-2')]
  const before = await heartbeat(two)
  await servers.directory.remove('host-1', [])
  const { trust } = await heartbeat(two, before.trust?.version)
  expect(trust?.revokedKeys).toHaveLength(1)
  expect((await heartbeat(two, trust?.version)).trust).toBeNull()
  expect((await servers.coordinator(two).unary('Register', registration, limits)).trust).toEqual(trust)
  // Until no certificate for it can be good.
  servers.letPass(32 * 24 * 60 * 60_000)
  await servers.trusted.refresh()
  expect((await heartbeat(two, trust?.version)).trust?.revokedKeys).toEqual([])
  expect(one.key).not.toBe(two.key)
})

test('every key that was ever certified for it is revoked, and no token that was given for it is good', async () => {
  const { joinToken } = await servers.directory.add('host-1')
  const keys = await newKeys('host-1')
  const enrol = () => servers.enrolment.unary('Enrol', { token: joinToken, csr: keys.csr }, limits)
  const reply = await enrol()
  const first = { authority: reply.authority, certificate: reply.certificate, key: keys.privateKey }
  const second = await servers.enrolled('host-1')
  await servers.directory.remove('host-1', [])
  for (const tls of [first, second]) await expect(heartbeat(tls)).rejects.toMatchObject(revoked)
  await expect(enrol()).rejects.toMatchObject({ code: 'DRAYAGE_JOIN_TOKEN_INVALID' })
})

test('its name is good again with a new token and another key; the old key is not', async () => {
  const { joinToken: first } = await servers.directory.add('host-1')
  const keys = await newKeys('host-1')
  await servers.enrolment.unary('Enrol', { token: first, csr: keys.csr }, limits)
  await servers.directory.remove('host-1', [])
  const { joinToken: token } = await servers.directory.add('host-1')
  await expect(servers.enrolment.unary('Enrol', { token, csr: keys.csr }, limits)).rejects.toMatchObject(revoked)
  const { csr, privateKey } = await newKeys('host-1')
  const { certificate, authority } = await servers.enrolment.unary('Enrol', { token, csr }, limits)
  expect(await heartbeat({ authority, certificate, key: privateKey })).toMatchObject({
    trust: { revokedKeys: [expect.any(String)] },
  })
  expect((await servers.directory.get('host-1')).lastSeen).not.toBeNull()
})

test('it is kept, with every reason, while something of a move is there; what is given up in words is named', async () => {
  await servers.enrolled('host-1')
  const tls = await servers.enrolled('host-2')
  await workload('w1', 'host-1', 'lives-here')
  await workload('w2', 'host-2', 'lives-there')
  await leftBehind('w2', 'host-1', 'was-here')
  const reasons = async (givenUp: ('workloads' | 'copies')[]) => {
    const error = await servers.directory.remove('host-1', givenUp).catch((thrown: AppError) => thrown)
    if (!(error instanceof AppError)) return error.gaveUp.map(({ code }) => code)
    expect(error.code).toBe('DRAYAGE_HOST_IN_USE')
    return (error.details.reasons as { code: string }[]).map(({ code }) => code)
  }
  expect(await reasons([])).toEqual(['workload-here', 'retained-copy'])
  expect(await reasons(['copies'])).toEqual(['workload-here'])
  expect(await reasons(['workloads'])).toEqual(['retained-copy'])
  expect((await servers.directory.list()).map(({ name }) => name)).toEqual(['host-1', 'host-2'])
  expect(await reasons(['workloads', 'copies'])).toEqual(['workload-here', 'retained-copy'])
  expect((await servers.directory.list()).map(({ name }) => name)).toEqual(['host-2'])
  await heartbeat(tls)
})

test('TLS refuses a certificate of another authority and one that has expired, and none at all; each is in the audit', async () => {
  const other = await startCoordinatorServers()
  try {
    const stranger = { ...(await agentIdentity(other.authority, 'host-1')), authority: servers.authority.certificate }
    const expired = await servers.expired('host-1')
    const nothing = { authority: servers.authority.certificate }
    for (const tls of [stranger, expired, nothing]) {
      await expect(servers.coordinator(tls).unary('Register', registration, limits)).rejects.toMatchObject({
        code: 'DRAYAGE_COORDINATOR_UNREACHABLE',
      })
    }
    const lines = async () =>
      (await servers.audit.list({ limit: 100, action: 'TlsHandshake' })).map(({ subject, outcome, code, address }) => ({
        ...{ subject, outcome, code, address },
      }))
    const line = { outcome: 'refused', code: 'DRAYAGE_UNAUTHENTICATED', address: '127.0.0.1' }
    for (const subject of ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_HAS_EXPIRED', 'NO_CERTIFICATE']) {
      await expect.poll(lines, { timeout: 15_000 }).toContainEqual({ ...line, subject })
    }
    // Whoever tries over and over is one line.
    expect(await lines()).toHaveLength(3)
  } finally {
    await other.stop()
  }
})
