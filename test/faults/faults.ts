// What goes wrong. Each fault strikes while the migration stands still at one place, and is over at some time after it
// goes on: at once, after a while, or when the migration has had time to give the other side up.
import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { run, runQuietly } from '../lab/command.ts'
import { engineApi } from '../lab/engine-api.ts'
import type { LabHost } from '../lab/lab.ts'
import type { LabProcess } from '../lab/processes.ts'
import { name } from './workload.ts'
import { limits, type World } from './world.ts'

export type Strike = {
  // Mends it, as an operator or time would. Whoever was killed runs again and is connected.
  readonly mend: () => Promise<void>
}

export type Fault = {
  readonly name: string
  readonly what: string
  // at-once: as soon as the migration goes on. later: after `lastsMs`, or earlier when the migration has ended or has
  // turned back.
  readonly over: 'at-once' | { readonly lastsMs: number; readonly orEnded: boolean }
  // journey/step/where: the only places where it strikes. Absent: everywhere.
  readonly at?: readonly string[]
  readonly strike: (world: World) => Promise<Strike>
}

// Longer than silence and patience together: whoever is waited for in vain has been given up by then.
const pastTheLease = { lastsMs: limits.silenceMs + limits.patienceMs + 2_000, orEnded: true }

const aMinute = { lastsMs: 60_000, orEnded: false }

const kill =
  (of: (world: World) => LabProcess): Fault['strike'] =>
  async (world) => {
    await of(world).kill()
    return { mend: () => of(world).start() }
  }

const freeze =
  (of: (world: World) => LabProcess): Fault['strike'] =>
  async (world) => {
    of(world).pause()
    return { mend: async () => of(world).resume() }
  }

const cut =
  (of: (world: World) => LabHost): Fault['strike'] =>
  async (world) => {
    await world.lab.cut(of(world))
    return { mend: () => world.lab.mend(of(world)) }
  }

const silence =
  (of: (world: World) => LabHost, direction: 'in' | 'out'): Fault['strike'] =>
  async (world) => {
    await world.lab.silence(of(world), direction, 'on')
    return { mend: () => world.lab.silence(of(world), direction, 'off') }
  }

// Engine, agent and containers end; both start again, the engine first, as the host's init would.
const reboot =
  (of: (world: World) => LabHost): Fault['strike'] =>
  async (world) => {
    const host = of(world)
    await world.lab.crash(host)
    return {
      mend: async () => {
        await host.engine.start()
        await host.agent.start()
      },
    }
  }

// Blocks are reserved without being written (fallocate(1)); root may use what is reserved for it, too.
const fillDisk = async ({ target }: World): Promise<Strike> => {
  const file = (piece: number) => join(target.dataRoot, `filler-${piece}`)
  let pieces = 0
  const { bfree, bsize } = await statfs(target.dataRoot)
  for (let size = bfree * bsize; size >= 4_096; size = Math.floor(size / 2)) {
    while (await runQuietly(['fallocate', '--length', `${size}`, file(pieces)])) pieces += 1
    await rm(file(pieces), { force: true })
  }
  return {
    mend: async () => {
      for (let piece = 0; piece < pieces; piece++) await rm(file(piece), { force: true })
    },
  }
}

// The engine did not ask for it and starts it again where its restart policy says so.
const killWorkload = async ({ source, target }: World): Promise<Strike> => {
  for (const host of [source, target]) {
    const ask = engineApi(host)
    const found = await ask<{ State: { Pid: number } }>('GET', `/containers/${name}/json`).catch(() => undefined)
    if (found !== undefined && found.State.Pid > 0) await run(['kill', '-KILL', `${found.State.Pid}`])
  }
  return { mend: async () => {} }
}

// A backup that takes too long, a person with sqlite3: whoever writes waits in vain.
const lockDatabase = async ({ lab }: World): Promise<Strike> => {
  const database = new Sqlite(join(lab.coordinator.dataDir, 'coordinator.db'))
  database.exec('BEGIN IMMEDIATE')
  return {
    mend: async () => {
      database.exec('ROLLBACK')
      database.close()
    },
  }
}

