// A source under test: the engine is a model that can be made to die and that people meddle with, the volume is a real
// directory, and the notes are real files that outlive the process.

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../../shared/errors.ts'
import type { WorkloadVolume__Output } from '../../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import { noRules } from '../../authority/rules.ts'
import { createEngine, type Engine, type RestartPolicy } from '../../docker/engine.ts'
import { createEnginePaths } from '../../engine-paths.ts'
import type { Log } from '../../log.ts'
import type { SourceNote } from '../../state/migrations.ts'
import { openState } from '../../state/state.ts'
import { createPuller } from '../../transfer/pull.ts'
import type { VolumeEngine } from '../../volume/engine.ts'
import type { AgentContext } from '../context.ts'

export const containerId = 'c'.repeat(64)
export const lease = { migrationId: '01JUNDO00000000000', workloadId: 'w', epoch: 1 }
const tls = { authority: '', certificate: '', key: '' }

export type Model = {
  name: string
  running: boolean
  policy: RestartPolicy
  exitCode: number
  starts: number
  removed: boolean
  // Names of others that run with its volumes mounted.
  others: string[]
  // A stop that the engine still works on although it has told nobody: after how many more looks at the container it kills
  // what then runs. null: there is none.
  killAfterLooks: number | null
  // How many stops go without an answer.
  unansweredStops: number
}

// 'before' and 'after' the effect; nth: which of the engine's effects it hits.
export type Death = { readonly nth: number; readonly when: 'before' | 'after' }

const minutes = (count: number): string => new Date(Date.UTC(2026, 0, 1, 0, count)).toISOString()

const dying = (model: Model, deaths: readonly Death[], volumes: () => readonly WorkloadVolume__Output[]): Engine => {
  let count = 0
  const present = (): void => {
    if (model.removed) throw new AppError('DRAYAGE_CONTAINER_NOT_FOUND', 'somebody removed it')
  }
  const effect = async (apply: () => void): Promise<void> => {
    const death = deaths.find(({ nth }) => nth === count)
    count += 1
    if (death?.when === 'before') throw new AppError('DRAYAGE_INTERNAL', 'died before the effect')
    present()
    apply()
    if (death?.when === 'after') throw new AppError('DRAYAGE_INTERNAL', 'died after the effect')
  }
  const end = (exitCode: number) => {
    if (model.running) model.exitCode = exitCode
    model.running = false
    model.killAfterLooks = null
  }
  return {
    ...createEngine({ dockerHost: 'unix:///nowhere' }),
    container: async () => {
      present()
      if (model.killAfterLooks !== null) model.killAfterLooks -= 1
      if (model.killAfterLooks === 0) end(137)
      return {
        id: containerId,
        name: model.name,
        status: model.running ? 'running' : 'exited',
        running: model.running,
        restarting: false,
        exitCode: model.running ? 0 : model.exitCode,
        startedAt: minutes(model.starts),
        finishedAt: minutes(model.starts + 1),
        restartCount: 0,
        restartPolicy: model.policy,
        labels: {},
        health: 'none',
        healthLog: '',
        oomKilled: false,
        error: '',
      }
    },
    runningUsers: async () => model.others.map((name) => ({ id: name, name })),
    inventory: async () => ({ containers: [], volumes: volumes().map((volume) => ({ ...volume, scope: 'local' })) }),
    setRestartPolicy: (_, policy) =>
      effect(() => {
        model.policy = policy
      }),
    stop: () =>
      effect(() => {
        if (model.unansweredStops > 0) {
          model.unansweredStops -= 1
          model.killAfterLooks = 2
          throw new AppError('DRAYAGE_TIMEOUT', 'no answer')
        }
        end(0)
      }),
    start: () =>
      effect(() => {
        if (!model.running) model.starts += 1
        model.running = true
      }),
    rename: (_, name) =>
      effect(() => {
        model.name = name
      }),
  }
}

export const createSource = async (
  base: string,
  volumes: VolumeEngine,
  options: {
    readonly hasVolume?: boolean
    readonly model?: Partial<Model>
    readonly deaths?: readonly Death[]
    readonly log?: Log
  } = {},
) => {
  const dir = await mkdtemp(join(base, 'run-'))
  const mountpoint = join(dir, 'volumes', 'data', '_data')
  await mkdir(mountpoint, { recursive: true })
  await writeFile(join(mountpoint, 'file'), 'content')
  const rootIdentity = await volumes.identify(mountpoint)
  const data: WorkloadVolume__Output = {
    ...{ name: 'data', driver: 'local', options: {}, labels: {}, mountpoint, createdAt: '', anonymous: false },
    ...{
      destination: '/data',
      readOnly: false,
      rootIdentity,
      usage: null,
      carriedByAnother: false,
      ofHost: false,
      traits: [],
    },
  }
  const described = options.hasVolume === false ? [] : [data]
  const model: Model = {
    ...{ name: 'web', running: true, policy: { Name: 'always', MaximumRetryCount: 0 }, exitCode: 0, starts: 1 },
    ...{ removed: false, others: [], killAfterLooks: null, unansweredStops: 0 },
    ...options.model,
  }
  const engine = dying(model, options.deaths ?? [], () => described)
  const note: SourceNote = {
    ...{ role: 'source', ...lease, peerHost: 'host-2', containerId, containerName: 'web', imageId: '' },
    ...{ imageReferences: [], fenced: null, stopped: null, isolated: null },
    volumes: described.map(({ name }) => ({ name, mountpoint, rootIdentity })),
  }
  await (await openState(dir)).migrations.put(note)
  const nothing = () => {}
  const log = options.log ?? { debug: nothing, info: nothing, warn: nothing, error: nothing }
  return {
    dir,
    mountpoint,
    rootIdentity,
    described,
    model,
    // Of a process that knows only what is on the disk.
    context: async (): Promise<AgentContext> => ({
      ...{ engine, volumes, paths: createEnginePaths(undefined), state: await openState(dir) },
      ...{
        puller: createPuller({ tls }),
        tls,
        rules: noRules,
        dataDir: '/state',
        log,
        now: () => new Date('2026-01-01T00:00:00Z'),
      },
    }),
  }
}
