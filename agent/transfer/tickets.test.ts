// Somebody who has a good certificate tries to get more than his ticket is for.
import { X509Certificate } from 'node:crypto'
import type { Server } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keyHashOf } from '../../shared/identity/key-hash.ts'
import { anonymous, type Identity, tlsHandshake } from '../../shared/identity/names.ts'
import { ticketLifeMs, ticketToleranceMs } from '../../shared/identity/ticket.ts'
import { type BanList, createBanList } from '../../shared/rpc/banned.ts'
import type { Ticket } from '../../shared/rpc/generated/drayage/v1/Ticket.ts'
import { createServer, handlers, listen } from '../../shared/rpc/server.ts'
import { services } from '../../shared/rpc/services.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import { createEnginePaths } from '../engine-paths.ts'
import { createAuthority } from '../identity/testing/authority.ts'
import { isOnRecord, toRefusal } from '../link/refusals.ts'
import { packedBytes } from '../volume/engine.ts'
import { createAdmission } from './admission.ts'
import { transferHandlers } from './handlers.ts'
import { createPuller } from './pull.ts'
import { createServing } from './serve.ts'
import { giveTicket, type Wish } from './testing/tickets.ts'
import { migrationId, never, twoAgents } from './testing/two-agents.ts'

const good: Wish = { transferId: migrationId, workloadId: 'w', epoch: 3, sourceHost: 'host-1', volume: 'data' }

const agents = twoAgents({ data: 'data'.repeat(1000), other: 'other'.repeat(1000) })
let server: Server
let peer: { host: string; address: string }
let now: () => Date
let pieces: Promise<void>
let banned: BanList
const refusals: { code: string; caller: string; subject: string }[] = []
beforeEach(async () => {
  now = () => new Date()
  pieces = Promise.resolve()
  banned = createBanList()
  refusals.length = 0
  const serving = createServing({
    engine: {
      // Ends when the test lets it.
      exportImage: async function* () {
        yield Buffer.from('first')
        await pieces
        yield Buffer.from('second')
      },
    },
    ...{ volumes: agents.volumes, paths: createEnginePaths(undefined), state: agents.state, signOfLifeMs: 50 },
    admission: createAdmission({ host: 'host-1', trusted: agents.source, now: () => now() }),
  })
  server = createServer()
  const onRecord = (thrown: unknown, method: string, caller: Identity, address: string) => {
    const error = thrown as Parameters<typeof isOnRecord>[0]
    if (!isOnRecord(error)) return
    const { code = '', caller: who = '', subject = '' } = toRefusal(error, method, caller, address)
    refusals.push({ code, caller: who, subject })
  }
  server.addService(services.Transfer, transferHandlers(serving, handlers(['agent'], onRecord, banned)))
  const { port } = await listen(server, '127.0.0.1:0', agents.source, {
    ...{ mutual: true, banned },
    turnedAway: (error, from) => onRecord(error, tlsHandshake, anonymous, from),
  })
  peer = { host: 'host-1', address: `127.0.0.1:${port}` }
})
afterEach(() => server.forceShutdown())

const pull = async (ticket: Ticket | null, identity = agents.target, asked: object = {}): Promise<number> => {
  const request = { migrationId, volume: 'data', round: 1, final: true, ticket, ...asked }
  const pulled = createPuller({ tls: identity }).volume(peer, request, never)
  let bytes = 0
  for await (const piece of pulled.pieces) bytes += packedBytes(piece)
  await pulled.summary()
  return bytes
}
const refused = { code: 'DRAYAGE_TICKET_REFUSED' }
const give = (wish: Partial<Wish> = {}, by = agents.signer) =>
  giveTicket(by, agents.target, { ...good, ...wish } as Wish)

test('a ticket lets its own peer pull its own volume, as often as it is cut', async () => {
  const ticket = give()
  const bytes = await pull(ticket)
  expect(bytes).toBeGreaterThan(4_000)
  for (const _ of [1, 2]) expect(await pull(ticket)).toBe(bytes)
  expect(refusals).toEqual([])
})

test('without one there is nothing, and the refusal says who wanted what', async () => {
  await expect(pull(null)).rejects.toMatchObject(refused)
  expect(refusals).toEqual([
    { code: 'DRAYAGE_TICKET_REFUSED', caller: 'host-2', subject: 'volume data of 01JTRANSFER' },
  ])
})

