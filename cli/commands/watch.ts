import { hasMoved, type Migration } from '../../shared/api/migrations.ts'
import { AppError, errorTable, isErrorCode } from '../../shared/errors.ts'
import type { Client } from '../api/client.ts'
import { follow } from '../api/follow.ts'
import type { Reporter } from '../display/reporter.ts'

// Shows a migration until it has ended.
export const watchToTheEnd = async (
  client: Client,
  id: string,
  reporter: Reporter,
  giveUpAfterMs: number,
): Promise<Migration> => {
  const followed = follow(client, id, { giveUpAfterMs })
  for (;;) {
    const { done, value } = await followed.next()
    if (done) return value
    if (value.event === 'migration') reporter.migration(value.data)
    else if (value.event === 'progress') reporter.progress(value.data)
    else if (value.event === 'away') {
      reporter.say(
        `The coordinator is away; the migration is safe there, and this waits for it. (${value.data.message})`,
      )
    } else reporter.say('The coordinator is back.')
  }
}

// 0 only when the move is done. A migration that failed past its commit needs somebody to look, whatever its error
// would mean elsewhere; one that was put back ends with its error's own code.
export const exitCodeOf = ({ state, error }: Migration): number => {
  if (hasMoved(state)) return 0
  if (state === 'cancelled') return errorTable.DRAYAGE_CANCELLED.exit
  if (state === 'failed') return errorTable.DRAYAGE_INTERNAL.exit
  const exit = error !== null && isErrorCode(error.code) ? errorTable[error.code].exit : 5
  // Nobody has to look: it failed past its commit, and has gone back.
  return exit === errorTable.DRAYAGE_TARGET_NOT_STARTED.exit ? 5 : exit
}

export const parseSeconds = (raw: string): number => {
  const seconds = Number(raw)
  if (!(seconds > 0 && seconds <= 604_800)) {
    throw new AppError('DRAYAGE_CONFIG_INVALID', `--give-up-after "${raw}" is not a number of seconds above 0.`)
  }
  return seconds * 1000
}

export const giveUpOption = [
  '--give-up-after <seconds>',
  'how long to wait for a coordinator that has gone away',
] as const
export const defaultGiveUpAfter = '300'
