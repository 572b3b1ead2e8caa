import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import { AppError } from '../../shared/errors.ts'
import { addConnectionOptions, type ConnectionFlags, connectArchives } from '../api/connection.ts'
import { examples } from './client-command.ts'
import { interruptible } from './interruptible.ts'
import { parseSize } from './option-values.ts'
import { parseVolumePath } from './volume-path.ts'

type Flags = ConnectionFlags & { readonly offset?: string; readonly bytes?: string }

// One that a shell sees when whoever reads has gone.
const failedExit = 5

const run = (text: string, { offset, bytes, ...flags }: Flags): Promise<void> =>
  interruptible(async (signal) => {
    const place = parseVolumePath(text)
    if (place.path === '') {
      throw new AppError(
        'DRAYAGE_INVALID_REQUEST',
        `"${text}" names no file: HOST/VOLUME:PATH. dray volume ls lists them.`,
      )
    }
    const range = {
      offset: offset === undefined ? 0 : parseSize('--offset', offset),
      length: bytes === undefined ? null : parseSize('--bytes', bytes),
    }
    const pieces = await connectArchives(flags).readFile(place, range, signal)
    process.exitCode = failedExit
    await pipeline(pieces, process.stdout, { end: false })
    process.exitCode = 0
  })

export const catVolumeCommand = (): Command =>
  addConnectionOptions(
    new Command('cat')
      .summary('the content of a file in a volume')
      .argument('<host/volume:path>', 'a regular file, with its name as dray volume ls writes it')
      .option('--offset <bytes>', 'from there on')
      .option('--bytes <bytes>', 'no more than so many: 4096, 1M')
      .optionsGroup('Coordinator:'),
  )
    .optionsGroup('Options:')
    .description(
      'A file of a volume on stdout, byte for byte, as it is now. What is appended while it is read is left out; a file that ' +
        'becomes shorter is a failure. Nothing but a regular file is opened, and none through a symlink. Takes an operator’s token, ' +
        'and stands in the audit.',
    )
    .addHelpText(
      'after',
      examples(
        ['dray volume cat host-1/data:etc/app.conf', 'dray volume cat host-1/data:app.log --bytes 64K | less'],
        ...([0, 2, 3, 4, 5, 7, 8, 130] as const),
      ),
    )
    .action(run)
