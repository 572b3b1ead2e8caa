// Where a volume is made before it is one. Its directory is set aside and a new one written beside it, so that no container
// can start on what is half there: the engine finds nothing to mount. When it is whole it is renamed into place, and what
// was set aside, which is empty, goes. Taken back at any point, the volume is as it was before.
import { mkdir, rename, rmdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '../../shared/disk/durable-file.ts'
import { AppError } from '../../shared/errors.ts'
import { asideOf } from '../set-aside/set-aside.ts'
import type { VolumeEngine } from '../volume/engine.ts'

const incomingOf = (root: string, transferId: string): string => `${asideOf(root, transferId)}-incoming`

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return false
      throw thrown
    },
  )

// Answers with the directory to write. `root` as this agent sees it.
export const beginStaging = async (root: string, transferId: string): Promise<string> => {
  const incoming = incomingOf(root, transferId)
  await mkdir(incoming, { mode: 0o700 })
  await rename(root, asideOf(root, transferId))
  await syncDirectory(dirname(root))
  return incoming
}

// May be repeated after being cut off anywhere.
export const finishStaging = async (root: string, transferId: string): Promise<void> => {
  const incoming = incomingOf(root, transferId)
  if (await exists(incoming)) {
    if (await exists(root)) {
      throw new AppError(
        'DRAYAGE_TARGET_CHANGED',
        `Something made ${root} while a volume was made beside it, in ${incoming}. Find out which of the two holds the ` +
          'data, and move the other away.',
      )
    }
    await rename(incoming, root)
  }
  if (await exists(asideOf(root, transferId))) await rmdir(asideOf(root, transferId))
  await syncDirectory(dirname(root))
}

// The same for what has been written, whatever there is of it.
export const dropIncoming = async (
  root: string,
  transferId: string,
  { clear }: Pick<VolumeEngine, 'clear'>,
): Promise<void> => {
  const incoming = incomingOf(root, transferId)
  if (!(await exists(incoming))) return
  await clear(incoming)
  await rmdir(incoming)
}

// Puts back what was set aside. Also where nothing was, or the volume is not there any more.
export const putBack = async (root: string, transferId: string): Promise<void> => {
  const aside = asideOf(root, transferId)
  if ((await exists(aside)) && !(await exists(root))) await rename(aside, root)
  if (await exists(dirname(root))) await syncDirectory(dirname(root))
}
