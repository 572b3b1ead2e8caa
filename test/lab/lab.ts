// A lab: several Docker hosts on one machine, each with an engine, a network and a Drayage agent of its own, and a
// coordinator beside them.
//
//   const lab = await startLab({ hosts: 2 })
//   const [one, two] = lab.hosts
//   await loadImage(one, 'busybox')
//   await one.docker(['run', '-d', '--name', 'web', '-v', 'data:/data', busybox, 'sleep', '1d'])
//   lab.cut(two)
//   await lab.stop()
//
// It goes down with stop(), and with the process that started it, however that ends.
import { randomInt } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bootId, identityOf, killEverything } from './cgroups.ts'
import { type CommandOptions, run } from './command.ts'
import { mountDisk } from './disk.ts'
import { type Docker, dockerOf } from './docker.ts'
import {
  agentDataDir,
  type Coordinator,
  type DrayageSettings,
  dray,
  enrolAgent,
  type HostState,
  startCoordinator,
  waitForState,
} from './drayage.ts'
import { enginePlace, makeEngine } from './engine.ts'
import { type Failpoints, makeFailpoints } from './failpoints.ts'
import { install } from './install.ts'
import { withLock } from './lock.ts'
import { freeSubnet, hostAddress, inNetns, limitPort, makeSwitch, plugIn, setPort, setSilence } from './network.ts'
import { type HostOptions, type HostPlan, planHosts } from './options.ts'
import { hostDir, hostNetns, ownSrv } from './places.ts'
import type { LabProcess } from './processes.ts'
import { guard, reapAbandoned, takeDown, unmountUnder } from './reaper.ts'
import { createRecord, type HostRecord, type LabRecord, updateRecord } from './record.ts'

export type LabOptions = {
  readonly hosts: number | readonly HostOptions[]
  // Both default to true. Agents need the coordinator.
  readonly agents?: boolean
  readonly coordinator?: boolean
  // Default: cli/dray.ts as it is.
  readonly program?: string
  // What Drayage's processes find in their environment: DRAYAGE_….
  readonly environment?: Readonly<Record<string, string>>
  // Whether they can be told what to do at their failpoints.
  readonly failpoints?: boolean
  // Stays up when the process that started it ends; takeDown(id) ends it.
  readonly keep?: boolean
}

export type LabHost = {
  readonly name: string
  // On the lab's network.
  readonly address: string
  // unix:///…
  readonly dockerHost: string
  readonly netns: string
  readonly dataRoot: string
  readonly agentDataDir: string
  readonly engine: LabProcess & { readonly version: string }
  // Throws where this host has none.
  readonly agent: LabProcess
  readonly docker: Docker
  // Runs a program in this host's network.
  readonly nsexec: (command: readonly string[], options?: CommandOptions) => Promise<string>
  // What `docker` and `docker compose` need in their environment to reach this engine.
  readonly clientEnv: NodeJS.ProcessEnv
  // Where the machine has what the host has as /srv, if that is the host's own.
  readonly srv?: string
}

export type Lab = {
  readonly id: string
  readonly hosts: readonly LabHost[]
  // Throws where there is no host of that name.
  readonly host: (name: string) => LabHost
  // Throws where the lab has none.
  readonly coordinator: Coordinator
  // Packets to and from the host vanish; nobody is told.
  readonly cut: (host: LabHost) => Promise<void>
  readonly mend: (host: LabHost) => Promise<void>
  // One way only: the host hears nothing, or is not heard.
  readonly silence: (host: LabHost, direction: 'in' | 'out', state: 'on' | 'off') => Promise<void>
  // A power cut: engine, agent and containers end at once, and what was mounted or in /run is gone.
  readonly crash: (host: LabHost) => Promise<void>
  // Of the host's link, each way; `undefined` for as fast as it goes.
  readonly limitRate: (host: LabHost, mbit: number | undefined) => Promise<void>
  // Of the coordinator's process, or of a host's agent; where the lab was started with them.
  readonly failpoints: (process: 'coordinator' | LabHost) => Failpoints
  // Waits until the coordinator says so of the host: `online`, `lost` or `unknown`.
  readonly untilHostIs: (host: LabHost, state: HostState) => Promise<void>
  readonly record: LabRecord
  // Ends everything and leaves nothing behind. May be called more than once.
  readonly stop: () => Promise<void>
}

const newId = () => Array.from({ length: 5 }, () => 'bcdfghjkmnpqrstvwxz'[randomInt(19)]).join('')

// The subnet is taken while the lock is held: the machine's own address in it is what others see.
const claim = (): Promise<LabRecord> =>
  withLock('labs', async () => {
    const id = newId()
    const subnet = await freeSubnet()
    const record = { id, startedAt: new Date().toISOString(), boot: bootId(), subnet, owner: identityOf(process.pid) }
    await createRecord(record)
    await makeSwitch(id, subnet)
    return record
  })

type Started = { readonly record: HostRecord; readonly engine: LabProcess; readonly agent: LabProcess | undefined }

