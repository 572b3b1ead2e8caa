// One at a time for each workload, among the calls that a coordinator makes and what the guard does: a call that is
// repeated because its answer was lost must not overlap its first run. The second waits, and then finds what the first
// one did.
import { AppError } from '../../shared/errors.ts'

export type Turns = {
  // Resolves with what gives the turn back when all who came before have given theirs. Throws DRAYAGE_CANCELLED where
  // the caller has gone by then.
  take(key: string, signal: AbortSignal): Promise<() => void>
}

export const createTurns = (): Turns => {
  const last = new Map<string, Promise<void>>()
  return {
    take: async (key, signal) => {
      const before = last.get(key) ?? Promise.resolve()
      const { promise: mine, resolve: release } = Promise.withResolvers<void>()
      const end = before.then(() => mine)
      last.set(key, end)
      void end.then(() => {
        if (last.get(key) === end) last.delete(key)
      })
      await before
      if (signal.aborted) {
        release()
        throw new AppError('DRAYAGE_CANCELLED', 'The caller had gone before its turn came. Nothing was done.')
      }
      return release
    },
  }
}
