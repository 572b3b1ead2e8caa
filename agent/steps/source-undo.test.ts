// I3 and I8 at the source: wherever the process dies, on whichever side of an effect, the undo puts back what was there;
// and a step that was cut off is finished by asking again. The engine is a model that can be made to die; the volume is a
// real directory and the notes are real files.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { WorkloadVolume__Output } from '../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import { createEngine, type Engine, type RestartPolicy } from '../docker/engine.ts'
import { createEnginePaths } from '../engine-paths.ts'
import { silentLog } from '../log.ts'
import type { SourceNote } from '../state/migrations.ts'
import { openState } from '../state/state.ts'
import { createPuller } from '../transfer/pull.ts'
import { createVolumeEngine } from '../volume/engine.ts'
import type { AgentContext } from './context.ts'
import { fenceSource, unfenceSource } from './fence.ts'
import { forgetMigration } from './grant.ts'
import { isolateSource, restoreSource } from './isolate.ts'
import { restartSource, stopSource } from './stop.ts'

const volumes = createVolumeEngine()
const base = await mkdtemp(join(tmpdir(), 'drayage-undo-'))
afterAll(async () => {
  await volumes.close()
  await rm(base, { recursive: true, force: true })
})

const containerId = 'c'.repeat(64)
const lease = { migrationId: '01JUNDO00000000000', workloadId: 'w', epoch: 1 }
const tls = { authority: '', certificate: '', key: '' }

type Model = { name: string; running: boolean; policy: RestartPolicy; exitCode: number }
// 'before' and 'after' the effect; nth: which of the engine's effects it hits.
type Death = { readonly nth: number; readonly when: 'before' | 'after' }

const dying = (model: Model, deaths: Death[]): Engine => {
  let count = 0
  const effect = async (apply: () => void): Promise<void> => {
    const death = deaths.find(({ nth }) => nth === count)
    count += 1
    if (death?.when === 'before') throw new AppError('DRAYAGE_INTERNAL', 'died before the effect')
    apply()
    if (death?.when === 'after') throw new AppError('DRAYAGE_INTERNAL', 'died after the effect')
  }
  return {
    ...createEngine({ dockerHost: 'unix:///nowhere' }),
    container: async () => ({
      id: containerId,
      name: model.name,
      status: model.running ? 'running' : 'exited',
      running: model.running,
      restarting: false,
      exitCode: model.exitCode,
      startedAt: '2026-01-01T00:00:00Z',
      finishedAt: '2026-01-01T00:00:05Z',
      restartCount: 0,
      restartPolicy: model.policy,
      labels: {},
      health: 'none',
      healthLog: '',
      oomKilled: false,
      error: '',
    }),
    setRestartPolicy: (_, policy) =>
      effect(() => {
        model.policy = policy
      }),
    stop: () =>
      effect(() => {
        model.running = false
      }),
    start: () =>
      effect(() => {
        model.running = true
      }),
    rename: (_, name) =>
      effect(() => {
        model.name = name
      }),
  }
}

const runs = fc.record({
  running: fc.boolean(),
  policy: fc.constantFrom<RestartPolicy>(
    { Name: 'always', MaximumRetryCount: 0 },
    { Name: 'on-failure', MaximumRetryCount: 4 },
    { Name: 'no', MaximumRetryCount: 0 },
  ),
  hasVolume: fc.boolean(),
  // How far the move gets, and whether each step is asked for again after it was cut off.
  steps: fc.integer({ min: 0, max: 3 }),
  retries: fc.boolean(),
  deaths: fc.array(fc.record({ nth: fc.nat({ max: 8 }), when: fc.constantFrom('before' as const, 'after' as const) }), {
    maxLength: 4,
  }),
})

test('wherever the agent dies on the way, the undo leaves the source as it was found, and nothing of the migration', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async ({ running, policy, hasVolume, steps, retries, deaths }) => {
      const dir = await mkdtemp(join(base, 'run-'))
      const mountpoint = join(dir, 'volumes', 'data', '_data')
      await mkdir(mountpoint, { recursive: true })
      await writeFile(join(mountpoint, 'file'), 'content')
      const rootIdentity = await volumes.identify(mountpoint)
      const described: WorkloadVolume__Output[] = hasVolume
        ? [
            {
              ...{
                name: 'data',
                driver: 'local',
                options: {},
                labels: {},
                mountpoint,
                createdAt: '',
                anonymous: false,
              },
              ...{ destination: '/data', readOnly: false, rootIdentity, usage: null },
            },
          ]
        : []
      const model: Model = { name: 'web', running, policy, exitCode: 0 }
      const found = structuredClone(model)
      const engine = dying(model, deaths)
      const note: SourceNote = {
        ...{ role: 'source', ...lease, peerHost: 'host-2', containerId, containerName: 'web', imageId: '' },
        ...{ imageReferences: [], fenced: null, stopped: null, isolated: null },
        volumes: described.map(({ name }) => ({ name, mountpoint, rootIdentity })),
      }
      await (await openState(dir)).migrations.put(note)

      // Every attempt is by a process that knows only what is on the disk.
      const attempt = async (step: (context: AgentContext) => Promise<unknown>): Promise<boolean> => {
        const context: AgentContext = {
          ...{ engine, volumes, paths: createEnginePaths(undefined), state: await openState(dir) },
          ...{ puller: createPuller({ tls }), tls, log: silentLog, now: () => new Date('2026-01-01T00:00:00Z') },
        }
        return step(context).then(
          () => true,
          () => false,
        )
      }
      const insist = async (step: (context: AgentContext) => Promise<unknown>) => {
        for (let tries = 0; tries <= deaths.length; tries += 1) if (await attempt(step)) return
        expect.unreachable('it does not get done by asking again')
      }

      const forward = [
        (context: AgentContext) => fenceSource(context, containerId, lease),
        (context: AgentContext) => stopSource(context, { containerId, stopTimeoutSeconds: 10 }, lease),
        (context: AgentContext) => isolateSource(context, { containerId, volumes: described }, lease),
      ].slice(0, steps)
      for (const step of forward) {
        if (retries) await insist(step)
        else if (!(await attempt(step))) break
      }
      if (retries && steps === 3) {
        expect(model.running).toBe(false)
        expect(existsSync(mountpoint)).toBe(!hasVolume)
      }

      // As the saga does: each undo, in reverse, whether or not its step had an effect.
      await insist((context) => restoreSource(context, containerId, lease))
      await insist((context) => restartSource(context, containerId, lease))
      await insist((context) => unfenceSource(context, containerId, lease))
      await insist((context) => forgetMigration(context, lease))

      expect(model).toEqual(found)
      expect(await readdir(dirname(mountpoint))).toEqual(['_data'])
      expect(await volumes.identify(mountpoint)).toBe(rootIdentity)
      expect((await openState(dir)).migrations.all()).toEqual([])
    }),
    { numRuns: 150 },
  )
}, 120_000)
