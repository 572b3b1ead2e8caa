import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AppError } from '../../shared/errors.ts'
import { fingerprintsIn, issuerOf } from '../../shared/identity/roots.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import { type CoordinatorServers, newKeys, startCoordinatorServers } from '../agents/testing/coordinator-servers.ts'
import { openAuthority } from './authority.ts'
import { createRotation } from './rotation.ts'

let servers: CoordinatorServers
beforeEach(async () => {
  servers = await startCoordinatorServers()
})
afterEach(() => servers.stop())

const limits = { timeoutMs: 10_000 }
const registration = { agentVersion: '1', advertiseAddress: '10.0.0.1:8442', engine: { id: 'e' } }
const mismatch = { code: 'DRAYAGE_COORDINATOR_UNREACHABLE' }

// As an agent does that takes what it is told, over a connection of its own each time.
const createAgent = async (host: string) => {
  const { joinToken } = await servers.directory.add(host)
  const { csr, privateKey } = await newKeys(host)
  const first = await servers.enrolment.unary('Enrol', { token: joinToken, csr }, limits)
  let tls: TlsIdentity = { authority: first.authority, certificate: first.certificate, key: privateKey }
  const held = () => ({
    trusted: fingerprintsIn(tls.authority),
    certifiedBy: issuerOf(tls.certificate, tls.authority)?.fingerprint256.replaceAll(':', '').toLowerCase() ?? '',
  })
  return {
    tls: () => tls,
    beat: async () => {
      const request = { engineReachable: true, authorities: held() }
      const { trust } = await servers.coordinator(tls).unary('Heartbeat', request, limits)
      if (trust) tls = { ...tls, authority: trust.authorities.join('\n') }
    },
    renew: async () => {
      const { certificate } = await servers.coordinator(tls).unary('Renew', { csr }, limits)
      tls = { ...tls, certificate }
    },
  }
}
const settle = () => expect.poll(() => servers.authority.stage, { timeout: 10_000 })

test('the next authority issues when every host trusts it, and the previous one is trusted until every agent has another certificate', async () => {
  const [one, two] = [await createAgent('host-1'), await createAgent('host-2')]
  const before = servers.authority.fingerprint
  expect(await servers.rotation.rotate([])).toMatchObject({
    stage: 'spreading',
    waitingFor: [{ host: 'host-1' }, { host: 'host-2' }],
  })
  // Told with one heartbeat, and believed with the next, which says that it is so.
  for (const _ of ['told', 'says so']) await one.beat()
  expect((await servers.rotation.describe()).waitingFor).toMatchObject([
    { host: 'host-2', message: expect.stringContaining('has not been heard') },
  ])
  expect(servers.authority.fingerprint).toBe(before)
  await two.beat()
  expect((await servers.rotation.describe()).waitingFor).toMatchObject([
    { host: 'host-2', message: expect.stringContaining('has not said yet that it trusts') },
  ])
  await two.beat()
  await settle().toBe('renewing')
  expect(servers.stepsTaken).toEqual(['issueByNextAuthority'])
  expect(servers.authority.fingerprint).not.toBe(before)

  const refused = (await servers.rotation.finish([]).catch((thrown: unknown) => thrown)) as AppError
  expect(refused).toMatchObject({
    code: 'DRAYAGE_ROTATION_WAITS',
    message: expect.stringContaining('host-2: its agent'),
  })
  // With the old certificate, and then with one of the new authority; what it shows is of the new one already.
  for (const agent of [one, two]) {
    await agent.beat()
    await agent.renew()
    await agent.beat()
  }
  const old = one.tls()
  expect(await servers.rotation.finish([])).toMatchObject({
    stage: 'settled',
    authorities: [{ place: 'issuing', fingerprint: servers.authority.fingerprint }],
  })
  for (const agent of [one, two]) await agent.beat()
  expect(fingerprintsIn(one.tls().authority)).toEqual([servers.authority.fingerprint])
  await one.beat()
  expect(fingerprintsIn(old.authority)).toContain(before)
})

test('what is of the previous authority is refused when the change is finished', async () => {
  const agent = await createAgent('host-1')
  await servers.rotation.rotate([])
  for (const _ of ['told', 'says so']) await agent.beat()
  await settle().toBe('renewing')
  const stale = agent.tls()
  await servers.coordinator(stale).unary('Register', registration, limits)
  await servers.rotation.finish(['host-1'])
  await expect(servers.coordinator(stale).unary('Register', registration, limits)).rejects.toMatchObject(mismatch)
  await expect
    .poll(async () => (await servers.audit.list({ limit: 10, action: 'TlsHandshake' })).length, { timeout: 15_000 })
    .toBe(1)
})

