import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import { createServer, handlers, listen, shutDown } from '../../shared/rpc/server.ts'
import { services } from '../../shared/rpc/services.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import type { AgentPort } from '../migration/ports.ts'
import { timeLimits } from './agent-port.ts'
import { type Connections, createConnections } from './connections.ts'
import { type CoordinatorServers, startCoordinatorServers } from './testing/coordinator-servers.ts'

let servers: CoordinatorServers
let connections: Connections
let stops: (() => Promise<void> | void)[]
beforeEach(async () => {
  servers = await startCoordinatorServers()
  const limits = { ...timeLimits, briefMs: 1_500, marginMs: 300, stallMs: 300 }
  connections = createConnections({ ...servers, banned: servers.trusted.banned, limits })
  stops = [() => servers.stop(), () => connections.close()]
})
afterEach(async () => {
  for (const stop of stops.toReversed()) await stop()
})

const lease = { migrationId: 'm1', workloadId: 'w1', epoch: 1 }
const never = () => new Promise<never>(() => {})

type Answers = {
  readonly fenceSource?: (signal: AbortSignal) => Promise<{ restartPolicyJson: string }>
  readonly receiveVolume?: (signal: AbortSignal) => AsyncIterable<{ bytes: number }>
  readonly stopSource?: () => Promise<{ wasRunning: boolean }>
}

// An agent's server that answers as told.
const startAgent = async (tls: TlsIdentity, answers: Answers, at = '127.0.0.1:0') => {
  const server = createServer()
  const { unary, serverStream } = handlers(['coordinator'])
  const unused = unary(async () => {
    throw new Error('Not part of this test')
  })
  const methods = Object.keys(services.Agent).map((name) => [name, unused] as const)
  server.addService(services.Agent, {
    ...Object.fromEntries(methods),
    FenceSource: unary(async (_request, { signal }) => answers.fenceSource?.(signal) ?? {}),
    StopSource: unary(async () => answers.stopSource?.() ?? {}),
    ReceiveVolume: serverStream((_request, { signal }) => answers.receiveVolume?.(signal) ?? noMessages()),
  })
  const { port } = await listen(server, at, tls, { mutual: true })
  const stop = () => shutDown(server, 0)
  stops.push(stop)
  return { address: `127.0.0.1:${port}`, stop }
}
const noMessages = async function* (): AsyncGenerator<{ bytes: number }> {}

const register = async (tls: TlsIdentity, advertiseAddress: string) => {
  const client = servers.coordinator(tls)
  await client.unary('Register', { advertiseAddress, agentVersion: '1', engine: { id: 'e' } }, { timeoutMs: 10_000 })
}
const fence = (agent: AgentPort, signal?: AbortSignal) =>
  agent.fenceSource({ lease, containerId: 'c1' }, signal === undefined ? {} : { signal })
const receive = (agent: AgentPort, signal?: AbortSignal) =>
  agent.receiveVolume(
    {
      ...{ lease, volume: 'v', source: { host: 'h', address: 'a:1' }, round: 1, final: true, rootIdentity: '1:1' },
      ...{ devices: 'keep', verification: 'reread', bytesPerSecond: 0, compression: 'auto' },
    },
    signal === undefined ? {} : { signal },
  )

describe('a host', () => {
  test('that was never added, never heard of, or lost is refused as what it is', async () => {
    await expect(connections.online('host-1')).rejects.toMatchObject({ code: 'DRAYAGE_HOST_NOT_FOUND' })
    await expect(connections.known('host-1')).rejects.toMatchObject({ code: 'DRAYAGE_HOST_NOT_FOUND' })
    const tls = await servers.enrolled('host-1')
    await expect(connections.online('host-1')).rejects.toMatchObject({ code: 'DRAYAGE_HOST_OFFLINE' })
    await expect(connections.known('host-1')).rejects.toMatchObject({ code: 'DRAYAGE_HOST_OFFLINE' })
    await register(tls, '127.0.0.1:1')
    expect((await connections.online('host-1')).address).toBe('127.0.0.1:1')
    servers.letPass(60_000)
    await expect(connections.online('host-1')).rejects.toMatchObject({ code: 'DRAYAGE_HOST_OFFLINE' })
    expect((await connections.known('host-1')).address).toBe('127.0.0.1:1')
  })

  test('that moved to another address is called there', async () => {
    const tls = await servers.enrolled('host-1')
    const before = await startAgent(tls, { fenceSource: async () => ({ restartPolicyJson: 'before' }) })
    const after = await startAgent(tls, { fenceSource: async () => ({ restartPolicyJson: 'after' }) })
    await register(tls, before.address)
    const { agent } = await connections.online('host-1')
    expect(await fence(agent)).toEqual({ restartPolicyJson: 'before' })
    await register(tls, after.address)
    expect((await connections.online('host-1')).address).toBe(after.address)
    expect(await fence(agent)).toEqual({ restartPolicyJson: 'after' })
  })

  test('whose agent was away is reached again when it is back', async () => {
    const tls = await servers.enrolled('host-1')
    const first = await startAgent(tls, {})
    await register(tls, first.address)
    const { agent } = await connections.online('host-1')
    await fence(agent)
    await first.stop()
    await expect(fence(agent)).rejects.toMatchObject({ code: 'DRAYAGE_AGENT_UNREACHABLE' })
    const server = createServer()
    server.addService(services.Agent, {
      ...Object.fromEntries(
        Object.keys(services.Agent).map((name) => [
          name,
          handlers(['coordinator']).unary(async () => ({ restartPolicyJson: 'back' })),
        ]),
      ),
    })
    await listen(server, first.address, tls, { mutual: true })
    stops.push(() => shutDown(server, 0))
    await expect.poll(() => fence(agent).catch(() => null), { timeout: 10_000 }).toEqual({ restartPolicyJson: 'back' })
  })

  test('is not taken for another that answers at its address', async () => {
    const [one, other] = [await servers.enrolled('host-1'), await servers.enrolled('host-2')]
    const { address } = await startAgent(other, {})
    await register(one, address)
    const { agent } = await connections.online('host-1')
    await expect(fence(agent)).rejects.toMatchObject({ code: 'DRAYAGE_AGENT_UNREACHABLE' })
  })
})

