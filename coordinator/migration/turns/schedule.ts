// Which migrations are driven now, and which wait for their turn. What it knows is in the journal too: the next process
// builds it anew from there.
import type { Journal } from '../ports.ts'
import type { MigrationRecord } from '../record.ts'
import { createQueue, type Limits, type Place } from './queue.ts'

export type ScheduleOptions = {
  readonly limits: Limits
  readonly journal: Pick<Journal, 'find' | 'standStill'>
  // Until it has ended, or is paused, or the process stops.
  readonly driveOn: (id: string) => Promise<void>
  readonly changed: (id: string) => void
  readonly failed: (id: string, thrown: unknown) => void
}

export type Schedule = {
  // When its turn has come, or at once where it has none to wait for. Once for all if it is driven already. Resolves when
  // it is driven, or noted as queued.
  enter(record: MigrationRecord): Promise<void>
  // At once: what it has to do now does not wait for others.
  now(record: MigrationRecord): void
  // It waits no more. One that is driven is not touched.
  withdraw(id: string): Promise<void>
  placeOf(id: string): Place | null
  // No more turns; resolves when nothing is driven any more.
  stop(): Promise<void>
}

// To remove an old copy takes little of a host. What is to be put back, and what goes back since its target did not come up,
// is down or may soon be.
const waitsForTurn = ({ kind, terms, cancelRequested }: MigrationRecord): boolean =>
  kind !== 'finalize' && !cancelRequested && terms.unasked !== true

export const createSchedule = ({ limits, journal, driveOn, changed, failed }: ScheduleOptions): Schedule => {
  const queue = createQueue(limits)
  const driving = new Map<string, Promise<void>>()
  // Entered while it was driven: what drives it may have made up its mind to leave before.
  const again = new Set<string>()
  let stopped = false

  const drive = (id: string): void => {
    const driven = driveOn(id).finally(async () => {
      driving.delete(id)
      queue.leave(id)
      changed(id)
      const record = again.delete(id) ? await journal.find(id) : null
      if (record !== null && record.endedAt === null) await enter(record)
      else await turn()
    })
    driving.set(
      id,
      driven.catch((thrown) => failed(id, thrown)),
    )
  }

  const turn = async (): Promise<void> => {
    if (stopped) return
    for (const id of queue.admit()) drive(id)
    for (const id of queue.waiting()) {
      // One that came to its turn meanwhile is not put back into the queue.
      if (queue.placeOf(id) !== null) await journal.standStill(id, 'queued')
      changed(id)
    }
  }

  const hostsOf = ({ request: { from, to } }: MigrationRecord) => [from, to]

  const now = (record: MigrationRecord): void => {
    const { id } = record
    if (driving.has(id) || stopped) return
    if (record.kind === 'finalize') queue.leave(id)
    else queue.run(id, hostsOf(record))
    drive(id)
  }

  const enter = async (record: MigrationRecord): Promise<void> => {
    if (driving.has(record.id)) again.add(record.id)
    else if (!waitsForTurn(record)) now(record)
    else {
      queue.wait(record.id, hostsOf(record))
      await turn()
    }
  }

  return {
    enter,
    now,
    withdraw: async (id) => {
      if (driving.has(id)) return
      queue.leave(id)
      await turn()
    },
    placeOf: queue.placeOf,
    stop: async () => {
      stopped = true
      while (driving.size > 0) await Promise.all(driving.values())
    },
  }
}
