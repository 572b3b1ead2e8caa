// Drayage's own processes in the lab, from their own entry points, as an operator starts them.
import { mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { makeCgroup } from './cgroups.ts'
import { withSystemPath } from './command.ts'
import { failpointDir } from './failpoints.ts'
import { machineAddress } from './network.ts'
import { withOwn } from './own-files.ts'
import { hostDir, hostNetns, labDir } from './places.ts'
import { type LabProcess, labProcess } from './processes.ts'
import type { HostRecord } from './record.ts'
import { eventually } from './wait.ts'

export const dray = join(import.meta.dirname, '../../cli/dray.ts')

const ports = { grpc: 8441, agent: 8442, enrol: 8443 }

export type Coordinator = {
  // REST, on this machine's loopback.
  readonly url: string
  // Of an administrator.
  readonly token: string
  readonly dataDir: string
  // Where agents find it, as seen from the hosts.
  readonly address: string
  readonly process: LabProcess
  // REST with the token. Answers the parsed body; throws where the status is not 2xx.
  readonly call: (method: string, path: string, body?: unknown) => Promise<unknown>
}

// What all of Drayage's processes in a lab are told by their environment.
export type DrayageSettings = {
  readonly environment: Readonly<Record<string, string>>
  // Whether they look for failpoints.
  readonly failpoints: boolean
  // What is run: cli/dray.ts, or what was built of it.
  readonly program: string
}

// The command that the program's first line stands for, with the node that this is.
const commandOf = async (program: string): Promise<readonly string[]> => {
  const [first = ''] = (await readFile(program, 'utf8')).split('\n', 1)
  const [, command = 'node'] = /^#!\/usr\/bin\/env -S (.*)$/.exec(first) ?? []
  return ['env', ...command.split(' ').map((word) => (word === 'node' ? process.execPath : word)), program]
}

// Nothing of the caller's own settings gets into the lab.
const processEnv = (
  id: string,
  name: string,
  home: string,
  { environment, failpoints }: DrayageSettings,
): NodeJS.ProcessEnv =>
  withSystemPath({
    ...environment,
    ...(failpoints ? { DRAYAGE_FAILPOINTS: failpointDir(id, name) } : {}),
    PATH: process.env.PATH,
    HOME: home,
  })

// Free when it was asked; the coordinator says so where somebody was quicker.
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

const isOk = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    async (response) => {
      await response.arrayBuffer()
      return response.ok
    },
    () => false,
  )

export const startCoordinator = async (id: string, subnet: string, settings: DrayageSettings): Promise<Coordinator> => {
  const dataDir = join(labDir(id), 'coordinator')
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const rest = `127.0.0.1:${await freePort()}`
  const url = `http://${rest}`
  const address = machineAddress(subnet)
  const control = labProcess({
    name: 'the coordinator',
    command: [
      ...[...(await commandOf(settings.program)), 'coordinator', '--data-dir', dataDir, '--rest-listen', rest],
      ...['--grpc-listen', `${address}:${ports.grpc}`, '--enrol-listen', `${address}:${ports.enrol}`],
    ],
    env: processEnv(id, 'coordinator', labDir(id), settings),
    logFile: join(labDir(id), 'coordinator.log'),
    cgroupProcs: await makeCgroup(id, 'coordinator'),
    isReady: () => isOk(`${url}/readyz`),
  })
  await control.start()
  const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim()
  return {
    url,
    token,
    dataDir,
    address,
    process: control,
    async call(method, path, body) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
      return text === '' ? undefined : JSON.parse(text)
    },
  }
}

const agentProcess = async (
  id: string,
  coordinator: Coordinator,
  host: HostRecord,
  settings: DrayageSettings,
): Promise<LabProcess> => {
  const dir = hostDir(id, host.name)
  return labProcess({
    name: `the agent of ${host.name}`,
    command: [
      ...[...(await commandOf(settings.program)), 'agent', '--data-dir', join(dir, 'agent')],
      ...['--coordinator', `${coordinator.address}:${ports.grpc}`, '--enrol', `${coordinator.address}:${ports.enrol}`],
      ...['--listen', `0.0.0.0:${ports.agent}`, '--advertise', `${host.address}:${ports.agent}`],
      ...['--docker-host', host.dockerHost],
      ...(host.srv ? ['--allow-bind', '/srv/data', '--allow-bind', '/srv/more'] : []),
    ],
    env: processEnv(id, host.name, dir, settings),
    logFile: join(dir, 'agent.log'),
    cgroupProcs: await makeCgroup(id, `${host.name}/agent`),
    host: { name: host.name, netns: hostNetns(id, host.name) },
    wrapper: host.srv ? withOwn(dir, { '/srv': 'srv' }) : [],
    isReady: () => isOnline(coordinator, host.name),
  })
}

export const agentDataDir = (id: string, host: string) => join(hostDir(id, host), 'agent')

// What the coordinator says of a host.
export type HostState = 'online' | 'lost' | 'unknown'

// Undefined where it has no such host.
export const hostState = async (coordinator: Coordinator, name: string): Promise<string | undefined> => {
  const { hosts } = (await coordinator.call('GET', '/v1/hosts')) as { hosts: { name: string; state: string }[] }
  return hosts.find((host) => host.name === name)?.state
}

const isOnline = async (coordinator: Coordinator, name: string): Promise<boolean> =>
  (await hostState(coordinator, name).catch(() => undefined)) === 'online'

export const waitForState = (coordinator: Coordinator, name: string, state: HostState, deadlineMs = 60_000) =>
  eventually(
    `${name} to be ${state}`,
    deadlineMs,
    async () => (await hostState(coordinator, name).catch(() => undefined)) === state,
  )

// Adds the host to the coordinator and starts its agent for the first time, with the join token it was given.
export const enrolAgent = async (
  id: string,
  coordinator: Coordinator,
  host: HostRecord,
  settings: DrayageSettings,
): Promise<LabProcess> => {
  await mkdir(agentDataDir(id, host.name), { recursive: true, mode: 0o700 })
  const [control, added] = await Promise.all([
    agentProcess(id, coordinator, host, settings),
    coordinator.call('POST', '/v1/hosts', { name: host.name }),
  ])
  const { joinToken } = added as { joinToken: string }
  await control.start({ args: ['--join-token', joinToken] })
  return control
}
