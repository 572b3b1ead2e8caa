import { type Command, Option } from 'commander'
import { connect } from '../api/connection.ts'
import { answering, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { type RunFlags, runMigration } from './run-migration.ts'
import { defaultGiveUpAfter, giveUpOption } from './watch.ts'

type Flags = ClientFlags &
  RunFlags & {
    readonly discardWrites?: true
    readonly overwriteChanged?: true
    readonly writableLayer?: 'refuse' | 'discard'
  }

export const returnCommand = (): Command =>
  clientCommand('return', 'move a container back to where a migration brought it from')
    .argument('<id>', 'the migration')
    .option('--discard-writes', 'without what was written since: to the data of the moment it was stopped for the move')
    .option('--overwrite-changed', 'even if somebody has changed the copy that was kept: their changes are lost')
    .addOption(
      new Option(
        '--writable-layer <policy>',
        'what was changed outside its volumes since: refuse to go back; discard, leave that behind (default as in the move)',
      ).choices(['refuse', 'discard']),
    )
    .option('--detach', 'print the id of the return, and leave')
    .option('--idempotency-key <key>', 'the same key gives the same return, however often it is run')
    .option(giveUpOption[0], giveUpOption[1], defaultGiveUpAfter)
    .description(
      'Move a container back to the host that a migration brought it from. The copy that was kept there is the base: only ' +
        'what has changed since is sent, while the container runs; then it is stopped where it is, which is confirmed, the ' +
        'rest is sent, and it starts where it was before, as the container that it was. What it leaves behind is kept, as ' +
        'after any move, and the next move back there uses it likewise.\n\n' +
        'Until its hand-over is committed, any failure leaves it where it is. If its host cannot be reached when it is to ' +
        'be stopped, the return waits: it is never started elsewhere on a guess.\n\n' +
        'Refused when somebody has changed what was kept, or has brought it back by hand (docs/break-glass.md).',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray migrations --state awaiting-finalize      (what can go back)',
          'dray return 01JZ0V3M8Q2X5T7Y9A1B2C3D4E',
          'dray return 01JZ0V3M8Q2X5T7Y9A1B2C3D4E --discard-writes',
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
        const request = {
          ...(flags.discardWrites && { discardWrites: true }),
          ...(flags.overwriteChanged && { overwriteChanged: true }),
          ...(flags.writableLayer !== undefined && { writableLayer: flags.writableLayer }),
        }
        return runMigration(client, (key) => client.return(id, request, key), flags)
      }),
    )
