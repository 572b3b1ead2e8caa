import { X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keyHashOf } from '../../shared/identity/key-hash.ts'
import { readTicket, ticketLifeMs } from '../../shared/identity/ticket.ts'
import type { Ticket, Ticket__Output } from '../../shared/rpc/generated/drayage/v1/Ticket.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import { type CoordinatorServers, startCoordinatorServers } from '../agents/testing/coordinator-servers.ts'

let servers: CoordinatorServers
beforeEach(async () => {
  servers = await startCoordinatorServers()
})
afterEach(() => servers.stop())

const pull = { transferId: 'm1', workloadId: 'w', epoch: 3, sourceHost: 'host-1', volume: 'data' }
const read = (ticket: Ticket | null) =>
  readTicket(ticket as Ticket__Output | null, servers.authority.certificate, servers.clock.now())
const renew = async (tls: TlsIdentity, ticket: Ticket) =>
  (await servers.coordinator(tls).unary('RenewTicket', { ticket }, { timeoutMs: 10_000 })).ticket
const refused = { code: 'DRAYAGE_TICKET_REFUSED' }

test('a ticket is for what was ordered and for the key that the target enrolled with, for a quarter of an hour', async () => {
  const tls = await servers.enrolled('host-2')
  const statement = read(await servers.tickets.to('host-2')(pull))
  expect(statement).toMatchObject({ ...pull, targetHost: 'host-2' })
  expect(statement.targetKey).toBe(keyHashOf(new X509Certificate(tls.certificate)))
  expect(statement.expiresAtMs - statement.issuedAtMs).toBe(ticketLifeMs)
})

test('none is given for a host that nobody has enrolled as', async () => {
  await expect(servers.tickets.to('host-2')(pull)).rejects.toMatchObject({ code: 'DRAYAGE_HOST_OFFLINE' })
})

test('one that has run out is renewed, with nothing else changed, while what it is for is under way', async () => {
  const tls = await servers.enrolled('host-2')
  const ticket = await servers.tickets.to('host-2')(pull)
  servers.underWay.add('m1')
  servers.letPass(60 * 60_000)
  const [before, after] = [read(ticket), read(await renew(tls, ticket))]
  expect(after.expiresAtMs).toBeGreaterThanOrEqual(servers.clock.now().getTime())
  expect(after.expiresAtMs - before.expiresAtMs).toBeGreaterThanOrEqual(60 * 60_000)
  expect({ ...after, issuedAtMs: 0, expiresAtMs: 0 }).toEqual({ ...before, issuedAtMs: 0, expiresAtMs: 0 })
  servers.underWay.delete('m1')
  await expect(renew(tls, ticket)).rejects.toMatchObject(refused)
})

test("another's is not renewed, nor one that was altered; and that is in the audit", async () => {
  await servers.enrolled('host-2')
  const other = await servers.enrolled('host-3')
  const ticket = await servers.tickets.to('host-2')(pull)
  servers.underWay.add('m1')
  await expect(renew(other, ticket)).rejects.toMatchObject(refused)
  const statement = Buffer.from(ticket.statement as Buffer)
  statement[10] = (statement[10] ?? 0) ^ 1
  await expect(renew(other, { ...ticket, statement })).rejects.toMatchObject(refused)
  await expect
    .poll(async () => (await servers.audit.list({ limit: 10 })).filter(({ action }) => action === 'RenewTicket'))
    .toMatchObject([refused, refused].map(({ code }) => ({ actor: 'agent host-3', outcome: 'refused', code })))
})

test('what an agent has refused stands in the audit with whom it refused, and on which host', async () => {
  const tls = await servers.enrolled('host-1')
  const refusal = {
    ...{ at: '2026-01-01T00:00:00Z', method: 'PullVolume', caller: 'host-3', address: '10.0.0.3' },
    ...{ code: 'DRAYAGE_TICKET_REFUSED', subject: 'volume data of m1' },
  }
  const stale = {
    ...refusal,
    method: 'StopSource',
    caller: 'coordinator',
    code: 'DRAYAGE_EPOCH_STALE',
    subject: 'epoch 1',
  }
  const report = { refusals: [refusal, { ...refusal, caller: '', subject: '' }, stale], untold: 4 }
  await servers.coordinator(tls).unary('ReportRefusals', report, { timeoutMs: 10_000 })
  const common = { action: 'PullVolume', address: '10.0.0.3', outcome: 'refused', code: 'DRAYAGE_TICKET_REFUSED' }
  expect((await servers.audit.list({ limit: 10 })).filter(({ action }) => action === 'PullVolume')).toMatchObject([
    { ...common, actor: null, subject: 'on host-1' },
    { ...common, actor: 'agent host-3', subject: 'on host-1: volume data of m1' },
  ])
  expect(await servers.audit.list({ limit: 10, action: 'StopSource' })).toMatchObject([
    { actor: 'coordinator', outcome: 'refused', code: 'DRAYAGE_EPOCH_STALE', subject: 'on host-1: epoch 1' },
  ])
})
