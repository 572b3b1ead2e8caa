import type { Command } from 'commander'
import type { CopiedVolume, CopyRequest } from '../../shared/api/archives.ts'
import type { ArchiveClient } from '../api/archives.ts'
import { connectArchives } from '../api/connection.ts'
import { copiedText } from '../display/archive.ts'
import { paintFor } from '../display/colour.ts'
import { createTransferReporter } from '../display/transfer-reporter.ts'
import { type Answer, answering, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { interruptible } from './interruptible.ts'
import { type NamedVolume, parseVolume } from './volume-name.ts'

type Flags = ClientFlags & { readonly live?: true; readonly intoEmpty?: true }

// "host-2" keeps the name, "host-2/other" gives another.
export const parseTarget = (text: string, from: NamedVolume): NamedVolume =>
  parseVolume(text.includes('/') ? text : `${text}/${from.volume}`)

const copy = (client: ArchiveClient, fromName: string, toName: string, flags: Flags): Promise<CopiedVolume> =>
  interruptible(async (signal) => {
    const from = parseVolume(fromName)
    const to = parseTarget(toName, from)
    const reporter = createTransferReporter(process.stderr, `copy ${fromName}`)
    const request: CopyRequest = {
      to: to.host,
      name: to.volume,
      live: flags.live === true,
      intoEmpty: flags.intoEmpty === true,
    }
    try {
      return await client.copyVolume(from, request, reporter.progress, signal)
    } finally {
      reporter.close()
    }
  })

const run = (from: string, to: string, flags: Flags): Promise<void> =>
  answering(flags, async (): Promise<Answer> => {
    const copied = await copy(connectArchives(flags), from, to, flags)
    return { json: copied, text: copiedText(copied, paintFor(process.stdout)) }
  })

export const copyCommand = (): Command =>
  clientCommand('copy', 'copy a volume to another host')
    .argument('<host/volume>', 'which')
    .argument('<host[/name]>', 'where to; under the same name, unless another is given')
    .option('--live', 'although containers that run use it: each file is then as it was found, at its own moment')
    .option('--into-empty', 'into a volume that exists, if it is empty and nothing that runs uses it')
    .description(
      'Copy a volume to another host, or on its own host to another name, from agent to agent. Both sides compute its digest, ' +
        'and they must agree. A volume that exists is left alone. The copy comes into being whole or not at all; this ' +
        'command must stay until then, and interrupting it leaves nothing. To move a container with its volumes: dray migrate.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray volume copy host-1/data host-2',
          'dray volume copy host-1/data host-2/data-for-tests',
          'dray volume copy host-1/data host-1/data-before-upgrade',
        ],
        0,
        2,
        3,
        4,
        5,
        7,
        8,
        130,
      ),
    )
    .action(run)