describe('a ticket is refused, and that is on record', () => {
  afterEach(() => expect(refusals.length).toBeGreaterThan(0))

  test('when another host shows it', async () => {
    await expect(pull(give(), await agents.authority.agent('host-3'))).rejects.toMatchObject(refused)
    expect(refusals[0]?.caller).toBe('host-3')
  })
  test('when another agent of the same name shows it, with a key of its own', async () => {
    await expect(pull(give(), await agents.authority.agent('host-2'))).rejects.toMatchObject(refused)
  })
  test('when it is for another volume, another migration, or an image', async () => {
    await expect(pull(give(), agents.target, { volume: 'other' })).rejects.toMatchObject(refused)
    await expect(pull(give({ transferId: 'm2' }))).rejects.toMatchObject(refused)
    const { volume: _, ...rest } = good
    await expect(pull(giveTicket(agents.signer, agents.target, { ...rest, imageId: 'data' }))).rejects.toMatchObject(
      refused,
    )
  })
  test('when it is for the other direction', async () => {
    const back = give({ sourceHost: 'host-2', targetHost: 'host-1' })
    await expect(pull(back)).rejects.toMatchObject(refused)
    await expect(pull(back, agents.source)).rejects.toMatchObject(refused)
  })
  test('when it is of an older epoch, or of one that was never granted here', async () => {
    await expect(pull(give({ epoch: 4 }))).rejects.toMatchObject({ code: 'DRAYAGE_TRANSFER_FORBIDDEN' })
    await expect(pull(give({ epoch: 2 }))).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
    expect(refusals.at(-1)).toMatchObject({ code: 'DRAYAGE_EPOCH_STALE', subject: 'epoch 2 of w, for 01JTRANSFER' })
  })
  test('when it has run out, or is not good yet, by more than the clocks may differ', async () => {
    const at = Date.now()
    const ticket = give({ issuedAtMs: at, expiresAtMs: at + ticketLifeMs })
    for (const [offset, expected] of [
      [-ticketToleranceMs - 1, refused],
      [ticketLifeMs + ticketToleranceMs + 1, { code: 'DRAYAGE_TICKET_EXPIRED' }],
    ] as const) {
      now = () => new Date(at + offset)
      await expect(pull(ticket)).rejects.toMatchObject(expected)
    }
    for (const offset of [-ticketToleranceMs, ticketLifeMs + ticketToleranceMs]) {
      now = () => new Date(at + offset)
      expect(await pull(ticket)).toBeGreaterThan(0)
    }
  })
  test('when a single bit of it is another, wherever', async () => {
    const { statement, signature, certificate } = give() as Record<'statement' | 'signature' | 'certificate', Buffer>
    const parts = { statement, signature, certificate }
    for (const [name, bytes] of Object.entries(parts)) {
      for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 12)) {
        const altered = Buffer.from(bytes)
        altered[at] = (altered[at] ?? 0) ^ 1
        await expect(pull({ ...parts, [name]: altered }), `byte ${at} of the ${name}`).rejects.toMatchObject(refused)
      }
    }
  })
  test('when it was signed by an agent, by the coordinator of others, or by itself', async () => {
    const stranger = await (await createAuthority()).ticketSigner()
    const named = await agents.authority.ticketSigner('drayage://agent/host-2')
    const asCoordinator = await agents.authority.ticketSigner('drayage://coordinator')
    for (const by of [agents.target, stranger, named, asCoordinator, await agents.authority.coordinator()]) {
      await expect(pull(give({}, by))).rejects.toMatchObject(refused)
    }
  })
})

const pullImage = (ticket: Ticket) =>
  createPuller({ tls: agents.target }).image(peer, { migrationId, imageId: 'sha256:1', ticket }, never)
const imageTicket = () => {
  const { volume: _, ...rest } = good
  return giveTicket(agents.signer, agents.target, { ...rest, imageId: 'sha256:1' })
}

test('who is not an agent of ours is turned away by TLS, whatever ticket he shows, and that is on record', async () => {
  const trusting = { authority: agents.authority.pem }
  const others = { ...(await (await createAuthority()).agent('host-2')), ...trusting }
  const expired = await agents.authority.agent('host-2', { validForMs: -60_000 })
  for (const stranger of [others, expired, trusting as TlsIdentity]) {
    await expect(pull(give(), stranger)).rejects.toMatchObject({ code: 'DRAYAGE_PEER_UNREACHABLE' })
  }
  // The other authority has the name of ours, and another key.
  const faults = ['CERT_SIGNATURE_FAILURE', 'CERT_HAS_EXPIRED', 'NO_CERTIFICATE']
  await expect.poll(() => refusals.map(({ subject }) => subject).toSorted()).toEqual(faults.toSorted())
  for (const { code } of refusals) expect(code).toBe('DRAYAGE_UNAUTHENTICATED')
})

test('the coordinator itself cannot pull: only agents are given volumes', async () => {
  await expect(pull(give(), await agents.authority.coordinator())).rejects.toMatchObject({
    code: 'DRAYAGE_ROLE_FORBIDDEN',
  })
  expect(refusals).toMatchObject([{ code: 'DRAYAGE_ROLE_FORBIDDEN', caller: 'coordinator' }])
})

