import type { Command } from 'commander'
import { hostsText } from '../display/inventory.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'

export const hostsCommand = (): Command =>
  clientCommand('hosts', 'list the hosts')
    .description(
      'List the Docker hosts.\n\n  online   its agent reports\n  lost     not heard of for three heartbeats; what it holds may have changed\n' +
        '  unknown  added, and has never reported',
    )
    .addHelpText('after', examples(['dray hosts', 'dray hosts --json'], 0, 2, 7, 8))
    .action((flags: ClientFlags) =>
      asking(flags, async (client, view) => {
        const json = await client.hosts()
        return { json, text: hostsText(json.hosts, view) }
      }),
    )
