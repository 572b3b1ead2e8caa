// Who waits for whom, for how long, and what ends it.
import { once } from 'node:events'
import { type AddressInfo, connect as connectTo, createServer as createLine, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { CallContext } from '../../shared/rpc/server.ts'
import { packedBytes } from '../volume/engine.ts'
import { announced, giverOf, imageRequest, never, read, request, twoAgents } from './testing/two-agents.ts'

const agents = twoAgents({ data: Buffer.alloc(3 * 1024 * 1024, 'x') })

test('a peer that falls silent is given up after a while, and told so', async () => {
  let told = false
  const peer = await agents.serve(
    giverOf(async function* (_, { signal }) {
      yield { announced }
      yield { tar: Buffer.from('half') }
      await sleep(60_000, undefined, { signal }).catch(() => {})
      told = signal.aborted
    }),
  )
  const pull = agents.pullBy(agents.target, 300).volume(peer, request, never)
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
  const peer = await agents.serveSource({ engine: { exportImage: slowly }, signOfLifeMs: 50 })
  const pull = agents.pullBy(agents.target, 300).image(peer, { ...imageRequest, references: [] }, never)
  expect((await read(pull.pieces)).toString()).toBe('late')
  expect(pull.bytes()).toBe(4)
})

test('a receiver that is slow is not taken for a peer that is silent', async () => {
  const pull = agents.pullBy(agents.target, 6_000).volume(await agents.serveSource(), request, never)
  let bytes = 0
  for await (const piece of pull.pieces) {
    if (bytes === 0) await sleep(8_000)
    bytes += packedBytes(piece)
  }
  expect(bytes).toBe((await pull.summary()).tarBytes)
})

describe('a giver that waits knows what for', () => {
  // Two hundred pieces of 1 MiB, and what the giver says while they go.
  const giving = () => {
    let context: CallContext | undefined
    const seen = { given: 0, isCallerBehind: () => context?.isCallerBehind() ?? false }
    const serving = giverOf(async function* (_, call) {
      context = call
      yield { announced }
      for (; seen.given < 200; seen.given += 1) yield { tar: Buffer.alloc(1024 * 1024) }
    })
    return { seen, serving }
  }
  const untilItWaits = async (seen: { readonly given: number }) => {
    for (let last = -1; seen.given !== last; await sleep(200)) last = seen.given
  }

  test('the caller, who does not use what he has', async () => {
    const { seen, serving } = giving()
    const pull = agents.pullBy(agents.target).volume(await agents.serve(serving), request, never)
    const pieces = pull.pieces[Symbol.asyncIterator]()
    await pieces.next()
    await expect
      .poll(
        async () => {
          await untilItWaits(seen)
          return seen.isCallerBehind()
        },
        { timeout: 20_000 },
      )
      .toBe(true)
    // It is held back: little more is on its way than the window of a short line, 12 pieces.
    expect(seen.given).toBeLessThan(22)
    const takeTheRest = async () => {
      while (!(await pieces.next()).done) {}
    }
    await takeTheRest().catch(() => {})
    expect(seen.isCallerBehind()).toBe(false)
    pull.close()
  })

  test('the line, which takes nothing', async () => {
    const { seen, serving } = giving()
    const { host, address } = await agents.serve(serving)
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
    const pull = agents.pullBy(agents.target).volume({ host, address: `127.0.0.1:${port}` }, request, never)
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
  const endless = giverOf(async function* () {
    givers += 1
    try {
      yield { announced }
      for (;;) yield { tar: Buffer.alloc(64 * 1024) }
    } finally {
      givers -= 1
    }
  })
  const peer = await agents.serve(endless)
  const abort = new AbortController()
  const aborted = agents.pullBy(agents.target).volume(peer, request, abort.signal)
  await expect(
    (async () => {
      for await (const _ of aborted.pieces) abort.abort()
    })(),
  ).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
  const closed = agents.pullBy(agents.target).volume(peer, request, never)
  for await (const _ of closed.pieces) break
  closed.close()
  await expect.poll(() => givers, { timeout: 5_000 }).toBe(0)
})

test('a peer that nobody answers for is out of reach, by name', async () => {
  const pull = agents.pullBy(agents.target).volume({ host: 'host-1', address: '127.0.0.1:1' }, request, never)
  await expect(read(pull.pieces)).rejects.toMatchObject({
    code: 'DRAYAGE_PEER_UNREACHABLE',
    message: expect.stringContaining('host-1'),
  })
})
