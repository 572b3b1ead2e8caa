// The two servers that agents call, on loopback, with an authority and a database of their own, for a test.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import { coordinatorDnsName } from '../../../shared/identity/names.ts'
import { createOwnIdentity } from '../../../shared/identity/own-identity.ts'
import { connect, type RpcClient } from '../../../shared/rpc/client.ts'
import type { RenewTicketReply } from '../../../shared/rpc/generated/drayage/v1/RenewTicketReply.ts'
import type { RenewTicketRequest__Output } from '../../../shared/rpc/generated/drayage/v1/RenewTicketRequest.ts'
import { createServer, handlers, listen, shutDown } from '../../../shared/rpc/server.ts'
import { services } from '../../../shared/rpc/services.ts'
import type { TlsIdentity } from '../../../shared/rpc/tls.ts'
import { systemClock } from '../../clock.ts'
import { readAgentRequest } from '../../identity/agent-request.ts'
import { type Authority, openAuthority } from '../../identity/authority.ts'
import { createRotation } from '../../identity/rotation.ts'
import { createTicketOffice } from '../../identity/ticket-office.ts'
import { openTrusted } from '../../identity/trusted.ts'
import { createAuditStore } from '../../store/audit.ts'
import { createFenceStore } from '../../store/fences.ts'
import { createHostStore } from '../../store/hosts.ts'
import { createInventoryStore } from '../../store/inventory.ts'
import { createJoinTokenStore } from '../../store/join-tokens.ts'
import { createRevokedKeyStore } from '../../store/revoked-keys.ts'
import { openTemporaryDatabase } from '../../store/testing/temporary-database.ts'
import { auditCalls } from '../audited-calls.ts'
import { createHostDirectory } from '../directory.ts'
import { createEnrolment } from '../enrolment.ts'
import { createPresence } from '../presence.ts'
import { createRefusalReports } from '../refusals.ts'
import { createRegistration } from '../registration.ts'
import { createHostRemoval } from '../removal.ts'
import { createRenewal } from '../renewal.ts'

const quiet = { info: () => {}, warn: () => {}, error: () => {} }
const heartbeatMs = 5_000

export type Keys = { readonly csr: Buffer; readonly privateKey: string }

