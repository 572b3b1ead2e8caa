import { X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  agentIdentity,
  type CoordinatorServers,
  newKeys,
  startCoordinatorServers,
} from './testing/coordinator-servers.ts'

let servers: CoordinatorServers
beforeEach(async () => {
  servers = await startCoordinatorServers()
})
afterEach(() => servers.stop())

const limits = { timeoutMs: 10_000 }

// An agent that is enrolled, with the request that was for its key.
const agent = async (host: string) => {
  const { joinToken } = await servers.directory.add(host)
  const keys = await newKeys(host)
  const { certificate, authority } = await servers.enrolment.unary('Enrol', { token: joinToken, csr: keys.csr }, limits)
  return { csr: keys.csr, tls: { authority, certificate, key: keys.privateKey } }
}

test('an agent gets the next certificate for its own key, which is as good as the first', async () => {
  const { csr, tls } = await agent('host-1')
  // Less than certificates are dated back: the real clock takes the next one, too.
  servers.letPass(4 * 60_000)
  const reply = await servers.coordinator(tls).unary('Renew', { csr }, limits)
  const [first, next] = [new X509Certificate(tls.certificate), new X509Certificate(reply.certificate)]
  expect(next.subjectAltName).toBe(first.subjectAltName)
  expect(next.publicKey.equals(first.publicKey)).toBe(true)
  expect(next.validToDate.getTime() - first.validToDate.getTime()).toBeGreaterThan(3 * 60_000)
  expect((await servers.hosts.find('host-1'))?.certificateExpiresAt).toEqual(next.validToDate)
  const renewed = { ...tls, certificate: reply.certificate }
  await servers.coordinator(renewed).unary('Heartbeat', { engineReachable: true }, limits)
  await servers.coordinator(tls).unary('Heartbeat', { engineReachable: true }, limits)
})

test('none is given for another name or another key, or to an agent that was replaced', async () => {
  const { csr, tls } = await agent('host-1')
  const coordinator = servers.coordinator(tls)
  for (const other of [await newKeys('host-1'), await newKeys('host-2')]) {
    await expect(coordinator.unary('Renew', { csr: other.csr }, limits)).rejects.toMatchObject({
      code: 'DRAYAGE_INVALID_REQUEST',
    })
  }
  const stranger = await agentIdentity(servers.authority, 'host-1')
  await expect(servers.coordinator(stranger).unary('Renew', { csr }, limits)).rejects.toMatchObject({
    code: 'DRAYAGE_AGENT_REPLACED',
  })
})
