// I1 on this host: a container whose workload has been stopped here for a move, or has moved away, must not run, however
// it was started (by hand, by an engine that came back, by `compose up`). What runs all the same is stopped at once. It
// looks at every full observation and every start that Docker tells of, and needs no coordinator for that.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '../docker/engine.ts'
import type { Log } from '../log.ts'
import type { State } from '../state/state.ts'
import type { Observation, Observer } from './observer.ts'

const tryAgainMs = 2_000

// Why this container must not run here; null: it may.
export const forbiddance = ({ retired, migrations }: Pick<State, 'retired' | 'migrations'>, containerId: string) => {
  const gone = retired.byContainer(containerId)
  if (gone !== null) return `it moved to ${gone.movedTo} (migration ${gone.migrationId}) and runs there`
  const moving = migrations
    .all()
    .find((note) => note.role === 'source' && note.containerId === containerId && note.stopped?.mayRunAgain === false)
  return moving ? `it is stopped for its move to ${moving.peerHost} (migration ${moving.migrationId})` : null
}

export const runningIn = (observation: Observation): readonly string[] =>
  observation.full
    ? observation.inventory.containers
        .filter(({ state }) => state === 'running' || state === 'restarting' || state === 'paused')
        .map(({ id }) => id)
    : observation.change.started

export type Guard = { run(signal: AbortSignal): Promise<void> }

export const createGuard = (options: {
  readonly engine: Pick<Engine, 'stop' | 'container'>
  readonly state: Pick<State, 'retired' | 'migrations'>
  readonly observer: Pick<Observer, 'follow'>
  readonly log: Log
}): Guard => {
  const { engine, state, observer, log } = options
  const stopping = new Set<string>()

  // Tries until it is stopped, or may run after all.
  const enforce = async (id: string, signal: AbortSignal): Promise<void> => {
    if (stopping.has(id)) return
    stopping.add(id)
    try {
      for (;;) {
        const why = forbiddance(state, id)
        if (why === null || signal.aborted) return
        log.error({ container: id }, `A container was started that must not run on this host: ${why}. Stopping it`)
        try {
          await engine.stop(id)
          log.warn({ container: id }, 'The container that must not run here is stopped')
          return
        } catch (thrown) {
          if ((thrown as { code?: unknown }).code === 'DRAYAGE_CONTAINER_NOT_FOUND') return
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
        for (const id of runningIn(observation)) {
          if (forbiddance(state, id) !== null) void enforce(id, signal)
        }
      }
    },
  }
}
