// What a receiver makes of a giver that does not keep to what it says.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { VolumePiece } from '../../shared/rpc/generated/drayage/v1/VolumePiece.ts'
import { headRoom, messageInPlace } from '../../shared/rpc/piece-messages.ts'
import { pieceFields } from '../../shared/rpc/services.ts'
import { announced, giverOf, never, read, request, twoAgents } from './testing/two-agents.ts'

const agents = twoAgents({ data: Buffer.alloc(3 * 1024 * 1024, 'x') })

// As the engine makes pieces: alone in their memory, with room before them.
const pieceOf = (length: number, fill: number): Buffer =>
  Buffer.from(new ArrayBuffer(headRoom + length), headRoom, length).fill(fill)

test('a stream that ends without its summary did not happen', async () => {
  const peer = await agents.serve(
    giverOf(async function* () {
      yield { announced }
      yield { tar: Buffer.from('half') }
    }),
  )
  const pull = agents.pullBy(agents.target).volume(peer, request, never)
  expect((await read(pull.pieces)).toString()).toBe('half')
  await expect(pull.summary()).rejects.toMatchObject({ code: 'DRAYAGE_STREAM_DAMAGED' })
})

test('a stream that does not say first how much it will bring is not taken', async () => {
  const peer = await agents.serve(
    giverOf(async function* () {
      yield { tar: Buffer.alloc(0) }
      yield { tar: Buffer.alloc(512) }
    }),
  )
  const pull = agents.pullBy(agents.target).volume(peer, request, never)
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
  const peer = await agents.serve(
    giverOf(async function* () {
      yield { announced: { ...announced, ...less } }
      for await (const tar of agents.volumes.read(agents.mountpointOf('data'), { final: true }).pieces) yield { tar }
    }),
  )
  const copy = join(agents.dir, 'copy')
  const memory = join(agents.dir, 'memory')
  await mkdir(copy)
  await mkdir(memory)
  const pull = agents.pullBy(agents.target).volume(peer, request, never)
  const receiving = agents.volumes.receive(copy, () => pull, { memory })
  await expect(receiving).rejects.toMatchObject({
    code: 'DRAYAGE_STREAM_DAMAGED',
    message: expect.stringContaining(`${what} announced`),
  })
  pull.close()
})

test('a piece that unpacks to more than it says, or to more than a piece, is not written', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024))
  const claims = [512, 1024 * 1024, 64 * 1024 * 1024]
  for (const bytes of claims) {
    const peer = await agents.serve(
      giverOf(async function* () {
        yield { announced }
        yield { compressed: { bytes, zstd: bomb } }
      }),
    )
    const copy = join(agents.dir, `copy-${bytes}`)
    await mkdir(copy)
    const pull = agents.pullBy(agents.target).volume(peer, request, never)
    await expect(agents.volumes.write(copy, pull.pieces)).rejects.toMatchObject({ code: 'DRAYAGE_STREAM_DAMAGED' })
    pull.close()
  }
})

test('a message that is larger than any piece may be is not taken in', async () => {
  const peer = await agents.serve(
    giverOf(async function* () {
      yield { announced }
      yield messageInPlace<VolumePiece>(pieceFields.PullVolume, pieceOf(17 * 1024 * 1024, 1), () => {})
    }),
  )
  const pull = agents.pullBy(agents.target).volume(peer, request, never)
  await expect(read(pull.pieces)).rejects.toThrow('larger than max')
})

test('pieces that are sent from where they stand arrive whole and in order, and each is given back once', async () => {
  const lengths = [1, 130, 16_384, 1024 * 1024, 5, 700_000]
  const givenBack = lengths.map(() => 0)
  const peer = await agents.serve(
    giverOf(async function* () {
      yield { announced }
      for (const [index, length] of lengths.entries()) {
        yield { tar: Buffer.alloc(0) }
        yield messageInPlace<VolumePiece>(pieceFields.PullVolume, pieceOf(length, index), () => {
          givenBack[index] = (givenBack[index] ?? 0) + 1
        })
        yield { tar: Buffer.alloc(3, 'x') }
      }
    }),
  )
  const pull = agents.pullBy(agents.target).volume(peer, request, never)
  const expected = lengths.flatMap((length, index) => [Buffer.alloc(length, index), Buffer.alloc(3, 'x')])
  expect((await read(pull.pieces)).equals(Buffer.concat(expected))).toBe(true)
  expect(givenBack).toEqual(lengths.map(() => 1))
})
