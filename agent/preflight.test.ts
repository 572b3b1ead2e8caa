import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '../shared/errors.ts'
import { createEngine } from './docker/engine.ts'
import { engineFacts } from './docker/testing/engine-facts.ts'
import { storeAuthorities, storeCertificate, storeKey } from './identity/files.ts'
import { createAuthority } from './identity/testing/authority.ts'
import { capabilityFaults, findFaults, refuseToStart } from './preflight.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-preflight-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

// An engine whose data root is where the test says.
const engineAt = (dataRoot: string, containers: readonly string[] = []) => ({
  ...createEngine({ dockerHost: 'unix:///nowhere' }),
  facts: async () => ({ ...engineFacts, dataRoot }),
  inventory: async () => ({
    containers: containers.map((id) => ({
      ...{ id, name: `name-of-${id}`, image: '', imageId: '', state: 'running', createdAt: '', labels: {}, mounts: [] },
    })),
    volumes: [],
  }),
})
const enrolled = async (validForMs?: number) => {
  const authority = await createAuthority()
  const identity = await authority.agent('host-1', validForMs === undefined ? {} : { validForMs })
  await storeKey(dir, identity.key)
  await storeAuthorities(dir, identity.authority)
  await storeCertificate(dir, identity.certificate)
}
const messages = async (...args: Parameters<typeof findFaults>) =>
  (await findFaults(...args)).map(({ message }) => message)

test('no engine, no certificate and a data directory that cannot be written are told together', async () => {
  await writeFile(join(dir, 'file'), '')
  const faults = await findFaults(
    { dataDir: join(dir, 'file'), dockerHost: `unix://${join(dir, 'no.sock')}` },
    (dockerHost) => createEngine({ dockerHost }),
  )
  const { message } = refuseToStart(faults)
  expect(message).toContain('cannot be written')
  expect(message).toContain('No Docker engine can be used')
  expect(await messages({ dataDir: dir }, () => engineAt(dir))).toMatchObject([
    expect.stringContaining('dray host add'),
  ])
})

test('an enrolled agent with the engine in sight has no fault', async () => {
  await enrolled()
  await mkdir(join(dir, 'root', 'volumes'), { recursive: true })
  await mkdir(join(dir, 'root', 'containers', 'c1'), { recursive: true })
  const config = { dataDir: dir, dockerHost: 'unix:///x' }
  expect(await messages(config, () => engineAt(join(dir, 'root'), ['c1']))).toEqual([])
})

test("a data root that cannot be seen, or that is another engine's, is a fault, unless it is said where it is", async () => {
  await enrolled()
  await mkdir(join(dir, 'root', 'volumes'), { recursive: true })
  await mkdir(join(dir, 'root', 'containers', 'c1'), { recursive: true })
  const config = { dataDir: dir, dockerHost: 'tcp://elsewhere:2375' }
  expect(await messages(config, () => engineAt('/engine/root', ['c1']))).toMatchObject([
    expect.stringContaining('/engine/root/volumes cannot be seen'),
  ])
  expect(await messages(config, () => engineAt(join(dir, 'root'), ['c2']))).toMatchObject([
    expect.stringContaining('does not have the container name-of-c2'),
  ])
  const mapped = { ...config, volumeRoot: { engine: '/engine/root', agent: join(dir, 'root') } }
  expect(await messages(mapped, () => engineAt('/engine/root', ['c1']))).toEqual([])
})

test('an expired certificate needs a new token, and a damaged one is told as such', async () => {
  await enrolled(-1_000)
  expect(await messages({ dataDir: dir }, () => engineAt(dir))).toMatchObject([expect.stringContaining('expired on')])
  expect(await messages({ dataDir: dir, joinToken: 'any' }, () => engineAt(dir))).toEqual([])
  await chmod(join(dir, 'identity', 'key.pem'), 0o600)
  await rm(join(dir, 'identity', 'key.pem'))
  const [damaged] = await findFaults({ dataDir: dir, joinToken: 'any' }, () => engineAt(dir))
  expect(damaged).toBeInstanceOf(AppError)
  expect(damaged?.code).toBe('DRAYAGE_STATE_DAMAGED')
})

test('a token file that holds none is named where a token is needed, and ignored where there is a certificate', async () => {
  const joinTokenFile = join(dir, 'no-token')
  expect(await messages({ dataDir: dir, joinTokenFile }, () => engineAt(dir))).toMatchObject([
    expect.stringContaining(`${joinTokenFile} holds no join token`),
  ])
  await enrolled()
  expect(await messages({ dataDir: dir, joinTokenFile }, () => engineAt(dir))).toEqual([])
})

// linux/capability.h
const bits = { CHOWN: 0, DAC_OVERRIDE: 1, FOWNER: 3, FSETID: 4, SYS_ADMIN: 21, MKNOD: 27, SETFCAP: 31 }

test('whatever other capabilities there are, each needed one that lacks is named once, and no other', () => {
  fc.assert(
    fc.property(fc.subarray(Object.keys(bits)), fc.bigInt({ min: 0n, max: 2n ** 41n - 1n }), (lacking, random) => {
      const mask = Object.entries(bits).reduce(
        (held, [name, bit]) => (lacking.includes(name) ? held & ~(1n << BigInt(bit)) : held | (1n << BigInt(bit))),
        random,
      )
      const named = capabilityFaults(mask.toString(16).padStart(16, '0')).map(
        ({ message }) => /the capability ([A-Z_]+),/.exec(message)?.[1],
      )
      expect(named.toSorted()).toEqual(lacking.toSorted())
    }),
  )
})

test('what Docker gives a container by default lacks SYS_ADMIN alone', () => {
  // Of a container of engine 28.5 without --cap-add.
  const faults = capabilityFaults('00000000a80425fb')
  expect(faults.map(({ message }) => message)).toMatchObject([expect.stringMatching(/SYS_ADMIN.*trusted\.\*/)])
})
