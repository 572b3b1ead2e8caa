// Two hosts in a known state, over and over: everything runs, every link is up, no disk is full, and the first host has
// the workload and nothing else.
//
// `source` and `target` are those of the migration that is struck: on a way back the first host is the target.
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineApi } from '../lab/engine-api.ts'
import type { Failpoints } from '../lab/failpoints.ts'
import { imageArchive } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { emptyHost } from './holdings.ts'
import { containerBody, name, network, openWitness, volumes, type Witness, workloadImage } from './workload.ts'

// Short, so that a fault can last longer than they do. A machine with two busy cores must not be taken for a dead one.
export const limits = { silenceMs: 3_000, patienceMs: 5_000, settleMs: 500 }

const hostNames = { source: 'host-1', target: 'host-2' } as const

export type ProcessName = 'coordinator' | 'source' | 'target'

export type World = {
  readonly lab: Lab
  readonly source: LabHost
  readonly target: LabHost
  readonly failpoints: (process: ProcessName) => Failpoints
  // Throws where the lab cannot be brought back; then it is of no further use.
  readonly begin: () => Promise<Scene>
  readonly stop: () => Promise<void>
}

// One known state: the workload runs on the first host and has acknowledged something.
export type Scene = { readonly witness: Witness }

// The same two hosts for what moves from the second to the first.
export const turned = (world: World): World => ({
  ...world,
  source: world.target,
  target: world.source,
  failpoints: (process) =>
    world.failpoints(process === 'source' ? 'target' : process === 'target' ? 'source' : process),
})

const sameEverywhere = {
  DRAYAGE_SILENCE_MS: `${limits.silenceMs}`,
  DRAYAGE_PATIENCE_MS: `${limits.patienceMs}`,
  DRAYAGE_SETTLE_MS: `${limits.settleMs}`,
  DRAYAGE_HEARTBEAT_MS: '2000',
  // They are started some thousand times.
  NODE_COMPILE_CACHE: join(tmpdir(), 'drayage-compile-cache'),
  // So that one is enough to let another wait for its turn.
  DRAYAGE_MAX_MIGRATIONS: '1',
}

// Small, since either may be filled to the last block.
const disk = { sizeMb: 300, fs: 'ext4' } as const

export const openWorld = async (): Promise<World> => {
  const lab = await startLab({
    hosts: [
      { name: hostNames.source, disk, ownSrv: true },
      { name: hostNames.target, disk, ownSrv: true },
    ],
    failpoints: true,
    environment: sameEverywhere,
  })
  const source = lab.host(hostNames.source)
  const target = lab.host(hostNames.target)
  const failpoints = (process: ProcessName) =>
    lab.failpoints(process === 'coordinator' ? process : lab.host(hostNames[process]))
  await source.docker(['load', '--quiet', '--input', await imageArchive(await workloadImage())])

  const startWhatIsDown = async () => {
    for (const host of [source, target]) if (host.engine.pid === undefined) await host.engine.start()
    if (lab.coordinator.process.pid === undefined) await lab.coordinator.process.start()
    for (const host of [source, target]) if (host.agent.pid === undefined) await host.agent.start()
    for (const host of [source, target]) await lab.untilHostIs(host, 'online')
  }

  let last: Witness | undefined
  return {
    lab,
    source,
    target,
    failpoints,
    begin: async () => {
      for (const process of ['coordinator', 'source', 'target'] as const) await failpoints(process).clear()
      await startWhatIsDown()
      await emptyHost(source, true)
      await emptyHost(target, false)
      await last?.remove()
      const witness = await openWitness(`${lab.id}-${randomUUID().slice(0, 8)}`)
      last = witness
      await startWorkload(source, witness)
      return { witness }
    },
    stop: async () => {
      await lab.stop()
      await last?.remove()
    },
  }
}

const startWorkload = async (host: LabHost, witness: Witness): Promise<void> => {
  const ask = engineApi(host)
  await ask('POST', '/networks/create', { Name: network, Driver: 'bridge' })
  for (const volume of Object.values(volumes)) await ask('POST', '/volumes/create', { Name: volume })
  const { Id } = await ask<{ Id: string }>('POST', `/containers/create?name=${name}`, containerBody(witness.folder))
  await ask('POST', `/containers/${Id}/start`)
  await eventually('the workload to write', 30_000, async () => (await witness.acknowledged()).length >= 3)
}

// Of the volume's data where it lies in its place; '' where it does not.
export const ledgerOn = (host: LabHost): Promise<string> =>
  readFile(join(host.dataRoot, 'volumes', volumes.data, '_data/ledger'), 'utf8').catch(() => '')