const coordinator = ({ lab }: World) => lab.coordinator.process
const source = ({ source }: World) => source
const target = ({ target }: World) => target

export const faults: readonly Fault[] = [
  {
    name: 'kill-coordinator',
    what: 'kill -9 of the coordinator',
    over: 'at-once',
    strike: kill(coordinator),
  },
  {
    name: 'kill-source-agent',
    what: "kill -9 of the source's agent",
    over: 'at-once',
    strike: kill(({ source }) => source.agent),
  },
  {
    name: 'kill-target-agent',
    what: "kill -9 of the target's agent",
    over: 'at-once',
    strike: kill(({ target }) => target.agent),
  },
  {
    name: 'kill-source-engine',
    what: "kill -9 of the source's dockerd",
    over: 'at-once',
    strike: kill(({ source }) => source.engine),
  },
  {
    name: 'kill-target-engine',
    what: "kill -9 of the target's dockerd",
    over: 'at-once',
    strike: kill(({ target }) => target.engine),
  },
  {
    name: 'reboot-source',
    what: 'power cut of the source: engine, agent and containers die, then engine and agent start',
    over: 'at-once',
    strike: reboot(source),
  },
  {
    name: 'reboot-target',
    what: 'power cut of the target',
    over: 'at-once',
    strike: reboot(target),
  },
  {
    name: 'freeze-coordinator',
    what: 'SIGSTOP of the coordinator until everybody has given it up, then SIGCONT',
    over: { ...pastTheLease, orEnded: false },
    strike: freeze(coordinator),
  },
  {
    name: 'freeze-source-agent',
    what: "SIGSTOP of the source's agent until it was given up, then SIGCONT",
    over: pastTheLease,
    strike: freeze(({ source }) => source.agent),
  },
  {
    name: 'freeze-target-agent',
    what: "SIGSTOP of the target's agent until it was given up, then SIGCONT",
    over: pastTheLease,
    strike: freeze(({ target }) => target.agent),
  },
  {
    name: 'cut-source',
    what: "the source's link is cut until it was given up",
    over: pastTheLease,
    strike: cut(source),
  },
  {
    name: 'cut-target',
    what: "the target's link is cut until it was given up",
    over: pastTheLease,
    strike: cut(target),
  },
  {
    name: 'deaf-source',
    what: 'the source sends and receives nothing, until it was given up',
    over: pastTheLease,
    strike: silence(source, 'in'),
  },
  {
    name: 'mute-target',
    what: 'the target receives and what it sends is lost, until it was given up',
    over: pastTheLease,
    strike: silence(target, 'out'),
  },
  {
    name: 'target-full',
    what: "the target's disk is full until the migration has ended or turned back",
    over: pastTheLease,
    strike: fillDisk,
  },
  {
    name: 'container-dies',
    what: 'the container ends by itself, where it runs',
    over: 'at-once',
    strike: killWorkload,
  },
  {
    name: 'database-locked',
    what: "somebody holds the write lock of the coordinator's database for longer than it waits",
    over: { lastsMs: 6_000, orEnded: false },
    strike: lockDatabase,
  },
  {
    name: 'zombie-source-agent',
    what: "SIGSTOP of the source's agent for a minute, in the middle of what it was told, then SIGCONT",
    over: aMinute,
    at: ['move/stop/middle', 'move/isolate/middle', 'return/stop/middle'],
    strike: freeze(({ source }) => source.agent),
  },
  {
    name: 'zombie-target-agent',
    what: "SIGSTOP of the target's agent for a minute, likewise",
    over: aMinute,
    at: ['move/finalcopy/middle', 'move/start/middle', 'return/start/middle'],
    strike: freeze(({ target }) => target.agent),
  },
]
