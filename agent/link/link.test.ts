// The line to a coordinator that the test plays, over real mutual TLS.
import type { Server } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createOwnIdentity } from '../../shared/identity/own-identity.ts'
import type { CoordinatorHandlers } from '../../shared/rpc/generated/drayage/v1/Coordinator.ts'
import type { InventoryAck } from '../../shared/rpc/generated/drayage/v1/InventoryAck.ts'
import type { InventoryReport__Output } from '../../shared/rpc/generated/drayage/v1/InventoryReport.ts'
import type { RegisterRequest__Output } from '../../shared/rpc/generated/drayage/v1/RegisterRequest.ts'
import type { Trust, Trust__Output } from '../../shared/rpc/generated/drayage/v1/Trust.ts'
import { createServer, handlers, listen } from '../../shared/rpc/server.ts'
import { services } from '../../shared/rpc/services.ts'
import { engineFacts } from '../docker/testing/engine-facts.ts'
import { createAuthority, type TestAuthority } from '../identity/testing/authority.ts'
import type { Observation } from '../inventory/observer.ts'
import { createQueue } from '../inventory/queue.ts'
import type { Log } from '../log.ts'
import { keepLink } from './link.ts'
import { createRefusals } from './refusals.ts'

const full: Observation = { full: true, engine: engineFacts, inventory: { containers: [], volumes: [] } }
const removed = (id: string): Observation => ({
  full: false,
  change: { containers: [], volumes: [], removedContainerIds: [id], removedVolumeNames: [], started: [] },
})

type Called = {
  register: RegisterRequest__Output[]
  beats: boolean[]
  reports: InventoryReport__Output[]
  hosts: (string | null)[]
  refusals: string[]
}

let authority: TestAuthority
let servers: Server[]
let stop: AbortController
let called: Called
let lines: string[]
let accepted: Trust__Output[]
let told: Trust | null
let linked: Promise<void>
beforeEach(async () => {
  authority = await createAuthority()
  servers = []
  stop = new AbortController()
  called = { register: [], beats: [], reports: [], hosts: [], refusals: [] }
  lines = []
  accepted = []
  told = null
  linked = Promise.resolve()
})
afterEach(async () => {
  stop.abort()
  await linked
  for (const server of servers) server.forceShutdown()
})

const newerThan = (version: string): Trust | null => (told?.version === version ? null : told)
const serve = async (by: TestAuthority, address = '127.0.0.1:0'): Promise<string> => {
  const server = createServer()
  servers.push(server)
  const { unary, duplex, serverStream } = handlers(['agent'])
  server.addService(services.Coordinator, {
    Register: unary(async (request, { caller }) => {
      called.register.push(request)
      called.hosts.push(caller.host)
      return { heartbeatIntervalMs: 100, coordinatorVersion: 'test', trust: newerThan(request.trustVersion) }
    }),
    Heartbeat: unary(async ({ engineReachable, trustVersion }) => {
      called.beats.push(engineReachable)
      return { trust: newerThan(trustVersion) }
    }),
    Report: duplex(async function* (reports: AsyncIterable<InventoryReport__Output>): AsyncGenerator<InventoryAck> {
      for await (const report of reports) {
        called.reports.push(report)
        yield { sequence: report.sequence }
      }
    }),
    PullArchive: serverStream(async function* () {}),
    Renew: unary(async () => ({ certificate: '', authority: '' })),
    RenewTicket: unary(async ({ ticket }) => ({ ticket })),
    ReportRefusals: unary(async (report) => {
      called.refusals.push(...report.refusals.map(({ code }) => code))
      return {}
    }),
  } satisfies CoordinatorHandlers)
  const { port } = await listen(server, address, await by.coordinator(), { mutual: true })
  return `127.0.0.1:${port}`
}

const validity = { validFrom: new Date(0), validUntil: new Date(8.64e15) }

