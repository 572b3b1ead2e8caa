// Ctrl-C during a migration. The first cancels it and goes on watching, so that what is put back is seen; the second
// leaves. The migration lives in the coordinator, so leaving never stops it, and what is said must not claim so.
import { asAppError } from '../../shared/errors.ts'

export type Interruptions = {
  // The request that starts the migration is under way; it may have been accepted already.
  starting(): void
  started(id: string): void
  // The signal's handler.
  interrupt(): void
  // Whether a cancel was asked for.
  wanted(): boolean
  close(): void
}

export type InterruptionOptions = {
  readonly cancel: (id: string) => Promise<unknown>
  readonly say: (text: string) => void
  // Says it, and ends the process.
  readonly leave: (text: string) => void
  readonly retryEveryMs?: number
}

type Delivery = 'none' | 'asked' | 'accepted' | 'past-commit' | 'ended' | 'refused'

export const createInterruptions = ({
  cancel,
  say,
  leave,
  retryEveryMs = 1_000,
}: InterruptionOptions): Interruptions => {
  let phase: 'planning' | 'starting' | 'started' = 'planning'
  let migrationId = ''
  let presses = 0
  let delivery: Delivery = 'none'
  let closed = false
  let saidAway = false
  let timer: NodeJS.Timeout | undefined

  const deliver = async (): Promise<void> => {
    delivery = 'asked'
    try {
      await cancel(migrationId)
      delivery = 'accepted'
      if (!closed) say('The coordinator cancels it, and puts everything back.')
    } catch (thrown) {
      if (closed) return
      const error = asAppError(thrown)
      if (error.code === 'DRAYAGE_PAST_COMMIT') {
        delivery = 'past-commit'
        say(`It can no longer be cancelled: ${error.message} Going on watching; Ctrl-C again leaves, and it goes on.`)
      } else if (error.code === 'DRAYAGE_MIGRATION_ENDED') {
        delivery = 'ended'
      } else if (error.meaning.retry) {
        if (!saidAway) say(`The cancel has not arrived yet, and is tried again: ${error.message}`)
        saidAway = true
        timer = setTimeout(() => void deliver(), retryEveryMs)
      } else {
        delivery = 'refused'
        say(`The cancel was refused: ${error.code}: ${error.message}`)
      }
    }
  }

  const parting = (): string => {
    if (phase === 'starting') {
      return 'Leaving. The migration may have been started: dray migrations tells, and dray cancel ID cancels it.'
    }
    switch (delivery) {
      case 'accepted':
        return `Leaving. The cancel goes on: dray migrations ${migrationId} tells how it ended.`
      case 'past-commit':
      case 'ended':
      case 'refused':
        return `Leaving. The migration goes on: dray migrations ${migrationId} tells how it ended.`
      case 'none':
      case 'asked':
        return `Leaving. The cancel may not have arrived, and the migration may go on: dray cancel ${migrationId} asks again.`
    }
  }

  return {
    starting: () => {
      phase = 'starting'
    },
    started: (id) => {
      phase = 'started'
      migrationId = id
      if (presses > 0) void deliver()
    },
    interrupt: () => {
      presses += 1
      if (phase === 'planning') return leave('Cancelled. Nothing was started.')
      if (presses > 1) return leave(parting())
      if (phase === 'starting') return say('Cancelling as soon as it has started. Ctrl-C again leaves at once.')
      say(`Cancelling migration ${migrationId}. Ctrl-C again leaves at once; the cancel goes on.`)
      void deliver()
    },
    wanted: () => presses > 0,
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }
}
