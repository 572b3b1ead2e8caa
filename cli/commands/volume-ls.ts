import type { Command } from 'commander'
import type { Directory } from '../../shared/api/browse.ts'
import type { Client } from '../api/client.ts'
import { directoryText } from '../display/directory.ts'
import { asking, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { parseVolumePath } from './volume-path.ts'

// All of its pages.
const listAll = async (client: Client, text: string): Promise<Directory> => {
  const place = parseVolumePath(text)
  let whole = await client.entries(place, undefined)
  while (whole.more) {
    const next = await client.entries(place, whole.entries.at(-1)?.name)
    // A directory that shrinks meanwhile ends.
    whole = { ...next, entries: [...whole.entries, ...next.entries], more: next.more && next.entries.length > 0 }
  }
  return whole
}

export const listVolumeCommand = (): Command =>
  clientCommand('ls', 'list a directory of a volume')
    .argument('<host/volume[:path]>', 'a directory in it; without a path, its root')
    .description(
      'List what is in a volume, as it is now, whether or not containers use it. No symlink is followed, and nothing below a mount ' +
        'point is shown. Names are bytes: those that are no UTF-8, and characters that cannot be seen, are written \\xHH, a ' +
        'backslash \\\\; dray volume cat takes them so. Takes an operator’s token, and stands in the audit.',
    )
    .addHelpText(
      'after',
      examples(['dray volume ls host-1/data', 'dray volume ls host-1/data:var/log --json'], 0, 2, 3, 4, 7, 8),
    )
    .action((text: string, flags: ClientFlags) =>
      asking(flags, async (client, view) => {
        const json = await listAll(client, text)
        return { json, text: directoryText(json, view) }
      }),
    )
