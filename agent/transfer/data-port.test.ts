// The agent's data port against somebody who has a good certificate and writes what he likes: thousands of requests that are
// nearly right, and connections on which nothing is.
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Client, credentials, type Server, status } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agentDnsName } from '../../shared/identity/names.ts'
import { createServer, handlers, listen } from '../../shared/rpc/server.ts'
import { services } from '../../shared/rpc/services.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import { createEnginePaths } from '../engine-paths.ts'
import { createAuthority } from '../identity/testing/authority.ts'
import type { SourceNote } from '../state/migrations.ts'
import { openState } from '../state/state.ts'
import { createVolumeEngine, packedBytes, type VolumeEngine } from '../volume/engine.ts'
import { createAdmission } from './admission.ts'
import { transferHandlers } from './handlers.ts'
import { createPuller } from './pull.ts'
import { createServing } from './serve.ts'
import { giveTicket } from './testing/tickets.ts'

const seed = 20_261_123
const requests = 3_200
const atATime = 40

let dir: string
let volumes: VolumeEngine
let server: Server
let target: TlsIdentity
let port: number
let good: Buffer
let pull: () => Promise<number>
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-fuzz-'))
  volumes = createVolumeEngine()
  const authority = await createAuthority()
  const source = await authority.agent('host-1')
  target = await authority.agent('host-2')
  const signer = await authority.ticketSigner()
  const state = await openState(dir)
  const mountpoint = join(dir, 'data')
  await mkdir(mountpoint)
  await writeFile(join(mountpoint, 'file'), 'content')
  const note: SourceNote = {
    ...{ role: 'source', migrationId: 'm1', workloadId: 'w', epoch: 3, peerHost: 'host-2', containerId: 'c' },
    ...{ containerName: 'web', imageId: 'sha256:1', imageReferences: ['web:1'] },
    ...{ fenced: null, stopped: null, isolated: null },
    volumes: [{ name: 'data', mountpoint, rootIdentity: await volumes.identify(mountpoint) }],
  }
  await state.epochs.grant(note)
  await state.migrations.put(note)
  const serving = createServing({
    ...{ volumes, paths: createEnginePaths(undefined), state, engine: { exportImage: async function* () {} } },
    admission: createAdmission({ host: 'host-1', trusted: source, now: () => new Date() }),
  })
  server = createServer()
  server.addService(services.Transfer, transferHandlers(serving, handlers(['agent'])))
  port = (await listen(server, '127.0.0.1:0', source, { mutual: true })).port
  const ticket = giveTicket(signer, target, {
    ...{ transferId: 'm1', workloadId: 'w', epoch: 3, sourceHost: 'host-1', volume: 'data' },
  })
  const lacking = [{ path: Buffer.from('file'), blocks: [0, 1, 2] }]
  const request = {
    migrationId: 'm1',
    volume: 'data',
    round: 1,
    final: true,
    rootIdentity: '',
    heldDigest: '',
    lacking,
    ticket,
  }
  good = services.Transfer.PullVolume.requestSerialize(request)
  pull = async () => {
    const pulled = createPuller({ tls: target }).volume(
      { host: 'host-1', address: `127.0.0.1:${port}` },
      request,
      never,
    )
    let bytes = 0
    for await (const piece of pulled.pieces) bytes += packedBytes(piece)
    await pulled.summary()
    return bytes
  }
})
afterAll(async () => {
  server.forceShutdown()
  await volumes.close()
  await rm(dir, { recursive: true, force: true })
})
const never = new AbortController().signal

// What is measured is what is held, not what nobody has tidied up yet.
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

