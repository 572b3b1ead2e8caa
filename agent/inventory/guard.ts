// I1 on this host: a container whose workload has been stopped here for a move, or has moved away, or has not been handed
// over to here yet, must not run, however it was started (by hand, by an engine that came back, by `compose up`). What
// runs all the same is stopped at once. It looks at every full observation and every start that Docker tells of, and needs
// no coordinator for that.
import { setTimeout as sleep } from 'node:timers/promises'
import { migrationOf } from '../docker/api/labels.ts'
import type { Engine } from '../docker/engine.ts'
import type { Refusals } from '../link/refusals.ts'
import type { Log } from '../log.ts'
import type { State } from '../state/state.ts'
import type { Observation, Observer } from './observer.ts'

const tryAgainMs = 2_000

type Runs = { readonly id: string; readonly labels: Readonly<Record<string, string>> }

export type Forbiddance = {
  readonly why: string
  // The workload whose steps may lift this at any moment: it is stopped in their turn, so that the stop cannot land on
  // the start that follows. null where no step does, or where it waits for none: a container that ran on the target
  // before it was asked to is never taken for ours, and a copy may keep the turn for hours.
  readonly inTurnOf: string | null
}

// Why this container must not run here; null: it may.
export const forbiddance = (
  { retired, migrations }: Pick<State, 'retired' | 'migrations'>,
  { id, labels }: Runs,
): Forbiddance | null => {
  const gone = retired.byContainer(id)
  if (gone !== null) {
    return { why: `it moved to ${gone.movedTo} (migration ${gone.migrationId}) and runs there`, inTurnOf: null }
  }
  const notes = migrations.all()
  const moving = notes.find(
    (note) => note.role === 'source' && note.containerId === id && note.stopped?.mayRunAgain === false,
  )
  if (moving) {
    const why = `it is stopped for its move to ${moving.peerHost} (migration ${moving.migrationId})`
    return { why, inTurnOf: moving.workloadId }
  }
  const migrationId = migrationOf(labels)
  const coming = notes.find((note) => note.role === 'target' && note.migrationId === migrationId && !note.startAsked)
  return coming
    ? { why: `it is being moved here from ${coming.peerHost} (migration ${coming.migrationId})`, inTurnOf: null }
    : null
}

export const runningIn = (observation: Observation): readonly Runs[] =>
  observation.full
    ? observation.inventory.containers.filter(
        ({ state }) => state === 'running' || state === 'restarting' || state === 'paused',
      )
    : observation.change.started.map((id) => ({
        id,
        labels: observation.change.containers.find((container) => container.id === id)?.labels ?? {},
      }))

// Nobody called us: Docker did as it was told, by whom it does not say.
const conflictOf = (container: string, { why }: Forbiddance): Parameters<Refusals['note']>[0] => ({
  ...{ method: 'StartContainer', caller: '', address: '', code: 'DRAYAGE_FENCE_CONFLICT' },
  subject: `${container} was started and is stopped again: ${why}`,
})

export type Guard = { run(signal: AbortSignal): Promise<void> }

export const createGuard = (options: {
  readonly engine: Pick<Engine, 'stop' | 'container'>
  readonly state: Pick<State, 'retired' | 'migrations' | 'turns'>
  readonly observer: Pick<Observer, 'follow'>
  readonly refusals: Pick<Refusals, 'note'>
  readonly log: Log
}): Guard => {
  const { engine, state, observer, refusals, log } = options
  const stopping = new Set<string>()

  // Asked again in its turn: whoever had it before may have lifted what was found.
  const stopInTurn = async (container: Runs, { inTurnOf }: Forbiddance, signal: AbortSignal): Promise<void> => {
    const end = inTurnOf === null ? () => {} : await state.turns.take(inTurnOf, signal)
    try {
      const found = forbiddance(state, container)
      if (found === null) return
      const { id } = container
      // It has ended since, perhaps by the very step that took its right to run.
      const { name, running, restarting } = await engine.container(id)
      if (!running && !restarting) return
      log.error({ container: id }, `A container was started that must not run on this host: ${found.why}. Stopping it`)
      await engine.stop(id)
      refusals.note(conflictOf(name, found))
      log.warn({ container: id }, 'The container that must not run here is stopped')
    } finally {
      end()
    }
  }

  // Tries until it is stopped, or may run after all.
  const enforce = async (container: Runs, signal: AbortSignal): Promise<void> => {
    const { id } = container
    if (stopping.has(id)) return
    stopping.add(id)
    try {
      while (!signal.aborted) {
        const found = forbiddance(state, container)
        if (found === null) return
        try {
          await stopInTurn(container, found, signal)
          return
        } catch (thrown) {
          if (signal.aborted || (thrown as { code?: unknown }).code === 'DRAYAGE_CONTAINER_NOT_FOUND') return
          log.error({ container: id, reason: (thrown as Error).message }, 'It could not be stopped; trying again')
        }
        await sleep(tryAgainMs, undefined, { signal }).catch(() => {})
      }
    } finally {
      stopping.delete(id)
    }
  }

  return {
    run: async (signal) => {
      for await (const observation of observer.follow(signal)) {
        for (const container of runningIn(observation)) {
          if (forbiddance(state, container) !== null) void enforce(container, signal)
        }
      }
    },
  }
}
