// Two agents on loopback, with certificates as the coordinator issues them: what is given, to whom, and what a receiver
// makes of a peer that lies, falls silent or goes.
import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect as connectTo, createServer as createLine, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Server } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { TicketSigner } from '../../shared/identity/ticket.ts'
import type { TransferHandlers } from '../../shared/rpc/generated/drayage/v1/Transfer.ts'
import type { VolumePiece } from '../../shared/rpc/generated/drayage/v1/VolumePiece.ts'
import { headRoom, messageInPlace } from '../../shared/rpc/piece-messages.ts'
import { type CallContext, createServer, handlers, listen } from '../../shared/rpc/server.ts'
import { pieceFields, services } from '../../shared/rpc/services.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import { createEnginePaths } from '../engine-paths.ts'
import { createAuthority, type TestAuthority } from '../identity/testing/authority.ts'
import { asideOf } from '../set-aside/set-aside.ts'
import type { SourceNote } from '../state/migrations.ts'
import { openState, type State } from '../state/state.ts'
import { createVolumeEngine, isPacked, type Piece, packedBytes, type VolumeEngine } from '../volume/engine.ts'
import { createAdmission } from './admission.ts'
import type { BandwidthClock } from './bandwidth.ts'
import { createPuller, type Puller } from './pull.ts'
import { createServing, type Serving } from './serve.ts'
import { giveTicket } from './testing/tickets.ts'

let authority: TestAuthority
let volumes: VolumeEngine
let source: TlsIdentity
let target: TlsIdentity
let signer: TicketSigner
beforeAll(async () => {
  authority = await createAuthority()
  volumes = createVolumeEngine()
  source = await authority.agent('host-1')
  target = await authority.agent('host-2')
  signer = await authority.ticketSigner()
})
afterAll(() => volumes.close())

let dir: string
let state: State
let servers: Server[]
let mountpoint: string
const migrationId = '01JTRANSFER'
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-transfer-'))
  state = await openState(dir)
  servers = []
  mountpoint = join(dir, 'volumes', 'data', '_data')
  await mkdir(mountpoint, { recursive: true })
  await writeFile(join(mountpoint, 'file'), Buffer.alloc(3 * 1024 * 1024, 'x'))
  await state.epochs.grant(note)
  await state.migrations.put({
    ...note,
    volumes: [{ name: 'data', mountpoint, rootIdentity: await volumes.identify(mountpoint) }],
  })
})
afterEach(async () => {
  for (const server of servers) server.forceShutdown()
  await rm(dir, { recursive: true, force: true })
})

const note: SourceNote = {
  role: 'source',
  migrationId,
  workloadId: 'w',
  epoch: 3,
  peerHost: 'host-2',
  containerId: 'c',
  containerName: 'web',
  imageId: 'sha256:1',
  imageReferences: ['web:1'],
  volumes: [],
  fenced: null,
  stopped: null,
  isolated: null,
}

const image = async function* () {
  yield Buffer.from('an archive, ')
  yield Buffer.from('in pieces')
}
const serve = async (serving: Serving, identity = source) => {
  const server = createServer()
  servers.push(server)
  const { serverStream } = handlers(['agent'])
  server.addService(services.Transfer, {
    PullVolume: serverStream(serving.pullVolume),
    PullImage: serverStream(serving.pullImage),
  } satisfies TransferHandlers)
  const { port } = await listen(server, '127.0.0.1:0', identity, { mutual: true })
  return { host: 'host-1', address: `127.0.0.1:${port}` }
}
const admission = () => createAdmission({ host: 'host-1', trusted: source, now: () => new Date() })
const serveSource = (clock?: BandwidthClock) =>
  serve(
    createServing({
      ...{ engine: { exportImage: image }, volumes, paths: createEnginePaths(undefined), state },
      admission: admission(),
      ...(clock && { clock }),
    }),
  )

