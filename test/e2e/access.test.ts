// What crosses the wire of a lab, and what becomes of an agent that wants more than it may, or that is taken out.
import { spawn } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditList } from '../../shared/api/audit.ts'
import type { Problem } from '../../shared/api/common.ts'
import type { AddedHost } from '../../shared/api/hosts.ts'
import { parseJoinToken } from '../../shared/identity/join-token.ts'
import { agentDnsName, coordinatorDnsName } from '../../shared/identity/names.ts'
import { connect } from '../../shared/rpc/client.ts'
import type { TlsIdentity } from '../../shared/rpc/tls.ts'
import { loadImage } from '../lab/images.ts'
import { findProgram, installPackages } from '../lab/install.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { inNetns } from '../lab/network.ts'
import { switchNetns } from '../lab/places.ts'
import { eventually } from '../lab/wait.ts'
import { migrate, mountpoint } from './moving.ts'

let lab: Lab
let one: LabHost
let two: LabHost
let three: LabHost
let folder: string
beforeAll(async () => {
  if (findProgram('tcpdump') === undefined) await installPackages(['tcpdump'])
  folder = await mkdtemp(join(tmpdir(), 'drayage-wire-'))
  lab = await startLab({ hosts: 3 })
  one = lab.host('host-1')
  two = lab.host('host-2')
  three = lab.host('host-3')
})
afterAll(async () => {
  await lab?.stop()
  await rm(folder, { recursive: true, force: true })
})

const identityOf = async ({ agentDataDir }: LabHost): Promise<TlsIdentity> => {
  const read = (name: string) => readFile(join(agentDataDir, 'identity', `${name}.pem`), 'utf8')
  return { authority: await read('authority'), certificate: await read('certificate'), key: await read('key') }
}
const agentOf = <S extends 'Agent' | 'Transfer'>(service: S, host: LabHost, tls: TlsIdentity) =>
  connect(
    service,
    {
      ...{
        address: `${host.address}:8442`,
        dnsName: agentDnsName(host.name),
        describedAs: `the agent of ${host.name}`,
      },
      whenUnreachable: 'DRAYAGE_PEER_UNREACHABLE',
    },
    tls,
  )
const pull = async (host: LabHost, tls: TlsIdentity) => {
  const client = agentOf('Transfer', host, tls)
  try {
    for await (const _ of client.serverStream('PullVolume', { migrationId: 'm1', volume: 'data' }, {}));
  } finally {
    client.close()
  }
}
const audit = async (action: string) =>
  ((await lab.coordinator.call('GET', `/v1/audit?action=${action}`)) as AuditList).entries
const remove = async (name: string, query = '') => {
  const response = await fetch(`${lab.coordinator.url}/v1/hosts/${name}${query}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${lab.coordinator.token}` },
  })
  const body = (await response.json()) as Problem
  return { status: response.status, codes: (body.reasons ?? []).map(({ code }) => code), code: body.code }
}

// All that goes over the lab's switch, from when it is called until `end`.
const capture = async (file: string) => {
  const [program = '', ...args] = inNetns(switchNetns(lab.id), [
    'tcpdump',
    '-i',
    'lan',
    '-U',
    '-s',
    '0',
    '-B',
    '65536',
    '-w',
    file,
  ])
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const listening = Promise.withResolvers<void>()
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk
    if (said.includes('listening on')) listening.resolve()
  })
  child.once('exit', () => listening.reject(new Error(`tcpdump ended: ${said}`)))
  await listening.promise
  const end = async (): Promise<Buffer> => {
    const ended = once(child, 'exit')
    child.kill('SIGINT')
    await ended
    return readFile(file)
  }
  return {
    end,
    // When it has this, it has all that was sent before.
    endAfter: async (last: string): Promise<Buffer> => {
      await eventually(`${last} in the capture`, 30_000, async () => (await readFile(file)).includes(last))
      return end()
    },
  }
}

test('a capture of the wire shows neither what is in a volume nor what is in an environment, while a container moves', async () => {
  const image = await loadImage(one, 'busybox')
  const [inVolume, inEnvironment, inClear] = ['volume', 'environment', 'clear'].map(
    (what) => `drayage-${what}-${Math.random().toString(36).slice(2)}`,
  ) as [string, string, string]
  await one.docker(['volume', 'create', 'data'])
  await writeFile(join(await mountpoint(one, 'data'), inVolume), `${inVolume}\n`.repeat(50_000))
  await one.docker([
    ...[
      'run',
      '-d',
      '--name',
      'web',
      '-e',
      `SECRET=${inEnvironment}`,
      '-v',
      'data:/data',
      '--entrypoint',
      'sh',
      image.ref,
    ],
    ...['-c', 'trap "exit 0" TERM; sleep 1d & wait'],
  ])
  const capturing = await capture(join(folder, 'wire.pcap'))
  await one.nsexec(['bash', '-c', `echo ${inClear} > /dev/udp/${two.address}/9`])
  const { state } = await migrate(lab, {
    container: 'web',
    from: 'host-1',
    to: 'host-2',
    options: { compression: 'none' },
  })
  const wire = await capturing.end()
  expect(state).toBe('awaiting-finalize')
  expect(await readFile(join(await mountpoint(two, 'data'), inVolume), 'utf8')).toContain(inVolume)
  // It has seen the volume go by, and what is in clear is found.
  expect(wire.length).toBeGreaterThan(50_000 * inVolume.length)
  expect(wire.includes(inClear)).toBe(true)
  for (const secret of [inVolume, inEnvironment, lab.coordinator.token]) expect(wire.includes(secret)).toBe(false)
})

