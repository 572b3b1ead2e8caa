import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import type { VolumeArchive } from '../../shared/api/archives.ts'
import { AppError } from '../../shared/errors.ts'
import type { ArchiveClient } from '../api/archives.ts'
import { connectArchives } from '../api/connection.ts'
import { toFile, verified } from '../api/tarball-file.ts'
import { archiveText } from '../display/archive.ts'
import { paintFor } from '../display/colour.ts'
import { createTransferReporter } from '../display/transfer-reporter.ts'
import { answering, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { interruptible } from './interruptible.ts'
import { parseVolume } from './volume-name.ts'

type Flags = ClientFlags & { readonly output?: string; readonly live?: true }

// One that a shell sees when whoever reads the tarball has gone.
const failedExit = 5

const toStdout = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
  process.exitCode = failedExit
  await pipeline(pieces, process.stdout, { end: false })
  process.exitCode = 0
}

const exportTo = (client: ArchiveClient, name: string, { output, live }: Flags): Promise<VolumeArchive> =>
  interruptible(async (signal) => {
    const reporter = createTransferReporter(process.stderr, `export ${name}`)
    try {
      const answer = await client.exportVolume({ ...parseVolume(name), live: live === true }, signal)
      const pieces = verified(answer, reporter)
      await (output === undefined ? toStdout(pieces) : toFile(output, pieces))
      return answer.summary()
    } finally {
      reporter.close()
    }
  })

const run = async (name: string, flags: Flags): Promise<void> => {
  if (flags.output !== undefined) {
    return answering(flags, async () => {
      const archive = await exportTo(connectArchives(flags), name, flags)
      return {
        json: { ...archive, file: flags.output },
        text: archiveText(archive, flags.output, paintFor(process.stdout)),
      }
    })
  }
  if (flags.json) {
    throw new AppError(
      'DRAYAGE_INVALID_REQUEST',
      'The tarball goes to stdout, and --json would too: give a file (-o FILE).',
    )
  }
  if (process.stdout.isTTY) {
    throw new AppError(
      'DRAYAGE_INVALID_REQUEST',
      'A tarball is nothing for a terminal: give a file (-o FILE), or send it somewhere (> FILE, | COMMAND).',
    )
  }
  const archive = await exportTo(connectArchives(flags), name, flags)
  process.stderr.write(`${archiveText(archive, undefined, paintFor(process.stderr))}\n`)
}

export const exportCommand = (): Command =>
  clientCommand('export', 'a volume as a tarball')
    .argument('<host/volume>', 'as dray volumes lists them')
    .option('-o, --output <file>', 'write it there: beside it until it is whole and verified, then in its place')
    .option('--live', 'although containers that run use it: each file is then as it was found, at its own moment')
    .description(
      'A volume as a PAX tarball, on stdout or into a file, from any host. GNU tar restores it exactly: owners, modes, times, ' +
        'hard links, holes, attributes, ACLs and capabilities. A volume that containers use while they run is refused, ' +
        'unless with --live; otherwise anything that changes while it is read fails the export. The exit code is 0 only ' +
        'when the tarball is whole, and what was read has the digest of what was written: in a pipe, set -o pipefail.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray volume export host-1/data -o data.tar',
          'dray volume export host-1/data | zstd > data.tar.zst',
          'restic backup --stdin-filename data.tar --stdin-from-command -- dray volume export host-1/data',
          "tar -x --xattrs --xattrs-include='*' --acls --numeric-owner -f data.tar -C /srv/data",
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
