// I3 and I8 at the source: wherever the process dies, on whichever side of an effect, the undo puts back what was there;
// and a step that was cut off is finished by asking again.
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { RestartPolicy } from '../docker/engine.ts'
import { openState } from '../state/state.ts'
import { createVolumeEngine } from '../volume/engine.ts'
import type { AgentContext } from './context.ts'
import { fenceSource, unfenceSource } from './fence.ts'
import { forgetMigration } from './grant.ts'
import { isolateSource, restoreSource } from './isolate.ts'
import { restartSource, stopSource } from './stop.ts'
import { containerId, createSource, lease } from './testing/source.ts'

const volumes = createVolumeEngine()
const base = await mkdtemp(join(tmpdir(), 'drayage-undo-'))
afterAll(async () => {
  await volumes.close()
  await rm(base, { recursive: true, force: true })
})

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
  // It ends by itself, with an error, when it has been fenced; a stop goes without an answer; somebody removes it.
  endsWhenFenced: fc.boolean(),
  unansweredStops: fc.constantFrom(0, 0, 1),
  removed: fc.constantFrom('no', 'no', 'before the undo', 'before the second undo'),
  deaths: fc.array(fc.record({ nth: fc.nat({ max: 8 }), when: fc.constantFrom('before' as const, 'after' as const) }), {
    maxLength: 4,
  }),
})

test('wherever the agent dies on the way, the undo leaves the source as it was found, and nothing of the migration', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (run) => {
      const { running, policy, hasVolume, steps, retries, endsWhenFenced, unansweredStops, removed, deaths } = run
      const source = await createSource(base, volumes, {
        ...{ hasVolume, deaths, model: { running, policy, unansweredStops } },
      })
      const { model, mountpoint, dir } = source

      const attempt = async (step: (context: AgentContext) => Promise<unknown>): Promise<boolean> =>
        step(await source.context()).then(
          () => true,
          () => false,
        )
      // As the saga does: a container that is not there any more is a warning.
      const insist = async (step: (context: AgentContext) => Promise<unknown>) => {
        const undone = (thrown: unknown) => {
          if (thrown instanceof AppError && thrown.code === 'DRAYAGE_CONTAINER_NOT_FOUND') return
          throw thrown
        }
        for (let tries = 0; tries <= deaths.length + 2; tries += 1) {
          if (await attempt((context) => step(context).catch(undone))) return
        }
        expect.unreachable('it does not get done by asking again')
      }

      const forward = [
        async (context: AgentContext) => {
          await fenceSource(context, containerId, lease)
          if (endsWhenFenced && model.running) Object.assign(model, { running: false, exitCode: 1 })
        },
        (context: AgentContext) => stopSource(context, { containerId, stopTimeoutSeconds: 10 }, lease),
        (context: AgentContext) => isolateSource(context, { containerId, volumes: source.described }, lease),
      ].slice(0, steps)
      let fencedWhole = false
      for (const step of forward) {
        if (retries) await insist(step)
        else if (!(await attempt(step))) break
        fencedWhole = true
      }
      if (retries && steps === 3) {
        expect(model.running).toBe(false)
        expect(existsSync(mountpoint)).toBe(!hasVolume)
      }

      if (removed === 'before the undo') model.removed = true
      await insist((context) => restoreSource(context, containerId, lease))
      if (removed === 'before the second undo') model.removed = true
      await insist((context) => restartSource(context, containerId, lease))
      await insist((context) => unfenceSource(context, containerId, lease))
      await insist((context) => forgetMigration(context, '', lease))

      if (removed === 'no') {
        const staysEnded = endsWhenFenced && fencedWhole && policy.Name === 'no'
        expect(model).toMatchObject({ name: 'web', policy, running: running && !staysEnded })
      }
      expect(await readdir(dirname(mountpoint))).toEqual(['_data'])
      expect(await volumes.identify(mountpoint)).toBe(source.rootIdentity)
      expect((await openState(dir)).migrations.all()).toEqual([])
    }),
    { numRuns: 300 },
  )
}, 120_000)
