// What is in a volume, as it is now: also while containers that run use it.
import { AppError } from '../../shared/errors.ts'
import type { DirectoryPage } from '../../shared/rpc/generated/drayage/v1/DirectoryPage.ts'
import type { FilePiece } from '../../shared/rpc/generated/drayage/v1/FilePiece.ts'
import type { ListDirectoryRequest__Output } from '../../shared/rpc/generated/drayage/v1/ListDirectoryRequest.ts'
import type { ReadFileRequest__Output } from '../../shared/rpc/generated/drayage/v1/ReadFileRequest.ts'
import { type ArchiveContext, requireNotOwnState, requireNotRetired, requirePlain, requireWhole } from './at-hand.ts'

// Answers its directory, as this agent sees it.
const findVolume = async (context: ArchiveContext, name: string): Promise<string> => {
  const { engine, paths, state } = context
  const volume = await engine.volume(name)
  requirePlain(volume)
  await requireNotOwnState(context, volume)
  requireWhole(state, name)
  const root = paths.here(volume.mountpoint)
  await requireNotRetired(state, name, root)
  return root
}

const largestPage = 5_000

export const listDirectory = async (
  context: ArchiveContext,
  { volume, path, after, limit }: ListDirectoryRequest__Output,
  signal: AbortSignal,
): Promise<DirectoryPage> => {
  const root = await findVolume(context, volume)
  const entriesAtMost = Math.min(Math.max(limit, 1), largestPage)
  return context.volumes.list(root, path, { after, limit: entriesAtMost, signal })
}

const pieceBytes = 256 * 1024

// First the file's size; then the bytes that were asked for, exactly, whatever is appended to it meanwhile.
export const readFile = async function* (
  context: ArchiveContext,
  { volume, path, offset, length }: ReadFileRequest__Output,
  signal: AbortSignal,
): AsyncGenerator<FilePiece> {
  const root = await findVolume(context, volume)
  const file = await context.volumes.openFile(root, path, { signal })
  try {
    yield { size: file.size }
    const rest = Math.max(0, file.size - offset)
    const end = offset + Math.min(rest, length ?? rest)
    for (let at = offset; at < end; ) {
      signal.throwIfAborted()
      const content = await file.read(at, Math.min(pieceBytes, end - at))
      if (content.length === 0) {
        throw new AppError(
          'DRAYAGE_SOURCE_CHANGED',
          `The file became shorter while it was read: it ended at byte ${at}.`,
        )
      }
      yield { content }
      at += content.length
    }
  } finally {
    await file.close()
  }
}
