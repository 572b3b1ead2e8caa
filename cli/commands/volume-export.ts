import { createHash } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import type { VolumeArchive } from '../../shared/api/archives.ts'
import { AppError } from '../../shared/errors.ts'
import type { ArchiveClient, ExportAnswer } from '../api/archives.ts'
import { connectArchives } from '../api/connection.ts'
import { archiveText } from '../display/archive.ts'
import { paintFor } from '../display/colour.ts'
import { createTransferReporter, type TransferReporter } from '../display/transfer-reporter.ts'
import { answering, type ClientFlags, clientCommand, examples } from './client-command.ts'
import { interruptible } from './interruptible.ts'
import { parseVolume } from './volume-name.ts'

type Flags = ClientFlags & { readonly output?: string; readonly live?: true }

// One that a shell sees when whoever reads the tarball has gone.
const failedExit = 5

// The bytes as they come, counted and hashed, and at their end compared with what was read.
const verified = async function* (answer: ExportAnswer, reporter: TransferReporter): AsyncGenerator<Buffer> {
  const estimate =
    answer.diskBytes === null || answer.entries === null ? null : answer.diskBytes + answer.entries * entryBytes
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of answer.pieces) {
    hash.update(piece)
    bytes += piece.length
    yield piece
    reporter.progress(bytes, estimate)
  }
  const { archiveBytes, archiveSha256 } = answer.summary()
  const found = hash.digest('hex')
  if (bytes === archiveBytes && found === archiveSha256) return
  throw new AppError(
    'DRAYAGE_STREAM_DAMAGED',
    `What came is not what was sent: ${bytes} bytes with the SHA-256 ${found}, and it was to be ${archiveBytes} with ${archiveSha256}.`,
  )
}

// What an entry takes in a tarball besides its content: a header, and as a rule one for its pax records.
const entryBytes = 1536

// Beside it under another name until it is whole, verified and on the disk: what was there before stays till then.
const toFile = async (path: string, pieces: AsyncIterable<Buffer>): Promise<void> => {
  const partial = `${path}.${process.pid}.partial`
  const file = await open(partial, 'wx', 0o600).catch((thrown: Error) => {
    throw new AppError('DRAYAGE_INVALID_REQUEST', `${partial} cannot be written: ${thrown.message}`, { cause: thrown })
  })
  try {
    for await (const piece of pieces) await file.writeFile(piece)
    await file.sync()
    await rename(partial, path)
  } catch (thrown) {
    await rm(partial, { force: true })
    throw thrown instanceof AppError || !isWriteError(thrown) ? thrown : cannotWrite(path, thrown)
  } finally {
    await file.close()
  }
  const directory = await open(dirname(path), 'r')
  await directory.sync().finally(() => directory.close())
}

const isWriteError = (thrown: unknown): thrown is NodeJS.ErrnoException =>
  thrown instanceof Error && 'syscall' in thrown && ['write', 'fsync', 'rename'].includes(String(thrown.syscall))

const cannotWrite = (path: string, thrown: NodeJS.ErrnoException): AppError =>
  new AppError(
    'DRAYAGE_TARGET_FULL',
    `${path} could not be written: ${thrown.message}. What there was of it is gone.`,
    {
      cause: thrown,
    },
  )

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