const read = async (pieces: AsyncIterable<Piece>): Promise<Buffer> => {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(isPacked(piece) ? zstdDecompressSync(piece.zstd) : piece)
  return Buffer.concat(all)
}
const request = { migrationId, volume: 'data', round: 1, final: true, rootIdentity: '', compression: 'none' }
const never = new AbortController().signal
// With the coordinator's ticket for what is asked for.
const pullBy = (identity: TlsIdentity, stallTimeoutMs = 20_000): Puller => {
  const puller = createPuller({ tls: identity, stallTimeoutMs })
  const under = { workloadId: 'w', epoch: 3, sourceHost: 'host-1' }
  const apart = { workloadId: '', epoch: 0, sourceHost: 'host-1' }
  return {
    volume: (peer, asked, signal) => {
      const { migrationId: transferId = '', volume = '' } = asked
      const wish = { ...(transferId === migrationId ? under : apart), transferId, volume }
      return puller.volume(peer, { ...asked, ticket: giveTicket(signer, identity, wish) }, signal)
    },
    image: (peer, asked, signal) => {
      const { imageId = '' } = asked
      const ticket = giveTicket(signer, identity, { ...under, transferId: migrationId, imageId })
      return puller.image(peer, { ...asked, ticket }, signal)
    },
  }
}

test('a volume that was pulled is the one that was given, by the digests of both', async () => {
  const pull = pullBy(target).volume(await serveSource(), request, never)
  const copy = join(dir, 'copy')
  await mkdir(copy)
  const written = await volumes.write(copy, pull.pieces)
  const summary = await pull.summary()
  expect(written.digest).toBe(summary.digest)
  expect(written.entries).toBe(summary.entries)
  expect(pull.bytes()).toBe(summary.tarBytes)
})

test('a volume that was set aside by its migration is given from there', async () => {
  await rename(mountpoint, asideOf(mountpoint, migrationId))
  const pull = pullBy(target).volume(await serveSource(), request, never)
  expect((await read(pull.pieces)).length).toBe((await pull.summary()).tarBytes)
})

test('a root that is not the one that was noted is not read', async () => {
  await rename(mountpoint, join(dir, 'taken'))
  await mkdir(mountpoint)
  const pull = pullBy(target).volume(await serveSource(), request, never)
  await expect(read(pull.pieces)).rejects.toMatchObject({ code: 'DRAYAGE_VOLUME_ROOT_CHANGED' })
  await expect(pull.summary()).rejects.toMatchObject({ code: 'DRAYAGE_VOLUME_ROOT_CHANGED' })
})

test('an image is given whole, and only the one that moves under its own names', async () => {
  const peer = await serveSource()
  const wanted = { migrationId, imageId: 'sha256:1', references: ['web:1'] }
  expect((await read(pullBy(target).image(peer, wanted, never).pieces)).toString()).toBe('an archive, in pieces')
  for (const other of [
    { ...wanted, imageId: 'sha256:2' },
    { ...wanted, references: ['web:1', 'secret:1'] },
  ]) {
    await expect(read(pullBy(target).image(peer, other, never).pieces)).rejects.toMatchObject({
      code: 'DRAYAGE_TRANSFER_FORBIDDEN',
    })
  }
})

test('what is not on its disk is given to nobody, whatever ticket he has; nor to who is no agent of ours', async () => {
  const peer = await serveSource()
  const attempt = (identity: TlsIdentity, asked = request) => read(pullBy(identity).volume(peer, asked, never).pieces)
  const forbidden = { code: 'DRAYAGE_TRANSFER_FORBIDDEN' }
  await expect(attempt(target, { ...request, migrationId: 'another' })).rejects.toMatchObject(forbidden)
  await expect(attempt(target, { ...request, volume: 'other' })).rejects.toMatchObject(forbidden)
  const role = { code: 'DRAYAGE_ROLE_FORBIDDEN' }
  await expect(
    read(createPuller({ tls: await authority.coordinator() }).volume(peer, request, never).pieces),
  ).rejects.toMatchObject(role)
  const stranger = await (await createAuthority()).agent('host-2')
  await expect(attempt({ ...stranger, authority: authority.pem })).rejects.toMatchObject({
    code: 'DRAYAGE_PEER_UNREACHABLE',
  })
  await state.epochs.grant({ workloadId: 'w', migrationId: 'newer', epoch: 4 })
  await expect(attempt(target)).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
})

test('nothing is taken from one who is not the host that was asked for', async () => {
  const peer = await serveSource()
  const pull = pullBy(target).volume({ ...peer, host: 'host-9' }, request, never)
  await expect(read(pull.pieces)).rejects.toMatchObject({ code: 'DRAYAGE_PEER_UNREACHABLE' })
})

