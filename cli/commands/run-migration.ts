// Starts a migration of any kind, and stays with it to its end.
import { randomUUID } from 'node:crypto'
import type { Migration } from '../../shared/api/migrations.ts'
import type { Client } from '../api/client.ts'
import { paintFor } from '../display/colour.ts'
import { outcomeText } from '../display/outcome.ts'
import { createReporter, type Reporter } from '../display/reporter.ts'
import type { Answer } from './client-command.ts'
import { createInterruptions } from './interruptions.ts'
import { startOnce } from './start-once.ts'
import { exitCodeOf, parseSeconds, watchToTheEnd } from './watch.ts'

export type RunFlags = {
  readonly detach?: true
  readonly idempotencyKey?: string
  readonly giveUpAfter: string
}

const cancelledExit = 130

// before: what is said and asked before anything is started; throws where it should not be.
export const runMigration = async (
  client: Client,
  start: (key: string) => Promise<Migration>,
  flags: RunFlags,
  before: (reporter: Reporter) => Promise<void> = async () => {},
): Promise<Answer> => {
  const giveUpAfterMs = parseSeconds(flags.giveUpAfter)
  const reporter = createReporter(process.stderr)
  const interruptions = createInterruptions({
    cancel: client.cancel,
    say: reporter.say,
    leave: (text) => {
      reporter.say(text)
      reporter.close()
      process.exit(cancelledExit)
    },
  })
  process.on('SIGINT', interruptions.interrupt)
  try {
    await before(reporter)
    interruptions.starting()
    const started = await startOnce(start, flags.idempotencyKey ?? randomUUID(), giveUpAfterMs, reporter.say)
    interruptions.started(started.id)
    if (flags.detach && !interruptions.wanted()) {
      return { json: started, text: `${started.id}` }
    }
    reporter.say(`Migration ${started.id}. Ctrl-C cancels it.`)
    const ended = await toTheVeryEnd(client, started.id, reporter, giveUpAfterMs)
    process.exitCode = exitCodeOf(ended)
    return { json: ended, text: outcomeText(ended, paintFor(process.stdout)) }
  } finally {
    process.off('SIGINT', interruptions.interrupt)
    interruptions.close()
    reporter.close()
  }
}

// A target that did not come up may be on its way back when the migration has ended.
const toTheVeryEnd = async (
  client: Client,
  id: string,
  reporter: Reporter,
  giveUpAfterMs: number,
): Promise<Migration> => {
  const ended = await watchToTheEnd(client, id, reporter, giveUpAfterMs)
  if (ended.state !== 'failed' || ended.followedBy === null) return ended
  reporter.say(
    `${ended.container.name} did not come up on ${ended.to}; it goes back to ${ended.from}: migration ${ended.followedBy}.`,
  )
  await watchToTheEnd(client, ended.followedBy, reporter, giveUpAfterMs)
  return client.migration(id)
}