// mulberry32: the same numbers for the same seed, so that what fails fails again.
const randomFrom = (start: number): ((below: number) => number) => {
  let state = start
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const mutated = (bytes: Buffer, random: (below: number) => number): Buffer => {
  const copy = Buffer.from(bytes)
  const at = random(copy.length)
  switch (random(6)) {
    case 0:
      copy[at] = (copy[at] ?? 0) ^ (1 << random(8))
      return copy
    case 1:
      return copy.subarray(0, at)
    case 2:
      return Buffer.concat([
        copy.subarray(0, at),
        Buffer.from(Array.from({ length: 1 + random(64) }, () => random(256))),
        copy.subarray(at),
      ])
    case 3:
      return Buffer.concat([copy, copy.subarray(at)])
    case 4:
      // A length that promises far more than comes.
      return Buffer.concat([copy.subarray(0, at), Buffer.from([0x92, 0x03, 0xff, 0xff, 0xff, 0xff, 0x0f])])
    default:
      return Buffer.from(Array.from({ length: 1 + random(400) }, () => random(256)))
  }
}

// Says it, and is gone.
const leave = (socket: net.Socket, bytes: Buffer): void => {
  socket.on('error', () => {})
  socket.write(bytes, () => socket.destroy())
}

const codeOf = (client: Client, method: string, body: Buffer): Promise<number> =>
  new Promise((resolve) => {
    const call = client.makeServerStreamRequest(
      method,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      body,
    )
    call.on('data', () => {})
    call.on('error', () => {})
    call.on('status', ({ code }) => resolve(code))
  })

test('thousands of requests that are nearly right are answered, give nothing away, and leave nothing behind', async () => {
  const random = randomFrom(seed)
  const client = new Client(
    `127.0.0.1:${port}`,
    credentials.createSsl(Buffer.from(target.authority), Buffer.from(target.key), Buffer.from(target.certificate)),
    { 'grpc.ssl_target_name_override': agentDnsName('host-1'), 'grpc.default_authority': agentDnsName('host-1') },
  )
  const answered = new Map<number, number>()
  const round = async (count: number) => {
    for (let sent = 0; sent < count; sent += atATime) {
      const batch = Array.from({ length: atATime }, () => {
        let body = mutated(good, random)
        for (let more = random(3); more > 0 && body.length > 0; more -= 1) body = mutated(body, random)
        const method = random(4) === 0 ? 'PullImage' : 'PullVolume'
        return codeOf(client, `/drayage.v1.Transfer/${method}`, body)
      })
      for (const code of await Promise.all(batch)) answered.set(code, (answered.get(code) ?? 0) + 1)
    }
  }
  const before = await pull()
  // What the first ones load and compile is no leak.
  await round(requests / 4)
  collect()
  const heap = process.memoryUsage().heapUsed
  await round((requests * 3) / 4)
  collect()
  expect(process.memoryUsage().heapUsed - heap).toBeLessThan(64 * 1024 * 1024)
  expect([...answered.values()].reduce((sum, count) => sum + count, 0)).toBe(requests)
  // Those that changed only what is not looked at are good ones; all others were refused, and none was not foreseen.
  expect(answered.get(status.PERMISSION_DENIED) ?? 0).toBeGreaterThan(requests / 10)
  const expected: number[] = [
    status.OK,
    status.PERMISSION_DENIED,
    status.INTERNAL,
    status.INVALID_ARGUMENT,
    status.ABORTED,
  ]
  expect(
    [...answered.keys()].filter((code) => ![...expected, status.CANCELLED, status.FAILED_PRECONDITION].includes(code)),
  ).toEqual([])
  client.close()
  expect(await pull()).toBe(before)
}, 240_000)

test('connections that speak something else, or stop in the middle, do not disturb the next', async () => {
  const random = randomFrom(seed)
  const noise = () => Buffer.from(Array.from({ length: 1 + random(2_000) }, () => random(256)))
  const { key, certificate, authority } = target
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const plain = net.connect(port, '127.0.0.1')
    await once(plain, 'connect')
    const inside = tls.connect({
      ...{ port, host: '127.0.0.1', servername: agentDnsName('host-1'), ALPNProtocols: ['h2'] },
      ...{ ca: authority, key, cert: certificate },
    })
    await once(inside, 'secureConnect')
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    leave(plain, noise())
    leave(inside, attempt % 2 === 0 ? noise() : Buffer.concat([preface, noise()]))
  }
  expect(await pull()).toBeGreaterThan(0)
}, 120_000)
