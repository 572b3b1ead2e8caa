// What an agent gives, and to whom.
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import { createAuthority } from '../identity/testing/authority.ts'
import { asideOf } from '../set-aside/set-aside.ts'
import type { BandwidthClock } from './bandwidth.ts'
import { createPuller } from './pull.ts'
import { imageRequest, migrationId, never, read, request, twoAgents } from './testing/two-agents.ts'

const agents = twoAgents({ data: Buffer.alloc(3 * 1024 * 1024, 'x') })
const image = async function* () {
  yield Buffer.from('an archive, ')
  yield Buffer.from('in pieces')
}

test('a volume that was pulled is the one that was given, by the digests of both', async () => {
  const pull = agents.pullBy(agents.target).volume(await agents.serveSource(), request, never)
  const copy = join(agents.dir, 'copy')
  await mkdir(copy)
  const written = await agents.volumes.write(copy, pull.pieces)
  const summary = await pull.summary()
  expect(written.digest).toBe(summary.digest)
  expect(written.entries).toBe(summary.entries)
  expect(pull.bytes()).toBe(summary.tarBytes)
})

test('a volume that was set aside by its migration is given from there', async () => {
  await rename(agents.mountpointOf('data'), asideOf(agents.mountpointOf('data'), migrationId))
  const pull = agents.pullBy(agents.target).volume(await agents.serveSource(), request, never)
  expect((await read(pull.pieces)).length).toBe((await pull.summary()).tarBytes)
})

test('a root that is not the one that was noted is not read', async () => {
  await rename(agents.mountpointOf('data'), join(agents.dir, 'taken'))
  await mkdir(agents.mountpointOf('data'))
  const pull = agents.pullBy(agents.target).volume(await agents.serveSource(), request, never)
  await expect(read(pull.pieces)).rejects.toMatchObject({ code: 'DRAYAGE_VOLUME_ROOT_CHANGED' })
  await expect(pull.summary()).rejects.toMatchObject({ code: 'DRAYAGE_VOLUME_ROOT_CHANGED' })
})

test('an image is given whole, and only the one that moves under its own names', async () => {
  const peer = await agents.serveSource({ engine: { exportImage: image } })
  expect((await read(agents.pullBy(agents.target).image(peer, imageRequest, never).pieces)).toString()).toBe(
    'an archive, in pieces',
  )
  for (const other of [
    { ...imageRequest, imageId: 'sha256:2' },
    { ...imageRequest, references: ['web:1', 'secret:1'] },
  ]) {
    await expect(read(agents.pullBy(agents.target).image(peer, other, never).pieces)).rejects.toMatchObject({
      code: 'DRAYAGE_TRANSFER_FORBIDDEN',
    })
  }
})

test('what is not on its disk is given to nobody, whatever ticket he has; nor to who is no agent of ours', async () => {
  const peer = await agents.serveSource()
  const attempt = (identity: TlsIdentity, asked = request) =>
    read(agents.pullBy(identity).volume(peer, asked, never).pieces)
  const forbidden = { code: 'DRAYAGE_TRANSFER_FORBIDDEN' }
  await expect(attempt(agents.target, { ...request, migrationId: 'another' })).rejects.toMatchObject(forbidden)
  await expect(attempt(agents.target, { ...request, volume: 'other' })).rejects.toMatchObject(forbidden)
  const role = { code: 'DRAYAGE_ROLE_FORBIDDEN' }
  await expect(
    read(createPuller({ tls: await agents.authority.coordinator() }).volume(peer, request, never).pieces),
  ).rejects.toMatchObject(role)
  const stranger = await (await createAuthority()).agent('host-2')
  await expect(attempt({ ...stranger, authority: agents.authority.pem })).rejects.toMatchObject({
    code: 'DRAYAGE_PEER_UNREACHABLE',
  })
  await agents.state.epochs.grant({ workloadId: 'w', migrationId: 'newer', epoch: 4 })
  await expect(attempt(agents.target)).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
})

test('nothing is taken from one who is not the host that was asked for', async () => {
  const peer = await agents.serveSource()
  const pull = agents.pullBy(agents.target).volume({ ...peer, host: 'host-9' }, request, never)
  await expect(read(pull.pieces)).rejects.toMatchObject({ code: 'DRAYAGE_PEER_UNREACHABLE' })
})

test('a volume that is lent is given whole to who has the ticket for it, as long as it is lent', async () => {
  const rootIdentity = await agents.volumes.identify(agents.mountpointOf('data'))
  const loan = { root: agents.mountpointOf('data'), rootIdentity, final: true }
  let lent = true
  const lending = {
    find: (id: string, volume: string) => (lent && id === 't1' && volume === 'data' ? loan : null),
  }
  const peer = await agents.serveSource({ lending })
  const asked = { migrationId: 't1', volume: 'data', round: 1 }
  const pull = agents.pullBy(agents.target).volume(peer, asked, never)
  const copy = join(agents.dir, 'lent')
  await mkdir(copy)
  const written = await agents.volumes.write(copy, pull.pieces)
  expect((await pull.summary()).digest).toBe(written.digest)

  const refused = (request: object) =>
    expect(
      read(agents.pullBy(agents.target).volume(peer, { ...asked, ...request }, never).pieces),
    ).rejects.toMatchObject({
      code: 'DRAYAGE_TRANSFER_FORBIDDEN',
    })
  await refused({ volume: 'other' })
  await refused({ migrationId: 't2' })
  lent = false
  await refused({})
})

test('what is compressed on its way is the same where it arrives, and fewer bytes have crossed', async () => {
  const pull = agents
    .pullBy(agents.target)
    .volume(await agents.serveSource(), { ...request, compression: 'zstd' }, never)
  const copy = join(agents.dir, 'copy')
  await mkdir(copy)
  const written = await agents.volumes.write(copy, pull.pieces)
  const summary = await pull.summary()
  expect(written.digest).toBe(summary.digest)
  expect(pull.unpackedBytes()).toBe(summary.tarBytes)
  expect(pull.bytes()).toBeLessThan(summary.tarBytes / 100)
})

test('a limit holds back what leaves for a migration, its volumes and its image together, and nothing else of it', async () => {
  const slept: number[] = []
  const clock: BandwidthClock = {
    nowMs: () => 0,
    sleep: async (ms) => {
      slept.push(ms)
    },
  }
  const peer = await agents.serveSource({ clock, engine: { exportImage: image } })
  const bytesPerSecond = 1024 * 1024
  const volume = agents.pullBy(agents.target).volume(peer, { ...request, bytesPerSecond }, never)
  const tarBytes = (await read(volume.pieces)).length
  await volume.summary()
  // On a clock that stands still each piece waits for all before it, and the end for the last.
  expect(slept.at(-1)).toBeCloseTo((tarBytes / bytesPerSecond) * 1000)
  slept.length = 0
  await read(agents.pullBy(agents.target).image(peer, { ...imageRequest, bytesPerSecond }, never).pieces)
  expect(slept.length).toBe(2)
  slept.length = 0
  await read(agents.pullBy(agents.target).volume(peer, request, never).pieces)
  await read(agents.pullBy(agents.target).image(peer, imageRequest, never).pieces)
  expect(slept).toEqual([])
})