const limits = { entries: 10, contentBytes: 4 * 1024 * 1024, depth: 3, pathBytes: 100, recordBytes: 10_000 }

const lying = (pullVolume: Serving['pullVolume']): Serving => ({
  pullVolume,
  pullImage: async function* () {},
})

test('a stream that ends without its summary did not happen', async () => {
  const peer = await serve(
    lying(async function* () {
      yield { announced: limits }
      yield { tar: Buffer.from('half') }
    }),
  )
  const pull = pullBy(target).volume(peer, request, never)
  expect((await read(pull.pieces)).toString()).toBe('half')
  await expect(pull.summary()).rejects.toMatchObject({ code: 'DRAYAGE_STREAM_DAMAGED' })
})

test('a stream that does not say first how much it will bring is not taken', async () => {
  const peer = await serve(
    lying(async function* () {
      yield { tar: Buffer.alloc(0) }
      yield { tar: Buffer.alloc(512) }
    }),
  )
  const pull = pullBy(target).volume(peer, request, never)
  await expect(read(pull.pieces)).rejects.toMatchObject({
    code: 'DRAYAGE_STREAM_DAMAGED',
    message: expect.stringContaining('host-1'),
  })
})

test.each([
  ['entries', { entries: 1 }],
  ['bytes of content', { contentBytes: 3 * 1024 * 1024 - 1 }],
  ['levels of directories', { depth: 0 }],
  ['bytes in a path', { pathBytes: 3 }],
])('a stream that brings more %s than it announced is refused', async (what, less) => {
  const peer = await serve(
    lying(async function* () {
      yield { announced: { ...limits, ...less } }
      for await (const tar of volumes.read(mountpoint, { final: true }).pieces) yield { tar }
    }),
  )
  const copy = join(dir, 'copy')
  const memory = join(dir, 'memory')
  await mkdir(copy)
  await mkdir(memory)
  const pull = pullBy(target).volume(peer, request, never)
  const receiving = volumes.receive(copy, () => pull, { memory })
  await expect(receiving).rejects.toMatchObject({
    code: 'DRAYAGE_STREAM_DAMAGED',
    message: expect.stringContaining(`${what} announced`),
  })
  pull.close()
})

// As the engine makes pieces: alone in their memory, with room before them.
const pieceOf = (length: number, fill: number): Buffer =>
  Buffer.from(new ArrayBuffer(headRoom + length), headRoom, length).fill(fill)

test('pieces that are sent from where they stand arrive whole and in order, and each is given back once', async () => {
  const lengths = [1, 130, 16_384, 1024 * 1024, 5, 700_000]
  const givenBack = lengths.map(() => 0)
  const peer = await serve(
    lying(async function* () {
      yield { announced: limits }
      for (const [index, length] of lengths.entries()) {
        yield { tar: Buffer.alloc(0) }
        yield messageInPlace<VolumePiece>(pieceFields.PullVolume, pieceOf(length, index), () => {
          givenBack[index] = (givenBack[index] ?? 0) + 1
        })
        yield { tar: Buffer.alloc(3, 'x') }
      }
    }),
  )
  const pull = pullBy(target).volume(peer, request, never)
  const expected = lengths.flatMap((length, index) => [Buffer.alloc(length, index), Buffer.alloc(3, 'x')])
  expect((await read(pull.pieces)).equals(Buffer.concat(expected))).toBe(true)
  expect(givenBack).toEqual(lengths.map(() => 1))
})

test('a volume that is lent is given whole to who has the ticket for it, as long as it is lent', async () => {
  const rootIdentity = await volumes.identify(mountpoint)
  const loan = { root: mountpoint, rootIdentity, final: true }
  let lent = true
  const lending = {
    find: (id: string, volume: string) => (lent && id === 't1' && volume === 'data' ? loan : null),
  }
  const serving = createServing({
    engine: { exportImage: async function* () {} },
    ...{ volumes, paths: createEnginePaths(undefined), state, lending, admission: admission() },
  })
  const peer = await serve(serving)
  const asked = { migrationId: 't1', volume: 'data', round: 1 }
  const pull = pullBy(target).volume(peer, asked, never)
  const copy = join(dir, 'lent')
  await mkdir(copy)
  const written = await volumes.write(copy, pull.pieces)
  expect((await pull.summary()).digest).toBe(written.digest)

  const refused = (request: object) =>
    expect(read(pullBy(target).volume(peer, { ...asked, ...request }, never).pieces)).rejects.toMatchObject({
      code: 'DRAYAGE_TRANSFER_FORBIDDEN',
    })
  await refused({ volume: 'other' })
  await refused({ migrationId: 't2' })
  lent = false
  await refused({})
})