const startHost = async (
  { id, subnet }: LabRecord,
  plan: HostPlan,
  index: number,
  coordinator: Promise<Coordinator> | undefined,
  settings: DrayageSettings,
): Promise<Started> => {
  const place = enginePlace(id, plan.name, plan.install, plan)
  await plugIn(id, subnet, plan.name, index)
  const engine = await makeEngine(id, plan.name, plan.install, place, plan)
  if (plan.disk !== undefined) await mountDisk(join(hostDir(id, plan.name), 'disk.img'), place.disk, plan.disk)
  const record: HostRecord = {
    name: plan.name,
    address: hostAddress(subnet, index),
    dockerHost: `unix://${place.socket}`,
    netns: hostNetns(id, plan.name),
    dataRoot: place.dataRoot,
    engine: { kind: plan.engine, version: plan.install.version },
    clientEnv: place.clientEnv,
    ...(plan.ownSrv ? { srv: ownSrv(id, plan.name) } : {}),
  }
  await engine.start()
  const agent =
    coordinator !== undefined && plan.agent ? await enrolAgent(id, await coordinator, record, settings) : undefined
  return { record, engine, agent }
}

// A part that was not started says so when it is asked for, and not when a test runner prints what has it.
const withPart = <T extends object, K extends string, P>(whole: T, name: K, part: P | undefined, absent: string) =>
  Object.defineProperty(whole, name, {
    get: () => {
      if (part === undefined) throw new Error(absent)
      return part
    },
  }) as T & { readonly [key in K]: P }

const asHost = (id: string, { record, engine, agent }: Started): LabHost => {
  const host = {
    ...record,
    agentDataDir: agentDataDir(id, record.name),
    engine: Object.assign(engine, { version: record.engine.version }),
    docker: dockerOf(record),
    nsexec: (command: readonly string[], options?: CommandOptions) => run(inNetns(record.netns, command), options),
  }
  return withPart(host, 'agent', agent, `${record.name} was started without an agent.`)
}

const crash = async (id: string, host: LabHost): Promise<void> => {
  await killEverything(id, host.name)
  await Promise.all([host.engine.ended(), host.agent.ended()])
  const runtime = join(hostDir(id, host.name), 'exec')
  await unmountUnder(runtime)
  await unmountUnder(host.dataRoot, { itself: false })
  await rm(runtime, { recursive: true, force: true })
}

const failpointsOf = async (id: string, plans: readonly HostPlan[]): Promise<ReadonlyMap<string, Failpoints>> => {
  const names = ['coordinator', ...plans.map(({ name }) => name)]
  return new Map(await Promise.all(names.map(async (name) => [name, await makeFailpoints(id, name)] as const)))
}

export const startLab = async (options: LabOptions): Promise<Lab> => {
  const plans = await planHosts(options.hosts, install)
  await reapAbandoned()
  const record = await claim()
  const { id } = record
  const guarding = guard(id)
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= takeDown(id).then(() => guarding.dismiss())
    return stopping
  }

  try {
    const { environment = {}, failpoints = false, program = dray } = options
    const settings = { environment, failpoints, program }
    const told = settings.failpoints ? await failpointsOf(id, plans) : new Map<string, Failpoints>()
    const coordinating = (options.coordinator ?? true) ? startCoordinator(id, record.subnet, settings) : undefined
    const agents = options.agents ?? true
    const starting = plans.map((plan, index) =>
      startHost(record, plan, index, agents ? coordinating : undefined, settings),
    )
    // Every start has ended, well or badly, before anything is taken down again.
    const settled = await Promise.allSettled([coordinating, ...starting])
    const failure = settled.find((result) => result.status === 'rejected')
    if (failure !== undefined) throw failure.reason
    const coordinator = await coordinating
    const started = await Promise.all(starting)
    const { owner, ...lasting } = record
    const complete: LabRecord = {
      ...lasting,
      ...(options.keep || owner === undefined ? {} : { owner }),
      up: {
        ...(coordinator === undefined ? {} : { coordinator: { url: coordinator.url, token: coordinator.token } }),
        hosts: started.map((host) => host.record),
      },
    }
    await updateRecord(complete)
    if (options.keep) guarding.dismiss()
    const hosts = started.map((host) => asHost(id, host))
    const byName = (name: string): LabHost => {
      const found = hosts.find((host) => host.name === name)
      if (found === undefined) throw new Error(`Lab ${id} has no host ${name}.`)
      return found
    }
    const lab = {
      id,
      hosts,
      host: byName,
      cut: async (host: LabHost) => void (await setPort(id, hosts.indexOf(host), 'down')),
      mend: async (host: LabHost) => void (await setPort(id, hosts.indexOf(host), 'up')),
      silence: (host: LabHost, direction: 'in' | 'out', state: 'on' | 'off') =>
        setSilence(host.netns, direction, state),
      crash: (host: LabHost) => crash(id, host),
      limitRate: (host: LabHost, mbit: number | undefined) => limitPort(id, host.name, hosts.indexOf(host), mbit),
      failpoints: (process: 'coordinator' | LabHost) => {
        const found = told.get(process === 'coordinator' ? process : process.name)
        if (found === undefined) throw new Error(`Lab ${id} was started without failpoints.`)
        return found
      },
      untilHostIs: async (host: LabHost, state: HostState) =>
        void (await waitForState(whole.coordinator, host.name, state)),
      record: complete,
      stop,
    }
    const whole = withPart(lab, 'coordinator', coordinator, `Lab ${id} was started without a coordinator.`)
    return whole
  } catch (error) {
    await stop()
    throw error
  }
}