test('an agent of a host that was removed is not called as the one that has its name now, which is when it answers itself', async () => {
  const old = await servers.enrolled('host-1')
  await servers.directory.remove('host-1', [])
  const own = await servers.enrolled('host-1')
  let calls = 0
  const count = async () => {
    calls += 1
    return { restartPolicyJson: '' }
  }
  const left = await startAgent(old, { fenceSource: count })
  await register(own, left.address)
  const { agent } = await connections.online('host-1')
  await expect(fence(agent)).rejects.toMatchObject({ code: 'DRAYAGE_CERTIFICATE_REVOKED' })
  expect(calls).toBe(0)
  await left.stop()
  const stale = new AppError('DRAYAGE_EPOCH_STALE', 'Epoch 1 is older than 2')
  await startAgent(own, { fenceSource: async () => Promise.reject(stale) }, left.address)
  await expect.poll(() => fence(agent).catch(({ code }) => code), { timeout: 10_000 }).toBe('DRAYAGE_EPOCH_STALE')
})

describe('a call', () => {
  const online = async (answers: Answers) => {
    const tls = await servers.enrolled('host-1')
    await register(tls, (await startAgent(tls, answers)).address)
    return (await connections.online('host-1')).agent
  }

  test("that the agent refuses fails with the agent's own code and details", async () => {
    const agent = await online({
      fenceSource: async () => {
        throw new AppError('DRAYAGE_EPOCH_STALE', 'Epoch 1 is older than 2', { details: { held: 2 } })
      },
    })
    await expect(fence(agent)).rejects.toMatchObject({
      code: 'DRAYAGE_EPOCH_STALE',
      message: 'Epoch 1 is older than 2',
      details: { held: 2 },
    })
  })

  test('that is not answered ends by itself', async () => {
    const agent = await online({ fenceSource: never, stopSource: never })
    await expect(fence(agent)).rejects.toMatchObject({ code: 'DRAYAGE_TIMEOUT' })
    const startedAt = performance.now()
    const stopping = agent.stopSource({ lease, containerId: 'c1', stopTimeoutSeconds: 1 })
    await expect(stopping).rejects.toMatchObject({ code: 'DRAYAGE_TIMEOUT' })
    // The stop time-out is the container's to use; the margin comes on top of it.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_250)
  })

  test('that is aborted ends at both ends', async () => {
    const ended = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const agent = await online({
      fenceSource: async (signal) => {
        begun.resolve()
        await once(signal, 'abort')
        ended.resolve()
        return never()
      },
    })
    const abort = new AbortController()
    const call = fence(agent, abort.signal)
    call.catch(() => {})
    await begun.promise
    abort.abort()
    await expect(call).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
    await ended.promise
    await expect(fence(agent, AbortSignal.abort())).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
  })

  test('that streams ends when nothing comes any more, and says that it was not cancelled', async () => {
    const agent = await online({
      receiveVolume: async function* () {
        yield { bytes: 1 }
        await never()
      },
    })
    const got: number[] = []
    const read = async () => {
      for await (const { bytes } of receive(agent)) got.push(bytes)
    }
    await expect(read()).rejects.toMatchObject({ code: 'DRAYAGE_TIMEOUT' })
    expect(got).toEqual([1])
  })

  test('that streams and is aborted is cancelled', async () => {
    const agent = await online({
      receiveVolume: async function* () {
        yield { bytes: 1 }
        await never()
      },
    })
    const abort = new AbortController()
    const read = async () => {
      for await (const _ of receive(agent, abort.signal)) abort.abort()
    }
    await expect(read()).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
  })

  test('that streams when the coordinator gets another certificate ends as it was begun', async () => {
    const renewed = Promise.withResolvers<void>()
    let finished = false
    const agent = await online({
      receiveVolume: async function* () {
        yield { bytes: 1 }
        await renewed.promise
        yield { bytes: 2 }
        finished = true
      },
      fenceSource: async () => ({ restartPolicyJson: 'after' }),
    })
    const got: number[] = []
    for await (const { bytes } of receive(agent)) {
      got.push(bytes)
      if (bytes !== 1) continue
      connections.renew()
      // Over the connection that is made anew, while the other one is still used.
      expect(await fence(agent)).toEqual({ restartPolicyJson: 'after' })
      setImmediate(renewed.resolve)
    }
    expect([got, finished]).toEqual([[1, 2], true])
  })
})
