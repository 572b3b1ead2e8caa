import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatJoinToken, parseJoinToken } from '../../shared/identity/join-token.ts'
import { openAuthority } from '../identity/authority.ts'
import { agentCertificateMs } from '../identity/root.ts'
import { newSecret } from '../identity/tokens.ts'
import { type CoordinatorServers, newKeys, startCoordinatorServers } from './testing/coordinator-servers.ts'

let servers: CoordinatorServers
beforeEach(async () => {
  servers = await startCoordinatorServers()
})
afterEach(() => servers.stop())

const limits = { timeoutMs: 10_000 }
const enrol = (token: string, csr: Buffer) => servers.enrolment.unary('Enrol', { token, csr }, limits)
const refused = { code: 'DRAYAGE_JOIN_TOKEN_INVALID' }

describe('a join token', () => {
  test('is traded for a certificate that says who the agent is, signed by the authority it names', async () => {
    const { joinToken } = await servers.directory.add('host-1')
    const reply = await enrol(joinToken, (await newKeys('host-1')).csr)
    const certificate = new X509Certificate(reply.certificate)
    const authority = new X509Certificate(reply.authority)
    expect(reply.host).toBe('host-1')
    expect(certificate.subjectAltName).toBe('URI:drayage://agent/host-1, DNS:host-1.agent.drayage.internal')
    expect(certificate.verify(authority.publicKey)).toBe(true)
    expect(certificate.ca).toBe(false)
    expect(authority.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(parseJoinToken(joinToken).fingerprint)
    const leftMs = certificate.validToDate.getTime() - servers.clock.now().getTime()
    expect(leftMs).toBeGreaterThan(agentCertificateMs - 3_600_000)
    expect(leftMs).toBeLessThanOrEqual(agentCertificateMs)
  })

  test('used again with the same key gives the same certificate, also when its hour has passed', async () => {
    const { joinToken } = await servers.directory.add('host-1')
    const { csr } = await newKeys('host-1')
    const first = await enrol(joinToken, csr)
    servers.letPass(2 * 3_600_000)
    expect(await enrol(joinToken, csr)).toEqual(first)
  })

  test('used again when what it was traded for has ended is refused, and a new one gives the same key another', async () => {
    const { joinToken } = await servers.directory.add('host-1')
    const { csr } = await newKeys('host-1')
    const first = await enrol(joinToken, csr)
    servers.letPass(agentCertificateMs + 1_000)
    await expect(enrol(joinToken, csr)).rejects.toMatchObject(refused)
    const second = await enrol((await servers.directory.add('host-1')).joinToken, csr)
    expect(
      new X509Certificate(second.certificate).validToDate > new X509Certificate(first.certificate).validToDate,
    ).toBe(true)
  })

  test('used again with another key is refused, and stays good for the first', async () => {
    const { joinToken } = await servers.directory.add('host-1')
    const { csr } = await newKeys('host-1')
    const first = await enrol(joinToken, csr)
    await expect(enrol(joinToken, (await newKeys('host-1')).csr)).rejects.toMatchObject(refused)
    expect(await enrol(joinToken, csr)).toEqual(first)
  })

  test('is good for one of many who come at once with keys of their own', async () => {
    const { joinToken } = await servers.directory.add('host-1')
    const requests = await Promise.all(Array.from({ length: 8 }, () => newKeys('host-1')))
    const outcomes = await Promise.allSettled(requests.map(({ csr }) => enrol(joinToken, csr)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test("is refused after an hour, and when it is another host's, another coordinator's, or made up", async () => {
    const { csr } = await newKeys('host-1')
    const { joinToken } = await servers.directory.add('host-1')
    const { secret, fingerprint } = parseJoinToken(joinToken)
    for (const wrong of [
      formatJoinToken({ host: 'host-1', fingerprint, secret: newSecret() }),
      formatJoinToken({ host: 'host-1', fingerprint: '0'.repeat(64), secret }),
      formatJoinToken({ host: 'host-2', fingerprint, secret }),
      'dray1.host-1',
      '',
    ]) {
      await expect(enrol(wrong, csr)).rejects.toMatchObject(refused)
    }
    servers.letPass(3_600_001)
    await expect(enrol(joinToken, csr)).rejects.toMatchObject(refused)
    const lines = await servers.audit.list({ limit: 100, action: 'Enrol', outcome: 'refused' })
    expect(lines.map(({ code }) => code)).toEqual(Array(6).fill('DRAYAGE_JOIN_TOKEN_INVALID'))
  })

  test('gives way to the next one that is asked for', async () => {
    const { joinToken: first } = await servers.directory.add('host-1')
    const { joinToken: second } = await servers.directory.add('host-1')
    const { csr } = await newKeys('host-1')
    await expect(enrol(first, csr)).rejects.toMatchObject(refused)
    await enrol(second, csr)
  })
})

describe('a signing request', () => {
  test('that names another host than the token is refused, and the token stays good', async () => {
    const { joinToken } = await servers.directory.add('host-1')
    await expect(enrol(joinToken, (await newKeys('host-2')).csr)).rejects.toMatchObject(refused)
    await enrol(joinToken, (await newKeys('host-1')).csr)
  })

  test('that is damaged, or of another kind of key, is refused', async () => {
    const { joinToken } = await servers.directory.add('host-1')
    const { csr } = await newKeys('host-1')
    const forged = Buffer.from(csr)
    forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1)
    const otherCurve = (await newKeys('host-1', { namedCurve: 'P-384' })).csr
    for (const bad of [forged, otherCurve, csr.subarray(0, 40), Buffer.alloc(0)]) {
      await expect(enrol(joinToken, bad)).rejects.toMatchObject({ code: 'DRAYAGE_INVALID_REQUEST' })
    }
  })
})

describe('a host that has enrolled', () => {
  const registration = { agentVersion: '0.1.0', advertiseAddress: '10.0.0.1:8442', engine: { id: 'e1' } }
  const register = (agent: Awaited<ReturnType<CoordinatorServers['enrolled']>>) =>
    servers.coordinator(agent).unary('Register', registration, limits)
  const replaced = { code: 'DRAYAGE_AGENT_REPLACED' }

  test('cannot be added again while it is online, and can be when it is lost or was never heard of', async () => {
    const agent = await servers.enrolled('host-1')
    expect((await servers.directory.add('host-1')).name).toBe('host-1')
    await register(agent)
    await expect(servers.directory.add('host-1')).rejects.toMatchObject({ code: 'DRAYAGE_HOST_EXISTS' })
    servers.letPass(15_100)
    expect((await servers.directory.get('host-1')).state).toBe('lost')
    expect((await servers.directory.add('host-1')).name).toBe('host-1')
  })

  test('and is installed anew goes on under its name, and the agent that it replaces is heard no more', async () => {
    const before = await servers.enrolled('host-1')
    await register(before)
    servers.letPass(15_100)
    const { addedAt } = await servers.directory.get('host-1')
    const anew = await servers.enrolled('host-1')
    for (const call of [
      () => register(before),
      () => servers.coordinator(before).unary('Heartbeat', { engineReachable: true }, limits),
      () => servers.coordinator(before).duplex('Report', {}).replies[Symbol.asyncIterator]().next(),
    ]) {
      await expect(call()).rejects.toMatchObject(replaced)
    }
    expect(await servers.directory.get('host-1')).toMatchObject({ state: 'lost', addedAt })
    await register(anew)
    expect(await servers.directory.get('host-1')).toMatchObject({ state: 'online', addedAt })
  })

  test('is heard as before until a new token of its is used', async () => {
    const agent = await servers.enrolled('host-1')
    await servers.directory.add('host-1')
    await register(agent)
    expect((await servers.directory.get('host-1')).state).toBe('online')
  })
})

test('an authority is the same after a restart, and its key is for its owner alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drayage-authority-'))
  try {
    const first = await openAuthority(folder, new Date())
    const again = await openAuthority(folder, new Date())
    expect(again.fingerprint).toBe(first.fingerprint)
    expect(statSync(join(folder, 'authority.pem')).mode & 0o777).toBe(0o600)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

describe('what goes on record', () => {
  const onRecord = async () => (await servers.audit.list({ limit: 1000 })).toReversed()

  test('each agent that was enrolled, and whoever was refused, without the token', async () => {
    const { joinToken } = await servers.directory.add('host-1')
    const { csr } = await newKeys('host-1')
    await enrol(joinToken, csr)
    await enrol(joinToken, csr)
    await expect(enrol(joinToken, (await newKeys('host-1')).csr)).rejects.toMatchObject(refused)
    const entries = await onRecord()
    expect(entries).toMatchObject([
      { actor: 'agent host-1', address: '127.0.0.1', action: 'Enrol', subject: 'host-1', outcome: 'allowed' },
      { actor: null, address: '127.0.0.1', action: 'Enrol', outcome: 'refused', code: 'DRAYAGE_JOIN_TOKEN_INVALID' },
    ])
    expect(JSON.stringify(entries)).not.toContain(joinToken)
  })

  test('a flood of refusals does not fill the disk: sixty a minute', async () => {
    const { csr } = await newKeys('host-1')
    const knock = () => enrol('dray1.host-1', csr).catch(() => {})
    for (let knocks = 0; knocks < 70; knocks += 1) await knock()
    const lines = (await onRecord()).length
    // The minute may have changed on the way.
    expect(lines).toBeGreaterThanOrEqual(60)
    expect(lines).toBeLessThanOrEqual(70)
    servers.letPass(60_000)
    await knock()
    expect(await onRecord()).toHaveLength(lines + 1)
  })
})
