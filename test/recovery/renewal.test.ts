// Certificates that live for a minute and a half, an authority that is changed for another, and a move that takes longer than
// both: nobody notices.
import { X509Certificate } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditList } from '../../shared/api/audit.ts'
import type { Authority } from '../../shared/api/authority.ts'
import type { AddedHost } from '../../shared/api/hosts.ts'
import { migrationOf, startMigration, untilEnded, untilMigration } from '../e2e/moving.ts'
import { loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'

let lab: Lab
beforeAll(async () => {
  lab = await startLab({ hosts: 2, environment: { DRAYAGE_CERTIFICATE_LIFETIME: '90s' } })
})
afterAll(() => lab?.stop())

const identityFile = ({ agentDataDir }: LabHost, name: string): Promise<string> =>
  readFile(join(agentDataDir, 'identity', `${name}.pem`), 'utf8')
const certificateOf = async (host: LabHost): Promise<X509Certificate> =>
  new X509Certificate(await identityFile(host, 'certificate'))
const authority = async (): Promise<Authority> => (await lab.coordinator.call('GET', '/v1/authority')) as Authority
const change = async (how: 'rotate' | 'finish'): Promise<Authority> =>
  (await lab.coordinator.call('POST', `/v1/authority:${how}`, {})) as Authority

const untilAlone = ([one]: Authority['authorities']): Promise<unknown> =>
  eventually('both agents to trust the new authority alone', 30_000, async () => {
    const trusted = await Promise.all(['host-1', 'host-2'].map((name) => identityFile(lab.host(name), 'authority')))
    return trusted.every((pem) => pem.trim() === one?.certificate.trim())
  })

// The connections over which `to` pulls from `from`, by both ends' addresses.
const pulls = async (to: LabHost, from: LabHost): Promise<string[]> => {
  const connections = await to.nsexec(['ss', '-Htn', 'state', 'established', 'dst', `${from.address}:8442`])
  return connections
    .split('\n')
    .map((line) => line.trim().split(/\s+/).slice(2).join(' '))
    .filter((line) => line !== '')
}

test('the authority is changed for another and certificates are renewed while a volume crosses, over the one connection that it began with', async () => {
  const [one, two] = [lab.host('host-1'), lab.host('host-2')]
  const image = (await loadImage(one, 'busybox')).ref
  await loadImage(two, 'busybox')
  await one.docker(['run', '-d', '--name', 'web', '-v', 'data:/data', image, 'sleep', 'infinity'])
  await one.docker(['exec', 'web', 'dd', 'if=/dev/urandom', 'of=/data/noise', 'bs=1M', 'count=100'])
  const before = await Promise.all([certificateOf(one), certificateOf(two)])
  const [old] = (await authority()).authorities

  const { id } = await startMigration(lab, {
    ...{ container: 'web', from: one.name, to: two.name },
    options: { maxBytesPerSecond: 1024 * 1024 },
  })
  await untilMigration(lab, id, 'it copies', ({ steps }) =>
    steps.some(({ name, state }) => name === 'precopy' && state === 'running'),
  )
  const began = await eventually('host-2 to pull the volume', 60_000, async () => {
    const connections = await pulls(two, one)
    return connections.length > 0 && connections
  })
  expect(began).toHaveLength(1)

  expect((await change('rotate')).stage).not.toBe('settled')
  await eventually('every agent to have a certificate of the new authority', 60_000, async () => {
    const { stage, waitingFor } = await authority()
    return stage === 'renewing' && waitingFor.length === 0
  })
  const { authorities } = await change('finish')
  expect(authorities).toMatchObject([{ place: 'issuing' }])
  expect(authorities[0]?.fingerprint).not.toBe(old?.fingerprint)
  await untilAlone(authorities)
  expect(await pulls(two, one)).toEqual(began)
  const rotated = await Promise.all([certificateOf(one), certificateOf(two)])

  // The first ones have ended by then, the next ones are renewed for their age, and the volume still crosses.
  await eventually('both agents have newer certificates still', 120_000, async () => {
    const now = await Promise.all([certificateOf(one), certificateOf(two)])
    return now.every(({ serialNumber }, index) => serialNumber !== rotated[index]?.serialNumber)
  })
  expect((await migrationOf(lab, id)).state).toBe('running')
  expect(await pulls(two, one)).toEqual(began)
  const moved = await untilEnded(lab, id)
  expect(moved.state).toBe('awaiting-finalize')
  expect(Date.now()).toBeGreaterThan(Math.max(...before.map(({ validToDate }) => validToDate.getTime())))

  // All of it is on the disks: who starts now knows the others.
  await lab.coordinator.process.stop()
  await one.agent.stop()
  await lab.coordinator.process.start()
  await one.agent.start()
  for (const host of [one, two]) await lab.untilHostIs(host, 'online')
  const { entries } = (await lab.coordinator.call('GET', '/v1/audit?limit=200')) as AuditList
  const lines = entries.map(({ action, outcome }) => `${action} ${outcome}`)
  for (const line of ['rotateAuthority allowed', 'issueByNextAuthority allowed', 'finishAuthority allowed']) {
    expect(lines).toContain(line)
  }
}, 600_000)

test('a coordinator that is killed goes on with the change; a host that was away all the time is named, and enrols again', async () => {
  const [one, two] = [lab.host('host-1'), lab.host('host-2')]
  await two.agent.kill()
  const begun = await change('rotate')
  expect(begun.stage).toBe('spreading')
  await lab.coordinator.process.kill()
  await lab.coordinator.process.start()
  await lab.untilHostIs(one, 'online')
  await eventually('host-2 alone to be waited for', 60_000, async () => {
    const { stage, waitingFor, authorities } = await authority()
    expect([stage, authorities]).toEqual(['spreading', begun.authorities])
    return waitingFor.length === 1 && waitingFor[0]?.host === two.name
  })
  const without = { without: [two.name] }
  expect(await lab.coordinator.call('POST', '/v1/authority:rotate', without)).toMatchObject({ stage: 'renewing' })
  await lab.coordinator.process.kill()
  await lab.coordinator.process.start()
  await eventually('the certificate of host-1 to be of the new authority', 60_000, async () =>
    (await authority()).waitingFor.every(({ host }) => host === two.name),
  )
  expect(await lab.coordinator.call('POST', '/v1/authority:finish', without)).toMatchObject({ stage: 'settled' })

  await lab.untilHostIs(two, 'lost')
  await rm(join(two.agentDataDir, 'identity'), { recursive: true })
  const { joinToken } = (await lab.coordinator.call('POST', '/v1/hosts', { name: two.name })) as AddedHost
  await two.agent.start({ env: { DRAYAGE_JOIN_TOKEN: joinToken } })
  for (const host of [one, two]) await lab.untilHostIs(host, 'online')
  const { authorities } = await authority()
  await untilAlone(authorities)
}, 300_000)