const link = async (coordinator: string) => {
  const engine = { reachable: true }
  const followers: ReturnType<typeof createQueue<Observation>>[] = []
  const line = (level: string) => (details: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(details)}`)
  const log: Log = { debug: () => {}, info: line('info'), warn: line('warn'), error: line('error') }
  const reports = {
    follow: (signal: AbortSignal) => {
      const queue = createQueue<Observation>()
      queue.push(full)
      followers.push(queue)
      return queue.drain(signal)
    },
  }
  const observer = {
    engineReachable: () => engine.reachable,
    facts: () => engineFacts,
  }
  const refusals = createRefusals(() => new Date())
  const trust = {
    version: () => accepted.at(-1)?.version ?? '',
    accept: async (told: Trust__Output) => void accepted.push(told),
  }
  const tls = await authority.agent('host-1')
  const identity = createOwnIdentity({ ...tls, host: 'host-1', fingerprint: authority.fingerprint, ...validity })
  const advertiseAddress = '10.0.0.1:8442'
  linked = keepLink({ coordinator, identity, advertiseAddress, observer, reports, refusals, trust, log }, stop.signal)
  return { engine, refusals, tell: (observation: Observation) => followers.at(-1)?.push(observation) }
}
const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), { timeout: 15_000 })

test('it registers first, and then beats and reports: everything at once, and changes in order', async () => {
  const { tell, engine } = await link(await serve(authority))
  await until(() => called.reports.length === 1 && called.beats.length > 0)
  const authorities = { trusted: [authority.fingerprint], certifiedBy: authority.fingerprint }
  expect(called.register).toMatchObject([{ advertiseAddress: '10.0.0.1:8442', engine: engineFacts, authorities }])
  expect(called.hosts).toEqual(['host-1'])
  expect(called.reports[0]).toMatchObject({ sequence: 1, full: true, engine: engineFacts })
  tell(removed('a'))
  tell(removed('b'))
  await until(() => called.reports.length === 3)
  expect(called.reports.slice(1)).toMatchObject([
    { sequence: 2, full: false, removedContainerIds: ['a'] },
    { sequence: 3, full: false, removedContainerIds: ['b'] },
  ])
  engine.reachable = false
  await until(() => called.beats.at(-1) === false)
})

test('when the coordinator went and came back, it registers anew and reports everything again, from 1', async () => {
  const address = await serve(authority)
  await link(address)
  await until(() => called.reports.length === 1)
  servers.pop()?.forceShutdown()
  await until(() => lines.some((line) => line.startsWith('warn')))
  await serve(authority, address)
  await until(() => called.reports.length >= 2)
  expect(called.register).toHaveLength(2)
  expect(called.reports.at(-1)).toMatchObject({ sequence: 1, full: true })
  expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(1)
})

test('what is to be trusted is taken over at the start and with a heartbeat, each once', async () => {
  told = { version: 'v1', revokedKeys: ['a'] }
  await link(await serve(authority))
  await until(() => called.beats.length > 2)
  expect(accepted).toMatchObject([told])
  const first = told
  told = { version: 'v2', revokedKeys: ['a', 'b'] }
  await until(() => accepted.length === 2)
  const beats = called.beats.length
  await until(() => called.beats.length > beats + 2)
  expect(accepted).toMatchObject([first, told])
})

test('whom it turned away is told once, also what came up while the coordinator was away', async () => {
  const address = await serve(authority)
  const { refusals } = await link(address)
  const refused = (code: string) =>
    refusals.note({ method: 'PullVolume', caller: 'host-2', address: '10.0.0.2', code, subject: 'volume data of m' })
  refused('first')
  await until(() => called.refusals.length === 1)
  servers.pop()?.forceShutdown()
  await until(() => lines.some((line) => line.startsWith('warn')))
  for (const code of ['second', 'third']) refused(code)
  await serve(authority, address)
  await until(() => called.refusals.length === 3)
  expect(called.refusals).toEqual(['first', 'second', 'third'])
})

test('a coordinator of another authority is told nothing, and it is said what is wrong', async () => {
  await link(await serve(await createAuthority()))
  await until(() => lines.some((line) => line.includes('DRAYAGE_AUTHORITY_MISMATCH')))
  expect(called.register).toEqual([])
})