test('what is compressed on its way is the same where it arrives, and fewer bytes have crossed', async () => {
  const pull = pullBy(target).volume(await serveSource(), { ...request, compression: 'zstd' }, never)
  const copy = join(dir, 'copy')
  await mkdir(copy)
  const written = await volumes.write(copy, pull.pieces)
  const summary = await pull.summary()
  expect(written.digest).toBe(summary.digest)
  expect(pull.unpackedBytes()).toBe(summary.tarBytes)
  expect(pull.bytes()).toBeLessThan(summary.tarBytes / 100)
})

test('a piece that unpacks to more than it says, or to more than a piece, is not written', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024))
  const claims = [512, 1024 * 1024, 64 * 1024 * 1024]
  for (const bytes of claims) {
    const peer = await serve(
      lying(async function* () {
        yield { announced: limits }
        yield { compressed: { bytes, zstd: bomb } }
      }),
    )
    const copy = join(dir, `copy-${bytes}`)
    await mkdir(copy)
    const pull = pullBy(target).volume(peer, request, never)
    await expect(volumes.write(copy, pull.pieces)).rejects.toMatchObject({ code: 'DRAYAGE_STREAM_DAMAGED' })
    pull.close()
  }
})

test('a limit holds back what leaves for a migration, its volumes and its image together, and nothing else of it', async () => {
  const slept: number[] = []
  const clock: BandwidthClock = {
    nowMs: () => 0,
    sleep: async (ms) => {
      slept.push(ms)
    },
  }
  const peer = await serveSource(clock)
  const bytesPerSecond = 1024 * 1024
  const volume = pullBy(target).volume(peer, { ...request, bytesPerSecond }, never)
  const tarBytes = (await read(volume.pieces)).length
  await volume.summary()
  // On a clock that stands still each piece waits for all before it, and the end for the last.
  expect(slept.at(-1)).toBeCloseTo((tarBytes / bytesPerSecond) * 1000)
  slept.length = 0
  const asked = { migrationId, imageId: 'sha256:1', references: ['web:1'] }
  await read(pullBy(target).image(peer, { ...asked, bytesPerSecond }, never).pieces)
  expect(slept.length).toBe(2)
  slept.length = 0
  await read(pullBy(target).volume(peer, request, never).pieces)
  await read(pullBy(target).image(peer, asked, never).pieces)
  expect(slept).toEqual([])
})

test('a message that is larger than any piece may be is not taken in', async () => {
  const peer = await serve(
    lying(async function* () {
      yield { announced: limits }
      yield messageInPlace<VolumePiece>(pieceFields.PullVolume, pieceOf(17 * 1024 * 1024, 1), () => {})
    }),
  )
  const pull = pullBy(target).volume(peer, request, never)
  await expect(read(pull.pieces)).rejects.toThrow('larger than max')
})

test('a peer that falls silent is given up after a while, and told so', async () => {
  let told = false
  const peer = await serve(
    lying(async function* (_, { signal }) {
      yield { announced: limits }
      yield { tar: Buffer.from('half') }
      await sleep(60_000, undefined, { signal }).catch(() => {})
      told = signal.aborted
    }),
  )
  const pull = pullBy(target, 300).volume(peer, request, never)
  await expect(read(pull.pieces)).rejects.toMatchObject({
    code: 'DRAYAGE_PEER_UNREACHABLE',
    message: expect.stringContaining('host-1'),
  })
  expect(pull.failure()).toBeInstanceOf(AppError)
  await expect.poll(() => told, { timeout: 5_000 }).toBe(true)
})

test('a peer that is busy before its first byte is waited for', async () => {
  const slowly = async function* () {
    await sleep(700)
    yield Buffer.from('late')
  }
  const peer = await serve(
    createServing({
      engine: { exportImage: slowly },
      volumes,
      paths: createEnginePaths(undefined),
      state,
      admission: admission(),
      signOfLifeMs: 50,
    }),
  )
  const wanted = { migrationId, imageId: 'sha256:1', references: [] }
  const pull = pullBy(target, 300).image(peer, wanted, never)
  expect((await read(pull.pieces)).toString()).toBe('late')
  expect(pull.bytes()).toBe(4)
})

