// The way to a directory of the host, a component at a time, and never through a symlink (open(2), O_NOFOLLOW): so that who
// may write to a directory on the way leads nobody elsewhere. What is made or removed is so by the descriptor of the
// directory that it is in (proc(5), /proc/self/fd), whatever has become of that one's own name.
import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rmdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError } from '../../shared/errors.ts'

const asDirectory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

export type RootAttributes = {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly modifiedMs: number
}

export type Found =
  // `way`: dev:ino of each directory from / on, its own last.
  | {
      readonly kind: 'directory'
      readonly identity: string
      readonly way: readonly string[]
      readonly isEmpty: boolean
      readonly root: RootAttributes
    }
  // So many of the last components are not there.
  | { readonly kind: 'missing'; readonly missing: number; readonly way: readonly string[] }
  // In words that follow the path's name.
  | { readonly kind: 'barred'; readonly why: string; readonly way: readonly string[] }

const inside = (directory: FileHandle, name: string): string => `/proc/self/fd/${directory.fd}/${name}`

const identityOf = async (directory: FileHandle): Promise<string> => {
  const { dev, ino } = await directory.stat({ bigint: true })
  return `${dev}:${ino}`
}

const codeOf = (thrown: unknown): string => (thrown as NodeJS.ErrnoException).code ?? ''

type Way = {
  // As far as it goes.
  readonly last: FileHandle
  readonly identities: readonly string[]
  // Names that are not there; empty: it goes all the way.
  readonly missing: readonly string[]
  readonly barred: string | null
}

const whatBars = async (directory: FileHandle, name: string, soFar: string): Promise<string> => {
  const found = await lstat(inside(directory, name))
  if (found.isSymbolicLink()) return `${soFar} is a symlink, and those are not followed: name what it leads to`
  return found.isFile() ? `${soFar} is a file` : `${soFar} is neither a directory nor a file`
}

const walk = async <T>(path: string, arrived: (way: Way) => Promise<T>): Promise<T> => {
  const names = path.split('/').filter(Boolean)
  let last = await open('/', asDirectory)
  const identities = [await identityOf(last)]
  let done = 0
  let barred: string | null = null
  try {
    for (const name of names) {
      let next: FileHandle
      try {
        next = await open(inside(last, name), asDirectory)
      } catch (thrown) {
        if (codeOf(thrown) === 'ENOENT') break
        if (!['ENOTDIR', 'ELOOP'].includes(codeOf(thrown))) throw thrown
        barred = await whatBars(last, name, `/${names.slice(0, done + 1).join('/')}`)
        break
      }
      await last.close()
      last = next
      identities.push(await identityOf(last))
      done += 1
    }
    return await arrived({ last, identities, missing: barred === null ? names.slice(done) : [], barred })
  } finally {
    await last.close()
  }
}

// `path` as this agent sees it.
export const lookAt = (path: string): Promise<Found> =>
  walk(path, async ({ last, identities: way, missing, barred }): Promise<Found> => {
    if (barred !== null) return { kind: 'barred', why: barred, way }
    if (missing.length > 0) return { kind: 'missing', missing: missing.length, way }
    const { mode, uid, gid, mtimeMs } = await last.stat()
    return {
      kind: 'directory',
      identity: way.at(-1) ?? '',
      way,
      isEmpty: (await readdir(`/proc/self/fd/${last.fd}`)).length === 0,
      root: { mode: mode & 0o7777, uid, gid, modifiedMs: mtimeMs },
    }
  })

// The last of them is closed to others until it has its own mode, with its data.
export const makeDirectories = (path: string): Promise<void> =>
  walk(path, async ({ last, missing, barred }) => {
    if (barred !== null) throw new AppError('DRAYAGE_TARGET_CHANGED', `${path} was not made: ${barred}.`)
    let parent = last
    try {
      for (const [index, name] of missing.entries()) {
        await mkdir(inside(parent, name), { mode: index === missing.length - 1 ? 0o700 : 0o755 })
        const made = await open(inside(parent, name), asDirectory)
        await parent.sync()
        if (parent !== last) await parent.close()
        parent = made
      }
    } finally {
      if (parent !== last) await parent.close()
    }
  })

// The directory and those above it, so many in all, for as long as there is nothing in them.
export const removeEmptyDirectories = async (path: string, levels: number): Promise<void> => {
  let at = path
  for (let level = 0; level < levels; level++, at = dirname(at)) {
    const name = at.slice(at.lastIndexOf('/') + 1)
    const isGone = await walk(dirname(at), async ({ last, missing, barred }) => {
      if (barred !== null || missing.length > 0) return barred === null
      try {
        await rmdir(inside(last, name))
        await last.sync()
        return true
      } catch (thrown) {
        if (codeOf(thrown) === 'ENOENT') return true
        if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EBUSY'].includes(codeOf(thrown))) return false
        throw thrown
      }
    })
    if (!isGone) return
  }
}

// Owner before mode: a change of the owner takes set-id bits away.
export const restoreRoot = (path: string, identity: string, root: RootAttributes): Promise<void> =>
  walk(path, async ({ last, identities, missing, barred }) => {
    if (barred !== null || missing.length > 0 || identities.at(-1) !== identity) return
    const seconds = root.modifiedMs / 1_000
    await last.chown(root.uid, root.gid)
    await last.chmod(root.mode)
    await last.utimes(seconds, seconds)
  })

// dev:ino of each directory from / on to where the path really leads, through symlinks; null: nothing that can be seen.
export const wayThroughLinks = async (path: string): Promise<readonly string[] | null> => {
  try {
    const way: string[] = []
    for (let at = await realpath(path); ; at = dirname(at)) {
      const { dev, ino } = await stat(at, { bigint: true })
      way.unshift(`${dev}:${ino}`)
      if (at === '/') return way
    }
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES'].includes(codeOf(thrown))) return null
    throw thrown
  }
}