test('a capture of an enrolment shows neither the join token nor anything of the key that is certified', async () => {
  const { joinToken } = (await lab.coordinator.call('POST', '/v1/hosts', { name: 'host-4' })) as AddedHost
  const agent = join(folder, 'host-4')
  const capturing = await capture(join(folder, 'enrolment.pcap'))
  // The agent's own way in, from another host.
  await three.nsexec([
    ...[process.execPath, '--input-type=module', '-e'],
    `import { mkdirSync } from 'node:fs'
     import { enrol } from ${JSON.stringify(join(import.meta.dirname, '../../agent/identity/enrol.ts'))}
     mkdirSync(${JSON.stringify(agent)})
     await enrol(${JSON.stringify(agent)}, '${lab.coordinator.address}:8443', '${joinToken}')`,
  ])
  const inClear = `drayage-clear-${Math.random().toString(36).slice(2)}`
  await three.nsexec(['bash', '-c', `echo ${inClear} > /dev/udp/${two.address}/9`])
  const wire = await capturing.endAfter(inClear)
  const key = createPrivateKey(await readFile(join(agent, 'identity/key.pem'), 'utf8'))
  const { d = '' } = key.export({ format: 'jwk' })
  // A name that TLS asks for in clear: it has seen the connection go by.
  expect(wire.includes(coordinatorDnsName)).toBe(true)
  const certificate = new X509Certificate(await readFile(join(agent, 'identity/certificate.pem'), 'utf8'))
  const secrets = [joinToken, parseJoinToken(joinToken).secret, d, Buffer.from(d, 'base64url'), certificate.raw]
  for (const secret of secrets) expect(wire.includes(secret)).toBe(false)
  expect((await audit('Enrol')).at(0)).toMatchObject({ actor: 'agent host-4', outcome: 'allowed' })
  expect((await remove('host-4')).status).toBe(200)
})

test('an agent that asks another for a volume without a ticket, or for what is the coordinator’s to ask, is refused, and that is in the audit', async () => {
  const tls = await identityOf(three)
  await expect(pull(one, tls)).rejects.toMatchObject({ code: 'DRAYAGE_TICKET_REFUSED' })
  const agent = agentOf('Agent', one, tls)
  await expect(agent.unary('DescribeStanding', {}, { timeoutMs: 20_000 })).rejects.toMatchObject({
    code: 'DRAYAGE_ROLE_FORBIDDEN',
  })
  agent.close()
  const line = (action: string) =>
    eventually(`${action} in the audit`, 30_000, async () =>
      (await audit(action)).find(({ outcome }) => outcome === 'refused'),
    )
  const from = { actor: 'agent host-3', outcome: 'refused' }
  expect(await line('PullVolume')).toMatchObject({
    ...{ ...from, code: 'DRAYAGE_TICKET_REFUSED', subject: 'on host-1: volume data of m1' },
  })
  expect(await line('DescribeStanding')).toMatchObject({
    ...from,
    code: 'DRAYAGE_ROLE_FORBIDDEN',
    subject: 'on host-1',
  })
})

test('a host is not taken out while something of a move is there; one that is, is refused everywhere', async () => {
  expect(await remove('host-2')).toEqual({ status: 409, code: 'DRAYAGE_HOST_IN_USE', codes: ['workload-here'] })
  expect(await remove('host-1', '?giveUp=workloads')).toEqual({
    ...{ status: 409, code: 'DRAYAGE_HOST_IN_USE', codes: ['retained-copy'] },
  })
  const tls = await identityOf(three)
  expect((await remove('host-3')).status).toBe(200)

  await eventually('the agent of host-3 to be refused', 60_000, async () =>
    (await audit('Register'))
      .concat(await audit('Heartbeat'))
      .some(({ code }) => code === 'DRAYAGE_CERTIFICATE_REVOKED'),
  )
  const refusedBy = async (host: LabHost) =>
    eventually(`${host.name} to refuse it`, 60_000, async () => {
      const thrown = await pull(host, tls).catch((error: { code?: string }) => error)
      return thrown?.code === 'DRAYAGE_CERTIFICATE_REVOKED'
    })
  await refusedBy(one)
  await refusedBy(two)
  // With its coordinator away, an agent that starts remembers.
  await lab.coordinator.process.stop()
  await one.agent.kill()
  const starting = one.agent.start().catch((thrown: unknown) => thrown)
  await refusedBy(one)
  await lab.coordinator.process.start()
  await starting
  await lab.untilHostIs(one, 'online')
  expect((await remove('host-2', '?giveUp=workloads&giveUp=copies')).status).toBe(200)
})
