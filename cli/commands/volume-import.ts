import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { Command } from 'commander'
import type { ImportedVolume } from '../../shared/api/archives.ts'
import { AppError } from '../../shared/errors.ts'
import type { ArchiveClient } from '../api/archives.ts'
import { connectArchives } from '../api/connection.ts'
import { importedText } from '../display/archive.ts'
import { paintFor } from '../display/colour.ts'
import { createTransferReporter } from '../display/transfer-reporter.ts'
import { type Answer, answering, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { interruptible } from './interruptible.ts'
import { parseComponents } from './option-values.ts'
import { parseVolume } from './volume-name.ts'

type Flags = ClientFlags & {
  readonly input?: string
  readonly intoEmpty?: true
  readonly stripComponents?: string
  readonly label?: readonly string[]
}

type Tarball = {
  readonly pieces: AsyncIterable<Buffer>
  // null: as long as it is.
  readonly lengthBytes: number | null
  close(): Promise<void>
}

const pieceBytes = 1024 * 1024

const fromFile = async (path: string): Promise<Tarball> => {
  const file = await open(path).catch((thrown: Error) => {
    throw new AppError('DRAYAGE_INVALID_REQUEST', `${path} cannot be read: ${thrown.message}`, { cause: thrown })
  })
  const stat = await file.stat()
  const pieces = file.createReadStream({ autoClose: false, highWaterMark: pieceBytes })
  return { pieces, lengthBytes: stat.isFile() ? stat.size : null, close: () => closed(file) }
}
const closed = (file: FileHandle): Promise<void> => file.close().catch(() => {})

const fromStdin = (): Tarball => {
  if (process.stdin.isTTY) {
    throw new AppError(
      'DRAYAGE_INVALID_REQUEST',
      'A tarball is not typed: give a file (-i FILE), or send one (< FILE, COMMAND |).',
    )
  }
  return { pieces: process.stdin, lengthBytes: null, close: async () => void process.stdin.destroy() }
}

const importFrom = (client: ArchiveClient, name: string, flags: Flags): Promise<ImportedVolume> =>
  interruptible(async (signal) => {
    const volume = parseVolume(name)
    const stripComponents = parseComponents('--strip-components', flags.stripComponents ?? '0')
    const tarball = flags.input === undefined ? fromStdin() : await fromFile(flags.input)
    const reporter = createTransferReporter(process.stderr, `import ${name}`)
    const hash = createHash('sha256')
    const counted = async function* (): AsyncGenerator<Buffer> {
      let bytes = 0
      for await (const piece of tarball.pieces) {
        hash.update(piece)
        bytes += piece.length
        yield piece
        reporter.progress(bytes, tarball.lengthBytes)
      }
    }
    try {
      const request = { ...volume, intoEmpty: flags.intoEmpty === true, stripComponents, labels: flags.label ?? [] }
      const imported = await client.importVolume(request, counted(), tarball.lengthBytes, signal)
      requireSame(imported, hash.digest('hex'))
      return imported
    } finally {
      reporter.close()
      await tarball.close()
    }
  })

const requireSame = ({ host, volume, archiveSha256 }: ImportedVolume, sent: string): void => {
  if (archiveSha256 === sent) return
  throw new AppError(
    'DRAYAGE_DIGEST_MISMATCH',
    `What arrived is not what was sent: its SHA-256 is ${archiveSha256}, and was ${sent}. The volume ${volume} on ${host} holds ` +
      'what arrived: remove it.',
  )
}

const run = (name: string, flags: Flags): Promise<void> =>
  answering(flags, async (): Promise<Answer> => {
    const imported = await importFrom(connectArchives(flags), name, flags)
    return { json: imported, text: importedText(imported, paintFor(process.stdout)) }
  })

const collect = (label: string, labels: readonly string[] = []): readonly string[] => [...labels, label]

export const importCommand = (): Command =>
  clientCommand('import', 'make a volume from a tarball')
    .argument('<host/volume>', 'where it shall be, and its name')
    .option('-i, --input <file>', 'the tarball; from stdin otherwise')
    .option('--into-empty', 'into a volume that exists, if it is empty and nothing that runs uses it')
    .option('--strip-components <n>', 'take so many directories off the front of every path, as tar does')
    .option('--label <name=value>', 'a label for the volume; may be given several times', collect)
    .description(
      'Make a volume on any host from a tarball that is not compressed: of ours, or of GNU tar, bsdtar or docker. A volume that exists is left alone, unless it is ' +
        'empty and --into-empty is given. It comes into being whole or not at all: until everything is on the disk no ' +
        'container can start on it, and when anything fails, or this command is interrupted, nothing is left of it.',
    )
    .addHelpText(
      'after',
      examples(
        [
          'dray volume import host-2/data -i data.tar',
          'zstd -dc data.tar.zst | dray volume import host-2/data',
          'tar -c --xattrs --acls --numeric-owner --format=posix -C /srv/data . | dray volume import host-2/data',
          'docker cp web:/var/lib/data - | dray volume import host-2/data --strip-components 1',
          'dray volume import host-2/app_data -i data.tar --label com.docker.compose.project=app --label com.docker.compose.volume=data',
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
