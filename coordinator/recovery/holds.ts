// What must not go on before an operator has settled it: everything, where the database has lost something; one workload,
// where somebody has acted on it by hand.
import { AppError } from '../../shared/errors.ts'
import type { Holds } from '../migration/ports.ts'
import type { Place, RecoveryNeeded } from './ports.ts'

export type Disputed = { readonly workloadId: string; readonly message: string; readonly places: readonly Place[] }

export type HoldsKeeper = Holds & {
  // Why nothing at all may be asked of any host; null: it may.
  everything(): AppError | null
  set(needed: RecoveryNeeded | null, disputed: readonly Disputed[]): void
}

const allHeld = ({ since, why }: RecoveryNeeded): AppError =>
  new AppError(
    'DRAYAGE_RECOVERY_NEEDED',
    `Nothing is moved since ${since.toISOString()}: this coordinator's database does not know all that has happened (${why}). ` +
      'What runs goes on running. dray recover shows what the agents have, and settles it.',
  )

const oneHeld = ({ message }: Disputed): AppError =>
  new AppError(
    'DRAYAGE_RECOVERY_NEEDED',
    `It is not moved before an operator has settled whose it is: ${message}. dray recover shows what there is, and settles it.`,
  )

export const createHolds = (): HoldsKeeper => {
  let needed: RecoveryNeeded | null = null
  let disputed: readonly Disputed[] = []
  const listeners = new Set<() => void>()
  return {
    everything: () => (needed === null ? null : allHeld(needed)),
    of: ({ workloadId, host, containerId }) => {
      if (needed !== null) return allHeld(needed)
      const found = disputed.find(
        (one) =>
          one.workloadId === workloadId ||
          one.places.some((place) => place.host === host && place.containerId === containerId),
      )
      return found === undefined ? null : oneHeld(found)
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    set: (nowNeeded, nowDisputed) => {
      needed = nowNeeded
      disputed = nowDisputed
      for (const listener of [...listeners]) listener()
    },
  }
}
