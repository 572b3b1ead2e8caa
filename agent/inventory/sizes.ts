// How much of the disk each volume takes. Nobody waits for it: one volume at a time is walked, with a rest several times
// as long after it, and none while a migration is noted here, whose rounds and whose downtime want the disk.

import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../shared/errors.ts'
import type { InventoryVolume__Output } from '../../shared/rpc/generated/drayage/v1/InventoryVolume.ts'
import { isPlainVolume } from '../../shared/volumes/plain.ts'
import type { EnginePaths } from '../engine-paths.ts'
import type { Log } from '../log.ts'
import type { State } from '../state/state.ts'
import type { VolumeEngine } from '../volume/engine.ts'
import type { Observation, Observer } from './observer.ts'
import { createPresent } from './present.ts'

export type MeasuredSize = {
  readonly sizeBytes: number
  // RFC 3339.
  readonly sizeMeasuredAt: string
}

export type Sizes = {
  // Until the signal aborts.
  run(signal: AbortSignal): Promise<void>
  // As last measured, at once; null: this volume has not been, which is not zero.
  of(volume: Pick<InventoryVolume__Output, 'name' | 'createdAt'>): MeasuredSize | null
  // Names of volumes measured since it was last called. Answers with how to end it.
  onMeasured(listener: (names: readonly string[]) => void): () => void
}

export type SizeClock = {
  now(): Date
  // Never goes back, from anywhere.
  elapsedMs(): number
  // Ends early when the signal aborts.
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export type SizeOptions = {
  readonly observer: Pick<Observer, 'follow'>
  readonly volumes: Pick<VolumeEngine, 'identify' | 'measure'>
  readonly paths: EnginePaths
  readonly state: { readonly migrations: Pick<State['migrations'], 'all'> }
  readonly log: Log
  readonly clock?: SizeClock
  // How often it looks whether a migration has begun, or has ended.
  readonly lookEveryMs?: number
}

// A sixth of the time at most goes to measuring.
export const restTimes = 5
export const goodForMs = 60 * 60_000
// A new volume is filled soon after it was made: its size is good for as long as it had existed when it was measured.
export const newGoodForMs = 60_000
// A container that restarts over and over does not have its volumes walked over and over.
export const settledAfterMs = 60_000
// Sizes are told together: each time costs the coordinator a transaction.
const toldEveryMs = 5_000

type Figure = {
  // null: it could not be measured.
  readonly size: MeasuredSize | null
  readonly takenAtMs: number
  readonly goodForMs: number
  // The directory, and what else tells whether it is the same volume: Docker's volumes have no id.
  readonly rootIdentity: string
  readonly createdAt: string
  readonly users: string
}

const goodFor = (createdAt: string, now: Date): number => {
  const ageMs = now.getTime() - Date.parse(createdAt)
  return Number.isNaN(ageMs) ? goodForMs : Math.min(goodForMs, Math.max(newGoodForMs, ageMs))
}

const systemClock: SizeClock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
}

