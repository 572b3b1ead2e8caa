import { Command } from 'commander'
import { printable } from '../display/printable.ts'
import { exitCodesHelp } from '../exit-codes.ts'
import { addProcessOptions, type ProcessOption } from './process-options.ts'

type Flags = Record<string, string | undefined>
type Facts = { readonly version: string; readonly takenAt: string }
type Work = (flags: Flags, file: string) => Promise<Facts>

// Those of `dray coordinator` that stand before the subcommand's name hold as well.
const flagsOf = (command: Command): Flags => ({ ...(command.parent?.opts() ?? {}), ...command.opts() })

export const takeBackupCommand = (options: readonly ProcessOption[], take: Work): Command =>
  addProcessOptions(new Command('backup'), options)
    .summary('copy all that the coordinator knows into one file, while it runs')
    .description(
      'Copy all that the coordinator knows into one file: its database, its certificate authority, and its admin token. On ' +
        'the coordinator’s machine, as a user who may read its data directory; the coordinator may go on running. The file ' +
        'appears when it is whole and on the disk, and never replaces another.\n\n' +
        'Whoever has the file can pass for this coordinator to every agent, and so do anything on every host: it holds the ' +
        'authority’s key. It is readable by its owner alone; keep it so, and encrypt it where it is stored.',
    )
    .argument('<file>', 'what to write; it must not exist')
    .addHelpText(
      'after',
      `
Examples:
  dray backup /var/backups/drayage-$(date +%F).db
  docker exec drayage-coordinator dray backup /data/backup.db

${exitCodesHelp(0, 2, 6)}`,
    )
    .action(async (file: string, _: unknown, command: Command) => {
      await take(flagsOf(command), file)
      process.stdout.write(
        `${printable(file)} is whole. It holds the authority's key: keep it as you keep root's password.\n`,
      )
    })

export const restoreFromBackupCommand = (options: readonly ProcessOption[], restore: Work): Command =>
  addProcessOptions(new Command('restore'), options)
    .summary('make the data directory of a coordinator from a backup')
    .description(
      'Make the data directory of a coordinator from a file that `dray backup` has written. The directory must be empty, or ' +
        'not there yet. Nothing else may run as this coordinator, on this machine or another.\n\n' +
        'A coordinator that was restored does not know what was moved since the backup. When it is started it asks the ' +
        'agents, and moves nothing until an operator has settled what they say: dray recover.',
    )
    .argument('<file>', 'a backup')
    .addHelpText(
      'after',
      `
Examples:
  dray coordinator restore /var/backups/drayage-2026-01-05.db
  dray coordinator restore backup.db --data-dir /srv/drayage && dray coordinator --data-dir /srv/drayage

${exitCodesHelp(0, 2, 4, 6)}`,
    )
    .action(async (file: string, _: unknown, command: Command) => {
      const { takenAt } = await restore(flagsOf(command), file)
      process.stdout.write(
        `Restored, as of ${takenAt}. Start the coordinator; it moves nothing before you have settled what happened since: dray recover\n`,
      )
    })
