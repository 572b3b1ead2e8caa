// Two hosts in a known state, over and over: everything runs, every link is up, no disk is full, and the first host has
// the workload and nothing else.
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Migration } from '../../shared/api/migrations.ts'
import { engineApi } from '../lab/engine-api.ts'
import type { Failpoints } from '../lab/failpoints.ts'
import { imageArchive } from '../lab/images.ts'
import { type Lab, type LabHost, startLab } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import { emptyHost, type Holdings, holdingsOf } from './holdings.ts'
import { containerBody, name, network, openWitness, volumes, type Witness, workloadImage } from './workload.ts'

// Short, so that a fault can last longer than they do. A machine with two busy cores must not be taken for a dead one.
export const limits = { silenceMs: 3_000, patienceMs: 5_000, settleMs: 500 }

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

// One known state: the workload runs on the source and has acknowledged something.
export type Scene = {
  readonly witness: Witness
  readonly before: { readonly source: Holdings; readonly target: Holdings }
}

const sameEverywhere = {
  DRAYAGE_SILENCE_MS: `${limits.silenceMs}`,
  DRAYAGE_PATIENCE_MS: `${limits.patienceMs}`,
  DRAYAGE_SETTLE_MS: `${limits.settleMs}`,
  DRAYAGE_HEARTBEAT_MS: '2000',
}

export const openWorld = async (): Promise<World> => {
  const lab = await startLab({
    hosts: [{ name: 'source' }, { name: 'target', disk: { sizeMb: 300, fs: 'ext4' } }],
    failpoints: true,
    environment: sameEverywhere,
  })
  const source = lab.host('source')
  const target = lab.host('target')
  const failpoints = (process: ProcessName) => lab.failpoints(process === 'coordinator' ? process : lab.host(process))
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
      return { witness, before: { source: await holdingsOf(source), target: await holdingsOf(target) } }
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

export const startMove = async ({ lab }: World, key: string): Promise<Migration> => {
  const response = await fetch(`${lab.coordinator.url}/v1/migrations`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${lab.coordinator.token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify({ container: name, from: 'source', to: 'target' }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`The migration was refused (${response.status}): ${text}`)
  return JSON.parse(text) as Migration
}

// Of the volume's data where it lies in its place; '' where it does not.
export const ledgerOn = (host: LabHost): Promise<string> =>
  readFile(join(host.dataRoot, 'volumes', volumes.data, '_data/ledger'), 'utf8').catch(() => '')