test('a host that is away is waited for and named; it can be left out in words, or removed', async () => {
  const [one] = [await createAgent('host-1'), await createAgent('host-2'), await createAgent('host-3')]
  await servers.directory.add('never-enrolled')
  await servers.rotation.rotate([])
  for (const _ of ['told', 'says so']) await one.beat()
  expect((await servers.rotation.rotate(['host-2'])).waitingFor.map(({ host }) => host)).toEqual(['host-2', 'host-3'])
  await expect(servers.rotation.rotate(['host-9'])).rejects.toMatchObject({ code: 'DRAYAGE_HOST_NOT_FOUND' })
  await expect(servers.rotation.finish(['host-2', 'host-3'])).rejects.toMatchObject({ code: 'DRAYAGE_ROTATION_WAITS' })
  expect((await servers.rotation.rotate(['host-2', 'host-3'])).stage).toBe('renewing')
  await one.renew()
  await one.beat()
  await servers.directory.remove('host-3', [])
  expect((await servers.rotation.describe()).waitingFor.map(({ host }) => host)).toEqual(['host-2'])
  await expect(servers.rotation.finish([])).rejects.toMatchObject({ code: 'DRAYAGE_ROTATION_WAITS' })
  expect((await servers.rotation.finish(['host-2'])).stage).toBe('settled')
  // Nothing is under way, so nothing is done.
  expect((await servers.rotation.finish([])).stage).toBe('settled')
})

test('the removal of the last host that is waited for lets the next authority issue', async () => {
  await createAgent('host-1')
  await servers.rotation.rotate([])
  await servers.directory.remove('host-1', [])
  await settle().toBe('renewing')
})

test('an agent that says nothing of authorities is waited for, and told to be of an older version', async () => {
  const tls = await servers.enrolled('host-1')
  await servers.rotation.rotate([])
  await servers.coordinator(tls).unary('Heartbeat', { engineReachable: true }, limits)
  expect((await servers.rotation.describe()).waitingFor).toMatchObject([
    { host: 'host-1', message: expect.stringContaining('update it') },
  ])
})

test('a ticket from before is good, and renewed, while the previous authority is trusted', async () => {
  const agent = await createAgent('host-1')
  servers.underWay.add('m1')
  const pull = { transferId: 'm1', workloadId: 'w1', epoch: 1, sourceHost: 'host-2', volume: 'data' }
  const ticket = await servers.tickets.to('host-1')(pull)
  const renew = async () => servers.coordinator(agent.tls()).unary('RenewTicket', { ticket }, limits)
  const signedBy = async () => Buffer.from((await renew()).ticket?.certificate ?? '')
  await servers.rotation.rotate([])
  for (const _ of ['told', 'says so']) await agent.beat()
  await settle().toBe('renewing')
  await agent.renew()
  await agent.beat()
  expect((await signedBy()).equals(Buffer.from(ticket.certificate ?? ''))).toBe(false)
  await servers.rotation.finish([])
  await expect(renew()).rejects.toMatchObject({ code: 'DRAYAGE_TICKET_REFUSED' })
})

test('a coordinator that starts anew is where it was, and the key of what is retired is gone', async () => {
  const file = join(servers.folder, 'authority.pem')
  const keys = () => readFileSync(file, 'utf8').match(/-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/g)
  const again = () => openAuthority(servers.folder, new Date())
  const [first] = keys() ?? []
  const told = () => fingerprintsIn(readFileSync(join(servers.folder, 'ca.pem'), 'utf8'))
  await servers.enrolled('host-1')
  const stages = [
    () => servers.rotation.rotate([]),
    () => servers.rotation.rotate(['host-1']),
    () => servers.rotation.finish(['host-1']),
  ]
  for (const take of stages) {
    await take()
    const { stage, fingerprint, other } = await again()
    expect([stage, fingerprint, other?.fingerprint]).toEqual([
      servers.authority.stage,
      servers.authority.fingerprint,
      servers.authority.other?.fingerprint,
    ])
    expect(told()).toEqual(fingerprintsIn(servers.authority.trusted.join('\n')))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(keys()).toHaveLength(stage === 'settled' ? 1 : 2)
  }
  expect(keys()).not.toContain(first)
})

test('a step that was taken, and of which the rest failed, is followed up before anything else is done', async () => {
  const authority = await openAuthority(servers.folder, new Date())
  const told: string[] = []
  let fails = true
  const quiet = { info: () => {}, error: () => {} }
  const host = { name: 'host-1', enrolledAt: new Date(), lastSeen: null }
  const rotation = createRotation({
    ...{ authority, hosts: async () => [host], tookStep: async () => {}, clock: { now: () => new Date() }, log: quiet },
    changed: async () => {
      if (fails) throw new Error('the disk is full')
      told.push(authority.stage)
    },
  })
  const failing = async (take: () => Promise<unknown>) => {
    fails = true
    await expect(take()).rejects.toThrow('the disk is full')
    await expect(take()).rejects.toThrow('the disk is full')
    fails = false
  }
  await failing(() => rotation.rotate([]))
  rotation.heard('host-1', null)
  await expect.poll(() => told).toEqual(['spreading'])
  await failing(() => rotation.rotate(['host-1']))
  expect((await rotation.rotate([])).stage).toBe('renewing')
  expect(told).toEqual(['spreading', 'renewing'])
  await failing(() => rotation.finish(['host-1']))
  expect((await rotation.finish([])).stage).toBe('settled')
  expect(told).toEqual(['spreading', 'renewing', 'settled'])
  await rotation.finish([])
  expect(told).toHaveLength(3)
})