export const createSizes = (options: SizeOptions): Sizes => {
  const { observer, volumes, paths, state, log, clock = systemClock, lookEveryMs = 1_000 } = options
  const figures = new Map<string, Figure>()
  const listeners = new Set<(names: readonly string[]) => void>()
  const present = createPresent()
  const untold = new Set<string>()
  let toldAtMs = Number.NEGATIVE_INFINITY
  let identitiesDue = false

  const isBusy = (): boolean => state.migrations.all().length > 0

  const take = (observation: Observation): void => {
    present.apply(observation)
    if (observation.full) identitiesDue = true
    // An event of a volume says that it was made or removed, and so does one that a full look does not find.
    else for (const { name } of observation.change.volumes) figures.delete(name)
    for (const name of figures.keys()) if (present.volume(name) === undefined) figures.delete(name)
  }

  const tell = (): void => {
    if (untold.size === 0) return
    const names = [...untold]
    untold.clear()
    toldAtMs = clock.elapsedMs()
    for (const listener of listeners) listener(names)
  }

  const rootOf = ({ mountpoint }: InventoryVolume__Output): string => paths.here(mountpoint)
  // null: not there, or not visible to this agent.
  const identityOf = (volume: InventoryVolume__Output): Promise<string | null> =>
    volumes.identify(rootOf(volume)).catch(() => null)

  // A directory that was put in the place of another is another volume, whatever Docker says.
  const forgetReplaced = async (): Promise<void> => {
    for (const [name, figure] of figures) {
      const volume = present.volume(name)
      const identity = volume === undefined ? null : await identityOf(volume)
      if (identity !== null && identity !== figure.rootIdentity && figures.get(name) === figure) figures.delete(name)
    }
  }

  const isDue = (volume: InventoryVolume__Output): boolean => {
    if (!isPlainVolume(volume)) return false
    const figure = figures.get(volume.name)
    if (figure === undefined || figure.createdAt !== volume.createdAt) return true
    const ageMs = clock.elapsedMs() - figure.takenAtMs
    return ageMs >= figure.goodForMs || (ageMs >= settledAfterMs && figure.users !== present.usersOf(volume.name))
  }

  const walk = async (
    volume: InventoryVolume__Output,
    signal: AbortSignal,
  ): Promise<MeasuredSize | 'unmeasurable' | 'gave-way'> => {
    const giveWay = new AbortController()
    const timer = setInterval(() => {
      if (isBusy()) giveWay.abort()
    }, lookEveryMs)
    try {
      const sizeMeasuredAt = clock.now().toISOString()
      const { diskBytes } = await volumes.measure(rootOf(volume), { signal: AbortSignal.any([signal, giveWay.signal]) })
      return { sizeBytes: diskBytes, sizeMeasuredAt }
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === 'DRAYAGE_CANCELLED') return 'gave-way'
      log.debug({ volume: volume.name, reason: (thrown as Error).message }, 'The volume could not be measured')
      return 'unmeasurable'
    } finally {
      clearInterval(timer)
    }
  }

  // Answers false where it gave way, and the volume is as due as before.
  const measure = async (volume: InventoryVolume__Output, signal: AbortSignal): Promise<boolean> => {
    const { name, createdAt } = volume
    const users = present.usersOf(name)
    const rootIdentity = await identityOf(volume)
    if (rootIdentity === null) return true
    const size = await walk(volume, signal)
    if (size === 'gave-way') return false
    const isTheSame = (await identityOf(volume)) === rootIdentity && present.volume(name)?.createdAt === createdAt
    if (!isTheSame) return true
    const measured = size === 'unmeasurable' ? null : size
    figures.set(name, {
      size: measured,
      takenAtMs: clock.elapsedMs(),
      goodForMs: goodFor(createdAt, clock.now()),
      rootIdentity,
      createdAt,
      users,
    })
    if (measured !== null) untold.add(name)
    return true
  }

  const untilNotBusy = async (signal: AbortSignal): Promise<void> => {
    while (isBusy() && !signal.aborted) await sleep(lookEveryMs, undefined, { signal }).catch(() => {})
  }

  // Answers false where something gave way.
  const measureWhatIsDue = async (signal: AbortSignal): Promise<boolean> => {
    if (identitiesDue) {
      identitiesDue = false
      await forgetReplaced()
    }
    let complete = true
    for (const name of present.volumeNames()) {
      await untilNotBusy(signal)
      if (signal.aborted) break
      const volume = present.volume(name)
      if (volume === undefined || !isDue(volume)) continue
      const begunMs = clock.elapsedMs()
      if (!(await measure(volume, signal))) complete = false
      if (isBusy() || clock.elapsedMs() - toldAtMs >= toldEveryMs) tell()
      await clock.sleep(restTimes * (clock.elapsedMs() - begunMs), signal)
    }
    tell()
    return complete
  }

  return {
    run: async (signal) => {
      let news = Promise.withResolvers<void>()
      // What is due by its age is found with the full look that is taken every few minutes all the same.
      const follow = async () => {
        for await (const observation of observer.follow(signal)) {
          take(observation)
          news.resolve()
        }
        news.resolve()
      }
      const work = async () => {
        while (!signal.aborted) {
          await news.promise
          news = Promise.withResolvers()
          if (!(await measureWhatIsDue(signal))) news.resolve()
        }
      }
      await Promise.all([follow(), work()])
    },

    of: ({ name, createdAt }) => {
      const figure = figures.get(name)
      return figure?.createdAt === createdAt ? figure.size : null
    },

    onMeasured: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
