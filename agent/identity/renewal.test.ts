import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import tls from 'node:tls'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { agentDnsName, backdatedMs } from '../../shared/identity/names.ts'
import { createOwnIdentity } from '../../shared/identity/own-identity.ts'
import { connect } from '../../shared/rpc/client.ts'
import { createServer, handlers, listen } from '../../shared/rpc/server.ts'
import { services } from '../../shared/rpc/services.ts'
import type { Log } from '../log.ts'
import { type AgentIdentity, loadIdentity, storeAuthorities, storeCertificate, storeKey } from './files.ts'
import { keepRenewed, renewalDue, retryAfterMs } from './renewal.ts'
import { createAuthority, type TestAuthority } from './testing/authority.ts'

const day = 24 * 60 * 60_000
let dir: string
let authority: TestAuthority
let stop: AbortController
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-renewal-'))
  authority = await createAuthority()
  stop = new AbortController()
})
afterEach(async () => {
  stop.abort()
  await rm(dir, { recursive: true, force: true })
})

const identityOf = async (validForMs: number): Promise<AgentIdentity> => {
  const { key, certificate } = await authority.agent('host-1', { validForMs })
  await storeKey(dir, key)
  await storeAuthorities(dir, authority.pem)
  await storeCertificate(dir, certificate)
  const identity = await loadIdentity(dir)
  if (identity === null) throw new Error('It was not stored')
  return identity
}

test('it is due when two thirds of its life are over, and asked for ever more often', () => {
  const validFrom = new Date('2026-01-01T00:00:00Z')
  const validUntil = new Date(validFrom.getTime() + backdatedMs + 30 * day)
  expect(renewalDue({ validFrom, validUntil })).toBe(validFrom.getTime() + backdatedMs + 20 * day)
  expect([10 * day, 2 * 3_600_000, 60_000, 1, -day].map(retryAfterMs)).toEqual([
    3_600_000, 360_000, 3_000, 1_000, 1_000,
  ])
})

describe('an agent', () => {
  // The test authority dates back by two days: one day left of three is due.
  const lines: string[] = []
  const log: Log = {
    debug: () => {},
    error: () => {},
    info: (_, message) => void lines.push(message),
    warn: (_, message) => void lines.push(message),
  }
  beforeEach(() => {
    lines.length = 0
  })

  test('renews in time, after failures too, keeps its key, and has the new one on its disk', async () => {
    const first = await identityOf(60_000)
    const identity = createOwnIdentity(first)
    const answers: ((csr: Buffer) => Promise<string>)[] = [
      async () => Promise.reject(new Error('The coordinator is away')),
      // Of another key, as a confused coordinator would give.
      async () => (await authority.agent('host-1')).certificate,
      (csr) => authority.certify(csr, 'host-2', 30 * day),
      (csr) => authority.certify(csr, 'host-1', 30 * day),
    ]
    const ask = async (csr: Buffer) => {
      const answer = answers.shift()
      if (answer === undefined) throw new Error('It was asked for again')
      return { certificate: await answer(csr) }
    }
    const running = keepRenewed({ dataDir: dir, identity, ask, log }, stop.signal)
    await vi.waitFor(() => expect(answers).toHaveLength(0), { timeout: 30_000 })
    await vi.waitFor(() => expect(identity.current().validUntil.getTime()).toBeGreaterThan(Date.now() + 29 * day))
    expect(identity.current().key).toBe(first.key)
    expect(await loadIdentity(dir)).toEqual(identity.current())
    expect(lines.filter((line) => /expires soon/.test(line))).toHaveLength(3)
    expect(lines.at(-1)).toBe('The certificate was renewed')
    stop.abort()
    await running
  }, 60_000)

  test('that has just been renewed asks for nothing', async () => {
    const identity = createOwnIdentity(await identityOf(30 * day))
    const ask = vi.fn()
    const running = keepRenewed({ dataDir: dir, identity, ask, log }, stop.signal)
    await new Promise((resolve) => setTimeout(resolve, 50))
    stop.abort()
    await running
    expect(ask).not.toHaveBeenCalled()
  })
})

test('a server shows the new certificate to who connects now, and goes on with who is connected', async () => {
  const first = await identityOf(30 * day)
  const identity = createOwnIdentity(first)
  const server = createServer()
  let go: () => void = () => {}
  server.addService(services.Transfer, {
    PullVolume: handlers(['agent']).serverStream(async function* () {
      yield { end: {} }
      await new Promise<void>((resolve) => {
        go = resolve
      })
      yield { end: {} }
    }),
    PullImage: handlers(['agent']).serverStream(async function* () {}),
  } as never)
  const { port } = await listen(server, '127.0.0.1:0', identity.tls, { mutual: true, renewals: identity.renewals })
  const shown = async (): Promise<string> => {
    const peer = await authority.agent('host-2')
    const socket = await new Promise<TLSSocket>((resolve, reject) => {
      const connecting: TLSSocket = tls.connect(
        {
          port,
          host: '127.0.0.1',
          ca: authority.pem,
          key: peer.key,
          cert: peer.certificate,
          servername: agentDnsName('host-1'),
          ALPNProtocols: ['h2'],
        },
        () => resolve(connecting),
      )
      connecting.on('error', reject)
    })
    const { raw } = socket.getPeerCertificate()
    socket.destroy()
    return new X509Certificate(raw).serialNumber
  }
  const client = connect(
    'Transfer',
    {
      address: `127.0.0.1:${port}`,
      dnsName: agentDnsName('host-1'),
      describedAs: 'host-1',
      whenUnreachable: 'DRAYAGE_PEER_UNREACHABLE',
    },
    await authority.agent('host-2'),
  )
  try {
    const before = await shown()
    const pieces = client.serverStream('PullVolume', {}, {})[Symbol.asyncIterator]()
    await pieces.next()
    await identity.update(() => identityOf(20 * day))
    const after = await shown()
    expect(after).not.toBe(before)
    expect(after).toBe(new X509Certificate(identity.current().certificate).serialNumber)
    go()
    expect((await pieces.next()).done).toBe(false)
    expect((await pieces.next()).done).toBe(true)
  } finally {
    client.close()
    server.forceShutdown()
  }
})
