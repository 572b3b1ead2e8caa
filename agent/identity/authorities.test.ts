import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { formatJoinToken } from '../../shared/identity/join-token.ts'
import { createOwnIdentity, type OwnIdentity } from '../../shared/identity/own-identity.ts'
import { heldBy, trustAuthorities } from './authorities.ts'
import { establishIdentity } from './establish.ts'
import { type AgentIdentity, loadIdentity, storeAuthorities, storeCertificate, storeKey } from './files.ts'
import { keepRenewed } from './renewal.ts'
import { createSigningRequest } from './signing-request.ts'
import { createAuthority, type TestAuthority } from './testing/authority.ts'

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

let dir: string
let old: TestAuthority
let next: TestAuthority
let identity: OwnIdentity<AgentIdentity>
const stop = new AbortController()
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-authorities-'))
  ;[old, next] = [await createAuthority(), await createAuthority()]
  const { key, certificate } = await old.agent('host-1')
  await storeKey(dir, key)
  await storeAuthorities(dir, old.pem)
  await storeCertificate(dir, certificate)
  identity = createOwnIdentity(await onDisk())
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const onDisk = async (): Promise<AgentIdentity> => {
  const loaded = await loadIdentity(dir)
  if (loaded === null) throw new Error('There is no identity on the disk')
  return loaded
}
const told = (...authorities: TestAuthority[]) =>
  trustAuthorities(
    dir,
    identity,
    authorities.map(({ pem }) => pem),
  )
const trusted = () => heldBy(identity.current()).trusted

test('what is to be trusted is on the disk before the agent says so, and stays through a start', async () => {
  await told(old, next)
  expect(trusted()).toEqual([old.fingerprint, next.fingerprint])
  expect(await onDisk()).toEqual(identity.current())
  expect(heldBy(identity.current()).certifiedBy).toBe(old.fingerprint)
  await told()
  expect(trusted()).toHaveLength(2)
})

test('an agent does not give up the authority that its own certificate is from', async () => {
  await expect(told(next)).rejects.toMatchObject({ code: 'DRAYAGE_AUTHORITY_MISMATCH' })
  expect(await onDisk()).toEqual(identity.current())
  expect(trusted()).toEqual([old.fingerprint])
})

test('when another authority issues, the certificate is renewed at once, for the same key, and then the old one can go', async () => {
  const first = identity.current()
  let asked = 0
  const ask = async (csr: Buffer) => {
    asked += 1
    if (asked === 1) throw new Error('The coordinator is away')
    return { certificate: await next.certify(csr, 'host-1') }
  }
  const running = keepRenewed({ dataDir: dir, identity, ask, log: quiet }, stop.signal)
  await told(old, next)
  expect(asked).toBe(0)
  await told(next, old)
  await vi.waitFor(() => expect(heldBy(identity.current()).certifiedBy).toBe(next.fingerprint), { timeout: 25_000 })
  expect(identity.current().key).toBe(first.key)
  expect(await onDisk()).toEqual(identity.current())
  await told(next)
  expect(trusted()).toEqual([next.fingerprint])
  expect(new X509Certificate((await onDisk()).authority).fingerprint256).toBe(
    new X509Certificate(next.pem).fingerprint256,
  )
  stop.abort()
  await running
}, 60_000)

test('the token of its first start, from before the authority was changed, does not keep an agent from starting', async () => {
  await told(old, next)
  const csr = await createSigningRequest(identity.current().key, 'host-1')
  await storeCertificate(dir, await next.certify(csr, 'host-1'))
  await identity.update(onDisk)
  await told(next)
  const joinToken = (by: TestAuthority) =>
    formatJoinToken({ host: 'host-1', fingerprint: by.fingerprint, secret: 'x'.repeat(43) })
  const start = (token: string) =>
    establishIdentity(
      { dataDir: dir, enrolAddress: '127.0.0.1:1', joinToken: token, log: quiet },
      AbortSignal.timeout(5_000),
    )
  for (const by of [old, next]) expect((await start(joinToken(by)))?.host).toBe('host-1')
  await expect(start(joinToken(await createAuthority()))).rejects.toMatchObject({ code: 'DRAYAGE_AUTHORITY_MISMATCH' })
})
