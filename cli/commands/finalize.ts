import type { Command } from 'commander'
import { connect } from '../api/connection.ts'
import { answering, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { type RunFlags, runMigration } from './run-migration.ts'
import { defaultGiveUpAfter, giveUpOption } from './watch.ts'

type Flags = ClientFlags & RunFlags & { readonly removeImage?: true }

export const finalizeCommand = (): Command =>
  clientCommand('finalize', 'remove what a migration has kept where the container came from')
    .argument('<id>', 'the migration')
    .option('--remove-image', 'the image too, unless something else there uses it')
    .option('--detach', 'print the id of the finalize, and leave')
    .option('--idempotency-key <key>', 'the same key gives the same finalize, however often it is run')
    .option(giveUpOption[0], giveUpOption[1], defaultGiveUpAfter)
    .description(
      'Remove what a migration has kept on the host that the container came from: the stopped container, its volumes with ' +
        'the data that was set aside, and the networks that Drayage made there for it. For good: after it, dray return is ' +
        'no longer possible.\n\n' +
        'Only what is still exactly what was journaled is removed, and only while the container lives elsewhere: what has ' +
        'come back since is never touched. If that host is away, it waits until it is back; dray cancel gives it up.\n\n' +
        'dray coordinator --finalize-after 7d does this by itself, a week after each move.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray migrations --state awaiting-finalize',
          'dray finalize 01JZ0V3M8Q2X5T7Y9A1B2C3D4E',
          'dray finalize 01JZ0V3M8Q2X5T7Y9A1B2C3D4E --remove-image --detach',
        ],
        0,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        130,
      ),
    )
    .action((id: string, flags: Flags) =>
      answering(flags, () => {
        const client = connect(flags)
        const request = flags.removeImage ? { removeImage: true } : {}
        return runMigration(client, (key) => client.finalize(id, request, key), flags)
      }),
    )
