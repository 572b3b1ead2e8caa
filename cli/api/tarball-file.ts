// A volume's tarball into a file: there whole, verified and on the disk, or not at all.
import { createHash } from 'node:crypto'
import { link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError } from '../../shared/errors.ts'
import type { TransferReporter } from '../display/transfer-reporter.ts'
import type { ExportAnswer } from './archives.ts'

// The bytes as they come, counted and hashed, and at their end compared with what was read.
export const verified = async function* (answer: ExportAnswer, reporter: TransferReporter): AsyncGenerator<Buffer> {
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

// Beside it under another name until it is whole, verified and on the disk: what was there before stays till then. new:
// what is there already is refused, and stays for good.
export const toFile = async (
  path: string,
  pieces: AsyncIterable<Buffer>,
  kind: 'new' | 'replacing' = 'replacing',
): Promise<void> => {
  const partial = `${path}.${process.pid}.partial`
  const file = await open(partial, 'wx', 0o600).catch((thrown: Error) => {
    throw new AppError('DRAYAGE_INVALID_REQUEST', `${partial} cannot be written: ${thrown.message}`, { cause: thrown })
  })
  try {
    for await (const piece of pieces) await file.writeFile(piece)
    await file.sync()
    if (kind === 'replacing') await rename(partial, path)
    else {
      await link(partial, path)
      await rm(partial)
    }
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
  thrown instanceof Error &&
  'syscall' in thrown &&
  ['write', 'fsync', 'rename', 'link'].includes(String(thrown.syscall))

const cannotWrite = (path: string, thrown: NodeJS.ErrnoException): AppError =>
  new AppError(
    'DRAYAGE_TARGET_FULL',
    `${path} could not be written: ${thrown.message}. What there was of it is gone.`,
    {
      cause: thrown,
    },
  )
