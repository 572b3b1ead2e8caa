// Two engines, today's and 20.10, each with an agent in this process, for the tests of one file; and what these tests do
// again and again.
import { randomUUID } from 'node:crypto'
import { ulid } from 'ulid'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { createAuthority, type TestAuthority } from '../../agent/identity/testing/authority.ts'
import type { Workload__Output as Workload } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import { images, loadImage } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { startTestAgent, type TestAgent } from './harness.ts'

export const short = { timeoutMs: 60_000 }
export const busybox = images.busybox.ref
// Ends at SIGTERM at once, as pid 1 of a container does only when it asks for the signal.
export const obedient = ['sh', '-c', 'trap "exit 0" TERM; sleep 1000 & wait']

export const engines = ['current', 'legacy'] as const
export type EngineName = (typeof engines)[number]

export type TwoEngines = {
  readonly host: (name: EngineName) => LabHost
  readonly agent: (name: EngineName) => TestAgent
}

export const withTwoEngines = (): TwoEngines => {
  let lab: Lab | undefined
  const agents = new Map<string, TestAgent>()
  beforeAll(async () => {
    const hosts = engines.map((engine) => ({ name: engine, engine }))
    lab = await startLab({ hosts, agents: false, coordinator: false })
    const authority: TestAuthority = await createAuthority()
    for (const host of lab.hosts) {
      await loadImage(host, 'busybox')
      agents.set(host.name, await startTestAgent(host, authority))
    }
  })
  afterAll(async () => {
    for (const agent of agents.values()) await agent.close()
    await lab?.stop()
  })
  return {
    host: (name) => {
      if (lab === undefined) throw new Error('There is no lab yet.')
      return lab.host(name)
    },
    agent: (name) => {
      const found = agents.get(name)
      if (found === undefined) throw new Error(`No agent on ${name}`)
      return found
    },
  }
}

export const newLease = (epoch = 1) => ({ migrationId: ulid(), workloadId: `w-${randomUUID()}`, epoch })
export type Lease = ReturnType<typeof newLease>

export const inspect = async (host: LabHost, container: string) =>
  JSON.parse(await host.docker(['inspect', '--type', 'container', container]))[0]
export const isRunning = async (host: LabHost, container: string) =>
  (await inspect(host, container)).State.Running === true
export const mountpointOf = (host: LabHost, volume: string) =>
  host.docker(['volume', 'inspect', '--format', '{{.Mountpoint}}', volume])

// The machine has few cores for the tests that follow.
export const removedAfterwards = (host: LabHost, container: string) =>
  onTestFinished(async () => void (await host.docker(['rm', '-f', container]).catch(() => {})))

let counter = 0
export const uniqueName = (prefix: string) => {
  counter += 1
  return `${prefix}-${counter}`
}

export const workloadOf = async (
  call: TestAgent['call'],
  container: string,
  measureVolumes = false,
): Promise<Workload> => {
  const { workloads } = await call.unary('DescribeWorkloads', { containers: [container], measureVolumes }, short)
  const [only] = workloads
  if (only === undefined) throw new Error(`Nothing was said of ${container}`)
  return only
}

// A container on the source, with the grant for its move.
export const granted = async (
  on: TwoEngines,
  engine: EngineName,
  options: readonly string[],
  command: readonly string[],
  peerHost = 'elsewhere',
) => {
  const [host, agent] = [on.host(engine), on.agent(engine)]
  const name = uniqueName('app')
  const containerId = await host.docker(['run', '-d', '--name', name, ...options, busybox, ...command])
  removedAfterwards(host, containerId)
  const lease = newLease()
  await agent.call.unary('GrantEpoch', { lease, role: 'source', peerHost, containerId }, short)
  const workload = await workloadOf(agent.call, containerId, true)
  return { agent, name, containerId, lease, workload, step: { lease, containerId } }
}