test('a stream that has begun goes on when its ticket has run out', async () => {
  const gate = Promise.withResolvers<void>()
  pieces = gate.promise
  const stream = pullImage(imageTicket()).pieces[Symbol.asyncIterator]()
  expect(String((await stream.next()).value)).toBe('first')
  now = () => new Date(Date.now() + 24 * 60 * 60_000)
  gate.resolve()
  expect(String((await stream.next()).value)).toBe('second')
  expect((await stream.next()).done).toBe(true)
})

test.each([
  ['its migration has ended here', 'DRAYAGE_TRANSFER_FORBIDDEN', () => agents.state.migrations.forget(migrationId)],
  [
    'a newer epoch has been granted',
    'DRAYAGE_EPOCH_STALE',
    () => agents.state.epochs.grant({ workloadId: 'w', migrationId: 'm2', epoch: 4 }),
  ],
])('a stream that has begun ends when %s', async (_, code, happens) => {
  const gate = Promise.withResolvers<void>()
  pieces = gate.promise
  const stream = pullImage(imageTicket()).pieces[Symbol.asyncIterator]()
  await stream.next()
  await happens()
  gate.resolve()
  await expect(stream.next()).rejects.toMatchObject({ code })
})

test('of a host that was removed the open streams are cut and new ones refused, whatever ticket it has', async () => {
  pieces = new Promise(() => {})
  const stream = pullImage(imageTicket()).pieces[Symbol.asyncIterator]()
  await stream.next()
  banned.replace([keyHashOf(new X509Certificate(agents.target.certificate))])
  await expect(stream.next()).rejects.toMatchObject({ code: 'DRAYAGE_PEER_UNREACHABLE' })
  await expect(pull(give())).rejects.toMatchObject({ code: 'DRAYAGE_CERTIFICATE_REVOKED' })
  expect(refusals).toMatchObject([{ code: 'DRAYAGE_CERTIFICATE_REVOKED', caller: 'host-2' }])
})

test('of a host that was removed nothing is taken either: an open pull ends, none begins, and both are on record', async () => {
  const ownBanned = createBanList()
  const met: string[] = []
  const puller = createPuller({
    tls: agents.target,
    banned: ownBanned,
    onBanned: ({ code }, { host, address }) => void met.push(`${code} ${host} ${address === peer.address}`),
  })
  pieces = new Promise(() => {})
  const open = puller
    .image(peer, { migrationId, imageId: 'sha256:1', ticket: imageTicket() }, never)
    .pieces[Symbol.asyncIterator]()
  await open.next()
  ownBanned.replace(['somebody else'])
  ownBanned.replace([keyHashOf(new X509Certificate(agents.source.certificate))])
  await expect(open.next()).rejects.toMatchObject({ code: 'DRAYAGE_CERTIFICATE_REVOKED' })
  const again = puller
    .image(peer, { migrationId, imageId: 'sha256:1', ticket: imageTicket() }, never)
    .pieces[Symbol.asyncIterator]()
  await expect(again.next()).rejects.toMatchObject({ code: 'DRAYAGE_CERTIFICATE_REVOKED' })
  expect(new Set(met)).toEqual(new Set(['DRAYAGE_CERTIFICATE_REVOKED host-1 true']))
  expect(refusals).toEqual([])
})

test('a ticket that has become old is renewed before it is used; where nobody renews it, it is used as it is', async () => {
  const old = give({ issuedAtMs: Date.now() - ticketLifeMs, expiresAtMs: Date.now() + 60_000 })
  const renewed: Ticket[] = []
  const asked = async (renewTicket: (ticket: Ticket) => Promise<Ticket>, ticket: Ticket) => {
    const request = { migrationId, volume: 'data', round: 1, final: true, ticket }
    const pulled = createPuller({ tls: agents.target, renewTicket }).volume(peer, request, never)
    for await (const _ of pulled.pieces);
    await pulled.summary()
  }
  const renewing = async (ticket: Ticket) => {
    renewed.push(ticket)
    return give()
  }
  await asked(renewing, give())
  expect(renewed).toEqual([])
  await asked(renewing, old)
  expect(renewed).toEqual([old])
  await asked(() => Promise.reject(new Error('The coordinator is away')), old)
})

test('a ticket of an authority that is trusted no more is asked for anew, and not shown to anybody', async () => {
  const others = await (await createAuthority()).ticketSigner()
  const renewTicket = () => Promise.reject(new Error('Nobody can renew it'))
  const pulled = createPuller({ tls: agents.target, renewTicket }).volume(
    peer,
    { migrationId, volume: 'data', round: 1, final: true, ticket: give({}, others) },
    never,
  )
  const failed = async () => {
    for await (const _ of pulled.pieces);
  }
  await expect(failed()).rejects.toMatchObject({ code: 'DRAYAGE_TICKET_EXPIRED' })
  expect(refusals).toEqual([])
})