test('a receiver that is slow is not taken for a peer that is silent', async () => {
  const pull = pullBy(target, 2_000).volume(await serveSource(), request, never)
  let bytes = 0
  for await (const piece of pull.pieces) {
    if (bytes === 0) await sleep(4_000)
    bytes += packedBytes(piece)
  }
  expect(bytes).toBe((await pull.summary()).tarBytes)
})

describe('a giver that waits knows what for', () => {
  // Two hundred pieces of 1 MiB, and what the giver says while they go.
  const giving = () => {
    let context: CallContext | undefined
    const seen = { given: 0, isCallerBehind: () => context?.isCallerBehind() ?? false }
    const serving = lying(async function* (_, call) {
      context = call
      yield { announced: limits }
      for (; seen.given < 200; seen.given += 1) yield { tar: Buffer.alloc(1024 * 1024) }
    })
    return { seen, serving }
  }
  const untilItWaits = async (seen: { readonly given: number }) => {
    for (let last = -1; seen.given !== last; await sleep(200)) last = seen.given
  }

  test('the caller, who does not use what he has', async () => {
    const { seen, serving } = giving()
    const pull = pullBy(target).volume(await serve(serving), request, never)
    const pieces = pull.pieces[Symbol.asyncIterator]()
    await pieces.next()
    await expect.poll(seen.isCallerBehind, { timeout: 20_000 }).toBe(true)
    await untilItWaits(seen)
    expect(seen.isCallerBehind()).toBe(true)
    // It is held back, not buffered without end.
    expect(seen.given).toBeLessThan(100)
    const takeTheRest = async () => {
      while (!(await pieces.next()).done) {}
    }
    await takeTheRest().catch(() => {})
    expect(seen.isCallerBehind()).toBe(false)
    pull.close()
  })

  test('the line, which takes nothing', async () => {
    const { seen, serving } = giving()
    const { host, address } = await serve(serving)
    const far: Socket[] = []
    // Once it has seen the volume begin, it reads no more from the giver.
    const line = createLine((near) => {
      const giver = connectTo(Number(address.split(':')[1]), '127.0.0.1')
      far.push(near, giver)
      near.pipe(giver)
      giver.on('data', (bytes) => {
        near.write(bytes)
        if (seen.given > 0) giver.pause()
      })
      for (const end of [near, giver]) end.on('error', () => {})
    }).listen(0, '127.0.0.1')
    await once(line, 'listening')
    const { port } = line.address() as AddressInfo
    const pull = pullBy(target).volume({ host, address: `127.0.0.1:${port}` }, request, never)
    const reading = read(pull.pieces).catch(() => {})
    await expect.poll(() => seen.given, { timeout: 20_000 }).toBeGreaterThan(0)
    await untilItWaits(seen)
    expect(seen.given).toBeLessThan(100)
    expect(seen.isCallerBehind()).toBe(false)
    for (const end of far) end.destroy()
    line.close()
    pull.close()
    await reading
  })
})

test('a pull that is aborted, or closed halfway, ends the giving', async () => {
  let givers = 0
  const endless = lying(async function* () {
    givers += 1
    try {
      yield { announced: limits }
      for (;;) yield { tar: Buffer.alloc(64 * 1024) }
    } finally {
      givers -= 1
    }
  })
  const peer = await serve(endless)
  const abort = new AbortController()
  const aborted = pullBy(target).volume(peer, request, abort.signal)
  await expect(
    (async () => {
      for await (const _ of aborted.pieces) abort.abort()
    })(),
  ).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
  const closed = pullBy(target).volume(peer, request, never)
  for await (const _ of closed.pieces) break
  closed.close()
  await expect.poll(() => givers, { timeout: 5_000 }).toBe(0)
})

test('a peer that nobody answers for is out of reach, by name', async () => {
  const pull = pullBy(target).volume({ host: 'host-1', address: '127.0.0.1:1' }, request, never)
  await expect(read(pull.pieces)).rejects.toMatchObject({
    code: 'DRAYAGE_PEER_UNREACHABLE',
    message: expect.stringContaining('host-1'),
  })
})
