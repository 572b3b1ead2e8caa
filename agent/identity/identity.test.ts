import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Server } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import { formatJoinToken } from '../../shared/identity/join-token.ts'
import type { EnrolReply } from '../../shared/rpc/generated/drayage/v1/EnrolReply.ts'
import type { EnrolRequest__Output } from '../../shared/rpc/generated/drayage/v1/EnrolRequest.ts'
import { createServer, handlers, listen } from '../../shared/rpc/server.ts'
import { services } from '../../shared/rpc/services.ts'
import { silentLog } from '../log.ts'
import { enrol } from './enrol.ts'
import { establishIdentity } from './establish.ts'
import { loadIdentity, storeCertificate } from './files.ts'
import { createSigningRequest } from './signing-request.ts'
import { createAuthority, type TestAuthority } from './testing/authority.ts'

let dir: string
let servers: Server[]
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-identity-'))
  servers = []
})
afterEach(async () => {
  for (const server of servers) server.forceShutdown()
  await rm(dir, { recursive: true, force: true })
})

const secret = 's'.repeat(43)
const tokenOf = ({ fingerprint }: TestAuthority, host = 'host-1') => formatJoinToken({ host, fingerprint, secret })

const serveEnrolment = async (
  authority: TestAuthority,
  answer: (request: EnrolRequest__Output) => Promise<EnrolReply> = async ({ csr }) => ({
    certificate: await authority.certify(csr, 'host-1'),
    authority: authority.pem,
    host: 'host-1',
  }),
) => {
  const server = createServer()
  servers.push(server)
  server.addService(services.Enrolment, { Enrol: handlers(['anonymous', 'agent', 'coordinator']).unary(answer) })
  const { port } = await listen(server, '127.0.0.1:0', await authority.coordinator(), { mutual: false })
  return `127.0.0.1:${port}`
}

