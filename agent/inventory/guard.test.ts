// Who may run here, by what is noted; and that the guard's stop never lands on a start that was allowed meanwhile.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { labelsOf, roleLabels } from '../docker/api/labels.ts'
import type { ContainerState } from '../docker/engine.ts'
import { createRefusals } from '../link/refusals.ts'
import { silentLog } from '../log.ts'
import type { SourceNote, TargetNote } from '../state/migrations.ts'
import { openState, type State } from '../state/state.ts'
import { createGuard, forbiddance } from './guard.ts'
import type { Observation } from './observer.ts'
import { createQueue } from './queue.ts'

const source: SourceNote = {
  ...{ role: 'source', migrationId: 'm-1', workloadId: 'w-1', epoch: 1, peerHost: 'host-2', containerId: 'c-1' },
  ...{ containerName: 'web', imageId: '', imageReferences: [], volumes: [], fenced: null, isolated: null },
  stopped: { wasRunning: true, requestedAt: '2026-01-01T00:00:00Z', mayRunAgain: false, result: null },
}
const target: TargetNote = {
  ...{ role: 'target', migrationId: 'm-2', workloadId: 'w-2', epoch: 1, peerHost: 'host-2' },
  ...{ imageBrought: null, confirmed: false, startAsked: false, started: null },
}

let dir: string
let state: State
let end: AbortController
let running: Promise<void>
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'drayage-guard-'))
  state = await openState(dir)
  end = new AbortController()
  running = Promise.resolve()
})
afterEach(async () => {
  end.abort()
  await running
  await rm(dir, { recursive: true, force: true })
})

const started = (id: string, labels: Record<string, string> = {}): Observation => {
  const containers = [
    ...[{ id, name: id, image: 'i', imageId: 'i', state: 'running', createdAt: '', labels, mounts: [] }],
  ]
  const change = { containers, volumes: [], removedContainerIds: [], removedVolumeNames: [], started: [id] }
  return { full: false, change }
}
const stateOf = (id: string, runs: boolean): ContainerState => ({
  ...{ id, name: id, status: '', running: runs, restarting: false, exitCode: 0, labels: {}, error: '' },
  ...{ startedAt: '', finishedAt: '', restartCount: 0, oomKilled: false, health: 'none', healthLog: '' },
  restartPolicy: { Name: 'no', MaximumRetryCount: 0 },
})
const guarded = (ended: readonly string[] = []) => {
  const observations = createQueue<Observation>()
  const stopped: string[] = []
  const looked: string[] = []
  const engine = {
    stop: async (id: string) => void stopped.push(id),
    container: async (id: string) => {
      looked.push(id)
      return stateOf(id, !ended.includes(id))
    },
  }
  const observer = { follow: (signal: AbortSignal) => observations.drain(signal) }
  running = createGuard({ engine, state, observer, refusals: createRefusals(() => new Date()), log: silentLog }).run(
    end.signal,
  )
  return { stopped, looked, tell: (observation: Observation) => observations.push(observation) }
}
// What is told is dealt with in order: when the last one has been stopped, everything before it was decided.
const sentinel = async ({ stopped, tell }: ReturnType<typeof guarded>) => {
  await state.migrations.put({ ...source, migrationId: 'm-9', workloadId: 'w-9', containerId: 'sentinel' })
  tell(started('sentinel'))
  await vi.waitFor(() => expect(stopped).toContain('sentinel'))
}

test('a container on its way here is stopped when somebody starts it, until this agent is asked to', async () => {
  await state.migrations.put(target)
  const guard = guarded()
  const labels = roleLabels('m-2', 'workload')
  guard.tell(started('t-1', labels))
  await vi.waitFor(() => expect(guard.stopped).toEqual(['t-1']))
  await state.migrations.put({ ...target, startAsked: true })
  guard.tell(started('t-1', labels))
  guard.tell(started('t-2', labelsOf('m-3')))
  guard.tell(started('t-3'))
  await sentinel(guard)
  expect(guard.stopped).toEqual(['t-1', 'sentinel'])
  await state.migrations.forget('m-2')
  expect(forbiddance(state, { id: 't-1', labels })).toBeNull()
})

test('one that the undo starts while the guard waits for its turn is not stopped', async () => {
  await state.migrations.put(source)
  const guard = guarded()
  const release = await state.turns.take('w-1', end.signal)
  guard.tell(started('c-1'))
  await sentinel(guard)
  await state.migrations.put({ ...source, stopped: null })
  release()
  // The next turn comes after the guard's.
  ;(await state.turns.take('w-1', end.signal))()
  expect(guard.stopped).toEqual(['sentinel'])
})

test('one that must not run is stopped in its turn, and not before', async () => {
  await state.migrations.put(source)
  const guard = guarded()
  const release = await state.turns.take('w-1', end.signal)
  guard.tell(started('c-1'))
  await sentinel(guard)
  expect(guard.stopped).toEqual(['sentinel'])
  release()
  await vi.waitFor(() => expect(guard.stopped).toContain('c-1'))
})

test('one that has ended by itself meanwhile is left alone', async () => {
  await state.migrations.put(source)
  const guard = guarded(['c-1'])
  guard.tell(started('c-1'))
  await vi.waitFor(() => expect(guard.looked).toEqual(['c-1']))
  await sentinel(guard)
  expect(guard.stopped).toEqual(['sentinel'])
})

test('a copy that keeps the turn does not keep the guard from stopping what has moved away', async () => {
  await state.retired.add({
    ...{ workloadId: 'w-2', migrationId: 'm-0', epoch: 1, containerId: 'old', containerName: 'web' },
    ...{ movedTo: 'host-2', retiredAt: '2026-01-01T00:00:00Z', volumes: [], renamedTo: '', restartPolicyJson: '' },
  })
  await state.migrations.put(target)
  const guard = guarded()
  const release = await state.turns.take('w-2', end.signal)
  guard.tell(started('old'))
  guard.tell(started('t-1', roleLabels('m-2', 'workload')))
  await vi.waitFor(() => expect(guard.stopped.toSorted()).toEqual(['old', 't-1']))
  release()
})
