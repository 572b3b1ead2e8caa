// The hard fence: a volume's directory is renamed to a sibling, so that no container can start on it (the engine finds
// nothing to mount, whoever asks), and renamed back where the move is undone. Nothing is copied or removed; each of the
// two is one rename, and both may be asked for again after being cut off anywhere.
import { lstat, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncDirectory } from '../../shared/disk/durable-file.ts'
import { AppError } from '../../shared/errors.ts'

export type Fenced = {
  readonly name: string
  // The volume's directory, as this agent sees it.
  readonly root: string
  // dev:ino, as noted before anything was done.
  readonly rootIdentity: string
  readonly migrationId: string
}

// dev:ino of a directory; what VolumeEngine.identify does.
type Identify = (path: string) => Promise<string>

export const asideOf = (root: string, migrationId: string): string =>
  join(dirname(root), `${basename(root)}.drayage-${migrationId}`)

export const noticeName = 'DRAYAGE-MOVED.txt'
const noticeOf = (root: string): string => join(dirname(root), noticeName)

const exists = async (path: string): Promise<boolean> => {
  try {
    await lstat(path)
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw thrown
  }
}

// Where the volume's data is now: set aside by this migration, or in its place.
export const whereIs = async (root: string, migrationId: string): Promise<string> => {
  const aside = asideOf(root, migrationId)
  return (await exists(aside)) ? aside : root
}

// Throws DRAYAGE_FENCE_CONFLICT, with nothing renamed, where what is found is not what was noted.
export const setAside = async (volume: Fenced, notice: string, identify: Identify): Promise<void> => {
  const aside = asideOf(volume.root, volume.migrationId)
  const found = await look(volume, aside)
  await requireIdentity(volume, found === 'in-place' ? volume.root : aside, identify)
  if (found === 'in-place') await rename(volume.root, aside)
  await writeFile(noticeOf(volume.root), notice, { mode: 0o644 })
  await syncDirectory(dirname(volume.root))
}

// Of two dev:ino of a directory. A device may get another number when the machine starts again, an inode does not: of a
// directory whose name says whose it is, the inode is enough.
export const isSameRoot = (noted: string, found: string): boolean =>
  noted !== '' && noted.slice(noted.indexOf(':')) === found.slice(found.indexOf(':'))

// The exact inverse; what was never set aside stays as it is, whatever it is. Throws DRAYAGE_FENCE_CONFLICT likewise.
export const bringBack = async (volume: Fenced, identify: Identify): Promise<void> => {
  const aside = asideOf(volume.root, volume.migrationId)
  if ((await look(volume, aside)) === 'aside') {
    await requireIdentity(volume, aside, identify)
    await rename(aside, volume.root)
  }
  await rm(noticeOf(volume.root), { force: true })
  await syncDirectory(dirname(volume.root))
}

// For a migration whose note was lost: the name alone says whose it is. False: nothing was set aside. Throws
// DRAYAGE_FENCE_CONFLICT where there is a directory in its place.
export const bringBackUnnoted = async (volume: Named): Promise<boolean> => {
  const aside = asideOf(volume.root, volume.migrationId)
  if (!(await exists(aside)) || (await look(volume, aside)) !== 'aside') return false
  await rename(aside, volume.root)
  await rm(noticeOf(volume.root), { force: true })
  await syncDirectory(dirname(volume.root))
  return true
}

type Named = Pick<Fenced, 'name' | 'root' | 'migrationId'>

const look = async (volume: Named, aside: string): Promise<'in-place' | 'aside'> => {
  const [inPlace, isAside] = [await exists(volume.root), await exists(aside)]
  if (inPlace !== isAside) return inPlace ? 'in-place' : 'aside'
  throw conflict(
    volume,
    inPlace
      ? `both ${volume.root} and ${aside} exist. Something made a new directory where the volume's data had been set ` +
          'aside; find out which of the two holds the data, and move the other away'
      : `neither ${volume.root} nor ${aside} exists. Find out who moved the data, and put it back`,
  )
}

const requireIdentity = async (volume: Fenced, path: string, identify: Identify): Promise<void> => {
  const identity = await identify(path)
  if (identity === volume.rootIdentity) return
  if (path !== volume.root && isSameRoot(volume.rootIdentity, identity)) return
  throw conflict(
    volume,
    `${path} is another directory (${identity}) than the one that was noted (${volume.rootIdentity}). Find out who ` +
      'replaced it, and put the original back',
  )
}

const conflict = (volume: Named, why: string): AppError =>
  new AppError(
    'DRAYAGE_FENCE_CONFLICT',
    `The volume ${volume.name} was left alone: ${why}; then let the migration ${volume.migrationId} go on.`,
  )
