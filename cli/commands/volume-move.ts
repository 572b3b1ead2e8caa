import type { Command } from 'commander'
import type { CopiedVolume } from '../../shared/api/archives.ts'
import type { ArchiveClient } from '../api/archives.ts'
import { connectArchives } from '../api/connection.ts'
import { copiedText } from '../display/archive.ts'
import { paintFor } from '../display/colour.ts'
import { createTransferReporter } from '../display/transfer-reporter.ts'
import { type Answer, answering, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { interruptible } from './interruptible.ts'
import { parseTarget } from './volume-copy.ts'
import { parseVolume } from './volume-name.ts'

type Flags = ClientFlags & { readonly intoEmpty?: true }

const move = (client: ArchiveClient, fromName: string, toName: string, flags: Flags): Promise<CopiedVolume> =>
  interruptible(async (signal) => {
    const from = parseVolume(fromName)
    const to = parseTarget(toName, from)
    const reporter = createTransferReporter(process.stderr, `move ${fromName}`)
    const request = { to: to.host, name: to.volume, intoEmpty: flags.intoEmpty === true }
    try {
      return await client.moveVolume(from, request, reporter.progress, signal)
    } finally {
      reporter.close()
    }
  })

const run = (from: string, to: string, flags: Flags): Promise<void> =>
  answering(flags, async (): Promise<Answer> => {
    const moved = await move(connectArchives(flags), from, to, flags)
    return { json: moved, text: copiedText(moved, paintFor(process.stdout), 'moved') }
  })

export const moveCommand = (): Command =>
  clientCommand('move', 'move a volume that no container uses to another host')
    .argument('<host/volume>', 'which')
    .argument('<host[/name]>', 'where to; under the same name, unless another is given')
    .option('--into-empty', 'into a volume that exists, if it is empty and nothing that runs uses it')
    .description(
      'Move a volume to another host, or on its own host to another name. It is copied, both sides must agree about the digest ' +
        'of the copy, and only then the original is read once more and removed, if it still is what was copied. A volume that a ' +
        'container refers to, running or not, is refused: dray migrate moves containers with their volumes.\n\n' +
        'Interrupted before the copy is whole, nothing is left of it. What goes wrong after that leaves both, and says so.',
    )
    .addHelpText(
      'after',
      examples(
        ['dray volume move host-1/data host-2', 'dray volume move host-1/data host-1/data-of-last-year'],
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
    .action(run)
