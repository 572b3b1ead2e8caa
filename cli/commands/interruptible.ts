// For what lasts as long as the command: an interruption ends it, so that it can clean up behind itself.
import { AppError } from '../../shared/errors.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

// Throws DRAYAGE_CANCELLED where it was interrupted, whatever `work` makes of that.
export const interruptible = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController()
  const interrupt = () => controller.abort()
  for (const name of signals) process.on(name, interrupt)
  try {
    return await work(controller.signal)
  } catch (thrown) {
    if (!controller.signal.aborted) throw thrown
    throw new AppError('DRAYAGE_CANCELLED', 'Interrupted. Nothing was kept.', { cause: thrown })
  } finally {
    for (const name of signals) process.off(name, interrupt)
    controller.abort()
  }
}
