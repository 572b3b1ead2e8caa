// A hook on the source, against an engine that is a few facts: what it comes to is told, and a source that its own hook has
// ended counts as one that ran.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import type { Executed } from '../docker/engine.ts'
import { createVolumeEngine } from '../volume/engine.ts'
import type { AgentContext } from './context.ts'
import { runHook } from './run-hook.ts'
import { restartSource, stopSource } from './stop.ts'
import { containerId, createSource, lease, type Model } from './testing/source.ts'

const volumes = createVolumeEngine()
const base = await mkdtemp(join(tmpdir(), 'drayage-hook-'))
afterAll(async () => {
  await volumes.close()
  await rm(base, { recursive: true, force: true })
})

const hook = { name: 'pre-stop', command: ['drain'], timeoutMs: 1_000, onError: 'fail' }
const ended: Executed = { exitCode: 0, leftRunning: false, output: 'drained\n', truncated: false }
const patient = new AbortController().signal
const stopping = { containerId, stopTimeoutSeconds: 10 }

const withHook = async (execute: (model: Model) => Executed | AppError, model: Partial<Model> = {}) => {
  const source = await createSource(base, volumes, { hasVolume: false, deaths: [], model: { running: true, ...model } })
  const context = async (): Promise<AgentContext> => {
    const real = await source.context()
    const executed = async () => {
      const result = execute(source.model)
      if (result instanceof AppError) throw result
      return result
    }
    return { ...real, engine: { ...real.engine, execute: executed } }
  }
  const run = async (signal = patient) => runHook(await context(), { containerId, hook, lease }, lease, signal)
  return { model: source.model, context, run }
}

test('what it came to is told, and is no error', async () => {
  const good = await withHook(() => ended)
  expect(await good.run()).toMatchObject({ ran: true, exitCode: 0, timedOut: false, output: 'drained\n' })
  const bad = await withHook(() => ({ ...ended, exitCode: 3 }))
  expect(await bad.run()).toMatchObject({ ran: true, exitCode: 3 })
  const slow = await withHook(() => ({ ...ended, exitCode: null }))
  expect(await slow.run()).toMatchObject({ ran: true, timedOut: true, leftRunning: false })
  const missing = await withHook(() => new AppError('DRAYAGE_ENGINE_REFUSED', 'exec: "drain": not found'))
  expect(await missing.run()).toMatchObject({ ran: true, exitCode: 127, output: 'exec: "drain": not found' })
})

test('it is not run in a container that does not run', async () => {
  const { run } = await withHook(
    () => {
      throw new Error('it was run')
    },
    { running: false },
  )
  expect(await run()).toMatchObject({ ran: false })
})

test('a caller that goes gets no outcome, since the command was ended for it', async () => {
  const { run } = await withHook(() => ({ ...ended, exitCode: null }))
  await expect(run(AbortSignal.abort())).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
})

test('one that its hook has ended counts as running: it is started on the target, or again here', async () => {
  const ends = (model: Model) => {
    model.running = false
    return ended
  }
  const moved = await withHook(ends)
  await moved.run()
  expect(await stopSource(await moved.context(), stopping, lease)).toMatchObject({ wasRunning: true })

  const putBack = await withHook(ends)
  await putBack.run()
  const starts = putBack.model.starts
  await restartSource(await putBack.context(), containerId, lease)
  expect(putBack.model.running).toBe(true)
  await restartSource(await putBack.context(), containerId, lease)
  expect(putBack.model.starts).toBe(starts + 1)

  const untouched = await withHook(() => ended)
  const before = { ...untouched.model }
  await untouched.run()
  await restartSource(await untouched.context(), containerId, lease)
  expect(untouched.model).toEqual(before)
})
