import { type Command, InvalidArgumentError, Option } from 'commander'
import type { MigrationState } from '../../shared/api/migrations.ts'
import { migrationsText } from '../display/migrations.ts'
import { migrationText, outcomeText } from '../display/outcome.ts'
import { createReporter } from '../display/reporter.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { defaultGiveUpAfter, exitCodeOf, giveUpOption, parseSeconds, watchToTheEnd } from './watch.ts'

type Flags = ClientFlags & {
  readonly state?: MigrationState
  readonly limit?: string
  readonly watch?: true
  readonly giveUpAfter: string
}

const states = [
  'planned',
  'queued',
  'running',
  'paused',
  'awaiting-finalize',
  'completed',
  'failed',
  'rolled-back',
  'cancelled',
] as const satisfies readonly MigrationState[]

const parseLimit = (raw: string): string => {
  if (!/^[1-9][0-9]{0,3}$/.test(raw)) throw new InvalidArgumentError('It is a whole number from 1 to 9999.')
  return raw
}

export const migrationsCommand = (): Command =>
  clientCommand('migrations', 'list the migrations, or show one in full')
    .argument('[id]', 'one of them')
    .addOption(new Option('--state <state>', 'in this state only').choices(states))
    .option('--limit <count>', 'no more than this many, newest first', parseLimit)
    .option('--watch', 'with an id: until it has ended; then the exit code is that of the migration')
    .option(giveUpOption[0], giveUpOption[1], defaultGiveUpAfter)
    .description(
      'List the migrations, newest first; or show one in full: its steps, its rounds, what was verified, why it failed, ' +
        'and what to do next.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray migrations',
          'dray migrations --state running',
          'dray migrations 01JZ0V3M8Q2X5T7Y9A1B2C3D4E',
          'dray migrations 01JZ0V3M8Q2X5T7Y9A1B2C3D4E --watch     (Ctrl-C stops watching, not the migration)',
        ],
        0,
        2,
        3,
        5,
        6,
        7,
        8,
        130,
      ),
    )
    .action((id: string | undefined, flags: Flags) =>
      asking(flags, async (client, view) => {
        if (id === undefined) {
          const { state, limit } = flags
          const json = await client.migrations({ ...(state ? { state } : {}), ...(limit ? { limit } : {}) })
          return { json, text: migrationsText(json.migrations, view) }
        }
        if (!flags.watch) {
          const json = await client.migration(id)
          return { json, text: migrationText(json, view.paint) }
        }
        const reporter = createReporter(process.stderr)
        try {
          const json = await watchToTheEnd(client, id, reporter, parseSeconds(flags.giveUpAfter))
          process.exitCode = exitCodeOf(json)
          return { json, text: outcomeText(json, view.paint) }
        } finally {
          reporter.close()
        }
      }),
    )
