// What the coordinator is told of what is seen here: without the holders, which Drayage makes for itself and which would
// look like users of the volumes that they hold, and with the sizes of volumes as they become known.
import type { InventoryVolume__Output } from '../../shared/rpc/generated/drayage/v1/InventoryVolume.ts'
import { isHolder } from '../docker/api/labels.ts'
import type { Inventory } from '../docker/engine.ts'
import type { Observation, Observer } from './observer.ts'
import { createPresent } from './present.ts'
import type { Sizes } from './sizes.ts'

// As Observer.follow. A size is told of a volume that is there by what was told before, so that none comes back to life.
export type Reports = Pick<Observer, 'follow'>

type Options = {
  readonly observer: Pick<Observer, 'follow'>
  readonly sizes: Pick<Sizes, 'of' | 'onMeasured'>
}

export const createReports = ({ observer, sizes }: Options): Reports => {
  const withSize = (volume: InventoryVolume__Output): InventoryVolume__Output => ({ ...volume, ...sizes.of(volume) })
  const told = <T extends Inventory>(seen: T): T => ({
    ...seen,
    containers: seen.containers.filter(({ labels }) => !isHolder(labels)),
    volumes: seen.volumes.map(withSize),
  })
  const toldOf = (observation: Observation): Observation =>
    observation.full
      ? { ...observation, inventory: told(observation.inventory) }
      : { full: false, change: told(observation.change) }

  return {
    follow: async function* (signal) {
      const present = createPresent()
      const measured = new Set<string>()
      let news = Promise.withResolvers<null>()
      const end = sizes.onMeasured((names) => {
        for (const name of names) measured.add(name)
        news.resolve(null)
      })
      const observations = observer.follow(signal)[Symbol.asyncIterator]()
      try {
        let next = observations.next()
        for (;;) {
          const observed = await Promise.race([next, news.promise])
          if (observed === null) {
            news = Promise.withResolvers()
            const volumes = [...measured].flatMap((name) => present.volume(name) ?? [])
            measured.clear()
            if (volumes.length > 0) yield toldOf(sized(volumes))
          } else {
            if (observed.done === true) return
            next = observations.next()
            present.apply(observed.value)
            yield toldOf(observed.value)
          }
        }
      } finally {
        end()
        // It ends with the signal; a `next` that is under way keeps it until then.
        void observations.return?.()
      }
    },
  }
}

const sized = (volumes: InventoryVolume__Output[]): Observation => ({
  full: false,
  change: { containers: [], volumes, removedContainerIds: [], removedVolumeNames: [], started: [] },
})