// A key of an agent's own, and a request that names it.
export const newKeys = async (
  commonName: string,
  { namedCurve = 'P-256' }: { readonly namedCurve?: 'P-256' | 'P-384' } = {},
): Promise<Keys> => {
  const algorithm = { name: 'ECDSA', namedCurve, hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: algorithm,
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return {
    csr: Buffer.from(request.rawData),
    privateKey: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
  }
}

export const startCoordinatorServers = async () => {
  const temporary = await openTemporaryDatabase()
  const { db, folder } = temporary
  // How far the coordinator's clock is ahead.
  let offsetMs = 0
  const clock = { ...systemClock, now: () => new Date(Date.now() + offsetMs) }
  const authority = await openAuthority(folder, clock.now())
  const identity = createOwnIdentity(await authority.issueOwn(clock.now()))
  const [hosts, inventory, joinTokens] = [createHostStore(db), createInventoryStore(db), createJoinTokenStore(db)]
  const elapsedMs = () => performance.now() + offsetMs
  const presence = createPresence({ hosts, clock, heartbeatMs, elapsedMs, log: quiet })
  const trusted = await openTrusted(createRevokedKeyStore(db), authority, clock)
  let ticketSigner = await authority.issueForTickets(clock.now())
  const stepsTaken: string[] = []
  const rotation = createRotation({
    ...{ authority, hosts: hosts.list, clock, log: quiet },
    changed: async () => {
      ticketSigner = await authority.issueForTickets(clock.now())
      await identity.update(() => authority.issueOwn(clock.now()))
      await trusted.refresh()
    },
    tookStep: async (step) => void stepsTaken.push(step),
  })
  const directory = createHostDirectory({
    ...{ hosts, joinTokens, presence, clock, authority },
    fences: createFenceStore(db, clock),
    removal: createHostRemoval({
      ...{ hosts, clock },
      removed: async (host) => {
        await trusted.refresh()
        presence.forget(host)
        rotation.forget(host)
      },
    }),
  })
  const { banned } = trusted
  const stopping = new AbortController()
  const underWay = new Set<string>()

  const audit = createAuditStore(db, clock)
  const { failed, turnedAway, enrolled } = auditCalls({ audit, clock, log: quiet })
  const { enrol } = createEnrolment({ authority, joinTokens, banned, clock, enrolled, log: quiet })
  const enrolServer = createServer()
  enrolServer.addService(services.Enrolment, { Enrol: handlers(['anonymous', 'agent'], failed, banned).unary(enrol) })
  const { register, heartbeat, report, callerOf } = createRegistration({
    hosts,
    inventory,
    presence,
    clock,
    heartbeatMs,
    version: '0.0.0-test',
    stopping: stopping.signal,
    trusted,
    rotation,
  })
  const agents = handlers(['agent'], failed, banned)
  const grpcServer = createServer()
  grpcServer.addService(services.Coordinator, {
    Register: agents.unary(register),
    Heartbeat: agents.unary(heartbeat),
    Report: agents.duplex(report),
    Renew: agents.unary(createRenewal({ authority, hosts, callerOf, clock, log: quiet }).renew),
    ReportRefusals: agents.unary(createRefusalReports({ audit, callerOf, log: quiet }).report),
    RenewTicket: agents.unary<RenewTicketRequest__Output, RenewTicketReply>(async ({ ticket }, context) => ({
      ticket: await tickets.renew(ticket, context),
    })),
  })
  const tickets = createTicketOffice({
    signer: () => ticketSigner,
    authorities: () => identity.tls.authority,
    keyOf: async (host) => (await hosts.find(host))?.publicKeyHash ?? null,
    isUnderWay: async ({ transferId }) => underWay.has(transferId),
    clock,
  })
  const { renewals } = identity
  const { port: enrolPort } = await listen(enrolServer, '127.0.0.1:0', identity.tls, { renewals, mutual: false })
  const { port: grpcPort } = await listen(grpcServer, '127.0.0.1:0', identity.tls, {
    ...{ mutual: true, renewals, banned, turnedAway },
  })

  const clients: { close(): void }[] = []
  const call = <S extends 'Coordinator' | 'Enrolment'>(
    service: S,
    port: number,
    tls: TlsIdentity | Pick<TlsIdentity, 'authority'>,
  ): RpcClient<S> => {
    const endpoint = {
      address: `127.0.0.1:${port}`,
      dnsName: coordinatorDnsName,
      describedAs: 'The coordinator',
      whenUnreachable: 'DRAYAGE_COORDINATOR_UNREACHABLE',
    } as const
    const client = connect(service, endpoint, tls)
    clients.push(client)
    return client
  }
  const trusting = { authority: authority.certificate }

  return {
    db,
    folder,
    audit,
    authority,
    identity: identity.tls,
    hosts,
    inventory,
    presence,
    directory,
    clock,
    tickets,
    // Migrations and transfers that are.
    underWay,
    enrolment: call('Enrolment', enrolPort, trusting),
    // As an agent, or as whoever presents such an identity.
    coordinator: (tls: TlsIdentity | Pick<TlsIdentity, 'authority'>) => call('Coordinator', grpcPort, tls),
    coordinatorOnEnrolmentPort: (tls: TlsIdentity) => call('Coordinator', enrolPort, tls),
    letPass: (ms: number) => {
      offsetMs += ms
    },
    trusted,
    rotation,
    stepsTaken,
    // As it was given a month ago and more.
    expired: async (host: string): Promise<TlsIdentity> => {
      const { csr, privateKey } = await newKeys(host)
      const longAgo = new Date(Date.now() - 40 * 24 * 60 * 60_000)
      const { certificate } = await authority.issueForAgent(host, await readAgentRequest(csr), longAgo)
      return { authority: authority.certificate, certificate, key: privateKey }
    },
    stopReports: () => stopping.abort(),
    // The whole way in: added, and enrolled.
    enrolled: async (host: string): Promise<TlsIdentity> => {
      const { joinToken } = await directory.add(host)
      const keys = await newKeys(host)
      const reply = await call('Enrolment', enrolPort, trusting).unary(
        'Enrol',
        { token: joinToken, csr: keys.csr },
        { timeoutMs: 10_000 },
      )
      return { authority: reply.authority, certificate: reply.certificate, key: keys.privateKey }
    },
    stop: async () => {
      stopping.abort()
      for (const client of clients) client.close()
      await Promise.all([shutDown(enrolServer, 0), shutDown(grpcServer, 0)])
      await temporary.remove()
    },
  }
}

export type CoordinatorServers = Awaited<ReturnType<typeof startCoordinatorServers>>

// What an authority signs for a host, with the key to it.
export const agentIdentity = async (authority: Authority, host: string): Promise<TlsIdentity> => {
  const { csr, privateKey } = await newKeys(host)
  const { certificate } = await authority.issueForAgent(host, await readAgentRequest(csr), new Date())
  return { authority: authority.certificate, certificate, key: privateKey }
}
