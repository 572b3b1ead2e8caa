import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { identityOf } from '../../shared/identity/names.ts'
import { type Authority, openAuthority } from './authority.ts'
import { restTlsFor } from './rest-tls.ts'

let folder: string
let authority: Authority
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drayage-rest-'))
  authority = await openAuthority(folder, new Date())
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const settings = { restTls: 'auto', restNames: [] } as const
const forHost = (host: string, more: object = {}) => restTlsFor({ ...settings, ...more }, host, authority, new Date())
const unusable = (why: RegExp) => ({ code: 'DRAYAGE_CONFIG_INVALID', message: expect.stringMatching(why) })

const pair = (name: string, { key, cert }: { key: string; cert: string }) => {
  const [restKey, restCertificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  writeFileSync(restKey, key)
  writeFileSync(restCertificate, cert)
  return { restKey, restCertificate }
}

test('plain HTTP is for loopback, unless told otherwise', async () => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) expect(await forHost(host)).toBeNull()
  for (const host of ['0.0.0.0', '::', '10.0.0.5', 'coordinator.example']) expect(await forHost(host)).not.toBeNull()
  expect(await forHost('127.0.0.1', { restTls: 'always' })).not.toBeNull()
  expect(await forHost('0.0.0.0', { restTls: 'never' })).toBeNull()
})

test('our own certificate has the names of this machine and those that are given, and speaks for no agent', async () => {
  const tls = await forHost('0.0.0.0', { restNames: ['drayage.example', '203.0.113.7'] })
  const certificate = new X509Certificate(tls?.cert ?? '')
  for (const name of ['DNS:localhost', 'IP Address:127.0.0.1', 'DNS:drayage.example', 'IP Address:203.0.113.7']) {
    expect(certificate.subjectAltName).toContain(name)
  }
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  expect(identityOf(certificate.subjectAltName).role).toBe('anonymous')
})

test('a client that trusts the authority is let in by it', async () => {
  const server = createServer({ ...(await forHost('0.0.0.0')) }, (_request, response) => response.end('ok'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const [response] = await once(get(url, { ca: authority.certificate }), 'response')
    expect(response.statusCode).toBe(200)
    response.resume()
    await expect(once(get(url), 'response')).rejects.toMatchObject({ code: 'SELF_SIGNED_CERT_IN_CHAIN' })
  } finally {
    server.close()
    server.closeAllConnections()
  }
})

test("an operator's certificate goes before our own, on loopback too", async () => {
  const own = await authority.issueForRest(['drayage.example'], new Date())
  expect(await forHost('127.0.0.1', pair('own', own))).toEqual({ ...own, byAuthority: false })
})

test('one that cannot be used is refused, with why', async () => {
  const [one, another] = [
    await authority.issueForRest(['a.example'], new Date()),
    await authority.issueForRest(['a.example'], new Date()),
  ]
  const files = pair('one', one)
  await expect(forHost('0.0.0.0', { restKey: files.restKey })).rejects.toMatchObject(unusable(/go together/))
  await expect(forHost('0.0.0.0', { ...files, restTls: 'never' })).rejects.toMatchObject(unusable(/--rest-tls never/))
  await expect(forHost('0.0.0.0', pair('two', { key: another.key, cert: one.cert }))).rejects.toMatchObject(
    unusable(/the key in .*two\.key is not that of the certificate/),
  )
  await expect(forHost('0.0.0.0', { ...files, restKey: join(folder, 'none') })).rejects.toMatchObject(
    unusable(/ENOENT/),
  )
})
