// The line between two agents, as a plan measures it.
import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { measureLine } from '../steps/measure.ts'
import { mostNoiseBytes } from './noise.ts'
import { createPuller } from './pull.ts'
import { giveTicket } from './testing/tickets.ts'
import { migrationId, never, read, request, twoAgents } from './testing/two-agents.ts'

const agents = twoAgents({ data: 'of somebody' })
const mebibyte = 1024 * 1024
const asked = { transferId: 'measurement' }

test('who has a ticket for it gets noise that cannot be compressed, and no more than 32 MiB of it', async () => {
  const noise = await read(agents.pullBy(agents.target).noise(await agents.serveSource(), asked, never).pieces)
  expect(noise.length).toBe(mostNoiseBytes)
  // Of what is encrypted even the same bytes twice would not be seen to be so.
  const some = noise.subarray(0, 16 * 1024)
  expect(zstdCompressSync(some).length).toBeGreaterThan(some.length)
})

test('a ticket for a measurement is good for no volume and no image, and theirs for no measurement', async () => {
  const source = await agents.serveSource()
  const puller = createPuller({ tls: agents.target })
  const leave = { workloadId: 'w', epoch: 3, sourceHost: 'host-1', transferId: migrationId }
  const give = (subject: { noise: true } | { volume: string }) =>
    giveTicket(agents.signer, agents.target, { ...leave, ...subject })
  const refused = { code: 'DRAYAGE_TICKET_REFUSED' }
  const [noise, volume] = [give({ noise: true }), give({ volume: 'data' })]
  await expect(read(puller.volume(source, { ...request, ticket: noise }, never).pieces)).rejects.toMatchObject(refused)
  const image = { migrationId, imageId: 'sha256:1', ticket: noise }
  await expect(read(puller.image(source, image, never).pieces)).rejects.toMatchObject(refused)
  const transfer = { transferId: migrationId }
  await expect(read(puller.noise(source, { ...transfer, ticket: volume }, never).pieces)).rejects.toMatchObject(refused)
  await expect(read(puller.noise(source, transfer, never).pieces)).rejects.toMatchObject(refused)
  await expect(read(puller.noise(source, { ...asked, ticket: noise }, never).pieces)).rejects.toMatchObject(refused)
})

const measured = async (bytesPerSecond: number, silent = false) => {
  const source = await agents.serveSource()
  const puller = agents.pullBy(agents.target)
  const noise: typeof puller.noise = (peer, wanted, signal) =>
    silent
      ? { ...puller.noise(peer, wanted, signal), pieces: untilAborted(signal) }
      : puller.noise(peer, wanted, signal)
  const line = { ...asked, source, bytesPerSecond, ticket: null }
  return measureLine({ puller: { ...puller, noise } }, line, never)
}
const untilAborted = async function* (signal: AbortSignal): AsyncGenerator<Buffer> {
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}

test('a line is measured, within a limit that there is', async () => {
  expect((await measured(0)).bytesPerSecond).toBeGreaterThan(mebibyte)
  const limited = await measured(mebibyte)
  // Each piece waits for the time of the one before it, which was half as large at first.
  expect(limited.bytesPerSecond).toBeGreaterThan(mebibyte / 8)
  expect(limited.bytesPerSecond).toBeLessThan(3 * mebibyte)
})

test('a line that brings nothing is not waited for, and nothing is known of it', async () => {
  expect(await measured(0, true)).toEqual({ bytesPerSecond: 0 })
})