test('a join token becomes a certificate of the own key, which is there after a restart and only for its owner', async () => {
  const authority = await createAuthority()
  const address = await serveEnrolment(authority)
  const identity = await enrol(dir, address, ` ${tokenOf(authority)}\n`)
  expect(identity).toMatchObject({ host: 'host-1', fingerprint: authority.fingerprint })
  expect(await loadIdentity(dir)).toEqual(identity)
  expect((await stat(join(dir, 'identity', 'key.pem'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(dir, 'identity'))).mode & 0o777).toBe(0o700)
})

test('nothing is sent to a coordinator that does not present the authority of the token', async () => {
  const [authority, another] = [await createAuthority(), await createAuthority()]
  let asked = 0
  const address = await serveEnrolment(another, async () => {
    asked += 1
    throw new AppError('DRAYAGE_JOIN_TOKEN_INVALID', 'never')
  })
  await expect(enrol(dir, address, tokenOf(authority))).rejects.toMatchObject({ code: 'DRAYAGE_AUTHORITY_MISMATCH' })
  expect(asked).toBe(0)
  expect(await loadIdentity(dir)).toBeNull()
})

test('an answer that was lost is asked for again with the same key', async () => {
  const authority = await createAuthority()
  const requests: string[] = []
  const address = await serveEnrolment(authority, async ({ csr }) => {
    requests.push(csr.toString('hex'))
    const certificate = await authority.certify(csr, 'host-1')
    if (requests.length === 1) throw new AppError('DRAYAGE_TIMEOUT', 'lost')
    return { certificate, authority: authority.pem, host: 'host-1' }
  })
  await expect(enrol(dir, address, tokenOf(authority))).rejects.toMatchObject({ code: 'DRAYAGE_TIMEOUT' })
  const key = await readFile(join(dir, 'identity', 'key.pem'), 'utf8')
  expect((await enrol(dir, address, tokenOf(authority))).key).toBe(key)
  expect(requests).toHaveLength(2)
})

test('a certificate for another host, of another key, by another authority, or that has ended is not stored', async () => {
  const [authority, another] = [await createAuthority(), await createAuthority()]
  const certificates: ((csr: Uint8Array) => Promise<string>)[] = [
    (csr) => authority.certify(csr, 'host-2'),
    (csr) => another.certify(csr, 'host-1'),
    async () => (await authority.agent('host-1')).certificate,
    async () => (await authority.coordinator()).certificate,
    async () => 'no certificate',
    (csr) => authority.certify(csr, 'host-1', -1_000),
  ]
  for (const make of certificates) {
    const address = await serveEnrolment(authority, async ({ csr }) => ({
      certificate: await make(csr),
      authority: authority.pem,
      host: 'host-1',
    }))
    await expect(enrol(dir, address, tokenOf(authority))).rejects.toMatchObject({ code: 'DRAYAGE_AUTHORITY_MISMATCH' })
    expect(await readdir(join(dir, 'identity'))).toEqual(['key.pem'])
  }
})

const establish = (address: string, joinToken: string | undefined) =>
  establishIdentity({ dataDir: dir, enrolAddress: address, joinToken, log: silentLog }, AbortSignal.timeout(20_000))

test('an enrolled agent keeps its identity whatever token still stands in its environment, if it was its own', async () => {
  const authority = await createAuthority()
  const identity = await enrol(dir, await serveEnrolment(authority), tokenOf(authority))
  const nobody = '127.0.0.1:1'
  expect(await establish(nobody, undefined)).toEqual(identity)
  expect(await establish(nobody, tokenOf(authority))).toEqual(identity)
  await expect(establish(nobody, tokenOf(authority, 'host-2'))).rejects.toThrow(/enrolled as host-1/)
})

test('a certificate is used until its end, and only then a token is traded for another, of the same key', async () => {
  const authority = await createAuthority()
  const shortLived = (validForMs: number) =>
    serveEnrolment(authority, async ({ csr }) => ({
      certificate: await authority.certify(csr, 'host-1', validForMs),
      authority: authority.pem,
      host: 'host-1',
    }))
  const identity = await enrol(dir, await shortLived(60_000), tokenOf(authority))
  expect(await establish('127.0.0.1:1', tokenOf(authority))).toEqual(identity)
  const ended = await authority.certify(await createSigningRequest(identity.key, 'host-1'), 'host-1', -1_000)
  await storeCertificate(dir, ended)
  const renewed = await establish(await serveEnrolment(authority), tokenOf(authority))
  expect(renewed?.validUntil.getTime()).toBeGreaterThan(identity.validUntil.getTime())
  expect(renewed?.key).toBe(identity.key)
})

test("another coordinator's token does not take an agent over", async () => {
  const [authority, another] = [await createAuthority(), await createAuthority()]
  const identity = await enrol(dir, await serveEnrolment(authority), tokenOf(authority))
  const address = await serveEnrolment(another)
  await expect(establish(address, tokenOf(another))).rejects.toMatchObject({ code: 'DRAYAGE_AUTHORITY_MISMATCH' })
  await expect(enrol(dir, address, tokenOf(another))).rejects.toMatchObject({ code: 'DRAYAGE_AUTHORITY_MISMATCH' })
  expect(await loadIdentity(dir)).toEqual(identity)
})

test('an agent waits for a coordinator that is not up yet', async () => {
  const authority = await createAuthority()
  const address = await serveEnrolment(authority)
  servers.pop()?.forceShutdown()
  const waiting = establish(address, tokenOf(authority))
  const server = createServer()
  servers.push(server)
  server.addService(services.Enrolment, {
    Enrol: handlers(['anonymous']).unary<EnrolRequest__Output, EnrolReply>(async ({ csr }) => ({
      certificate: await authority.certify(csr, 'host-1'),
      authority: authority.pem,
      host: 'host-1',
    })),
  })
  await listen(server, address, await authority.coordinator(), { mutual: false })
  expect(await waiting).toMatchObject({ host: 'host-1' })
})

test('an identity whose parts do not belong together is an error, not a reason to enrol anew', async () => {
  const authority = await createAuthority()
  await enrol(dir, await serveEnrolment(authority), tokenOf(authority))
  const other = await authority.agent('host-1')
  await writeFile(join(dir, 'identity', 'key.pem'), other.key)
  await expect(loadIdentity(dir)).rejects.toMatchObject({
    code: 'DRAYAGE_STATE_DAMAGED',
    message: expect.stringContaining('another key'),
  })
  await rm(join(dir, 'identity', 'key.pem'))
  await expect(loadIdentity(dir)).rejects.toMatchObject({ code: 'DRAYAGE_STATE_DAMAGED' })
})
