import type { Command } from 'commander'
import { hasEnded, hasMoved, type Migration } from '../../shared/api/migrations.ts'
import { errorTable } from '../../shared/errors.ts'
import { outcomeText } from '../display/outcome.ts'
import { createReporter } from '../display/reporter.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { defaultGiveUpAfter, exitCodeOf, giveUpOption, parseSeconds, watchToTheEnd } from './watch.ts'

type Flags = ClientFlags & { readonly detach?: true; readonly giveUpAfter: string }

// 0 when it was cancelled. The commit can come first: then it has moved, and the cancel has not done what was asked.
const exitCodeOfCancel = (migration: Migration): number => {
  if (migration.state === 'cancelled') return 0
  return hasMoved(migration.state) ? errorTable.DRAYAGE_PAST_COMMIT.exit : exitCodeOf(migration)
}

export const cancelCommand = (): Command =>
  clientCommand('cancel', 'cancel a migration, and put everything back')
    .argument('<id>', 'the migration')
    .option('--detach', 'do not wait until everything is put back')
    .option(giveUpOption[0], giveUpOption[1], defaultGiveUpAfter)
    .description(
      'Cancel a migration, and wait until everything is put back. Possible until its commit; after that the other host ' +
        'owns the container, and the cancel is refused.',
    )
    .addHelpText(
      'after',
      examples(['dray cancel 01JZ0V3M8Q2X5T7Y9A1B2C3D4E', 'dray migrations --state running'], 0, 2, 3, 4, 5, 6, 7, 8),
    )
    .action((id: string, flags: Flags) =>
      asking(flags, async (client, { paint }) => {
        const asked = await client.cancel(id)
        if (flags.detach && !hasEnded(asked.state)) {
          return { json: asked, text: `Migration ${id} is being cancelled: dray migrations ${id} tells how it ended.` }
        }
        const reporter = createReporter(process.stderr)
        try {
          const json = await watchToTheEnd(client, id, reporter, parseSeconds(flags.giveUpAfter))
          process.exitCode = exitCodeOfCancel(json)
          return { json, text: outcomeText(json, paint) }
        } finally {
          reporter.close()
        }
      }),
    )
