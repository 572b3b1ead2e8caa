// Where the operator has said so, what a migration has kept is removed by itself after a while. Once: an attempt that did
// not succeed is somebody's to look at, and one that has been followed by anything else is nobody's to remove.
import { asAppError } from '../../shared/errors.ts'
import type { Clock, Journal } from './ports.ts'
import type { MigrationService } from './service.ts'

export type FinalizeWhenDue = {
  readonly journal: Pick<Journal, 'list'>
  readonly migrations: Pick<MigrationService, 'finalize'>
  readonly clock: Clock
  readonly afterMs: number
  readonly log: { info(facts: object, message: string): void; warn(facts: object, message: string): void }
}

const lookEveryMs = 60_000
const most = 10_000

export const finalizeDue = async ({ journal, migrations, clock, afterMs, log }: FinalizeWhenDue): Promise<void> => {
  const now = clock.now().getTime()
  for (const { id, endedAt, followedBy } of await journal.list({ state: 'awaiting-finalize', limit: most })) {
    if (followedBy !== null || endedAt === null || endedAt.getTime() + afterMs > now) continue
    try {
      const { migration } = await migrations.finalize(id, {}, `finalize-after ${id}`)
      log.info({ migration: id, finalize: migration.id }, 'What it had kept is removed: its time is over')
    } catch (thrown) {
      log.warn({ migration: id, reason: asAppError(thrown).message }, 'What it has kept cannot be removed')
    }
  }
}

export const finalizeWhenDue = async (options: FinalizeWhenDue, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await finalizeDue(options)
    await options.clock.sleep(Math.min(lookEveryMs, options.afterMs), signal)
  }
}
