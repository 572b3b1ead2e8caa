import type { Command } from 'commander'
import { orphansText, sameNameText } from '../display/orphans.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { addOrphanFilters, type OrphanFilters, orphansQuery } from './orphan-filters.ts'
import { removeOrphansCommand } from './orphans-rm.ts'

type Flags = ClientFlags & OrphanFilters & { readonly sameName?: true }

export const orphansCommand = (): Command =>
  addOrphanFilters(clientCommand('orphans', 'list the volumes that nothing uses, and remove them'))
    .option('--same-name', 'those that have a namesake on another host, side by side')
    .option('--full', 'names in full')
    .description(
      'List the volumes that no container refers to, with the container that used each last, even where that one is long ' +
        'gone: it tells what a volume with a hash for a name was for. UNUSED SINCE is when its last container was removed; of ' +
        'a volume that no container was ever seen with, how long it is known.\n\n' +
        'What a migration has or keeps stands apart, with what ends that. So does what others may use: volumes of plugins, ' +
        'those with options, and all on a node of a swarm. Of a host that is lost or unknown nothing is listed: what is unused ' +
        'there is not known. A volume that docker compose down has left is listed too: compose up would use it again.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray orphans',
          'dray orphans --host host-1 --older-than 30d --full',
          'dray orphans --same-name',
          'dray volume show host-1/3f2a9c0b1d4e                   (all that is known of one)',
          'dray orphans rm --anonymous --older-than 30d           (shows what would go)',
        ],
        0,
        2,
        3,
        7,
        8,
      ),
    )
    .action((flags: Flags) =>
      asking(flags, async (client, view) => {
        const json = await client.orphans(orphansQuery(flags, []))
        return { json, text: flags.sameName ? sameNameText(json, view) : orphansText(json, view) }
      }),
    )
    // What stands after the subcommand's name is the subcommand's.
    .enablePositionalOptions()
    .addCommand(removeOrphansCommand())
