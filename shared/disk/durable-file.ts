// Files that are there whole, or not at all, and on the disk when a call returns: written beside, synced, renamed over,
// directory synced.
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

export const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

export const syncFile = async (path: string): Promise<void> => {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

// Readable by its owner alone unless told otherwise. One writer at a time for each path: the temporary name is fixed, so
// that a crash leaves at most one behind.
export const replaceFile = async (path: string, content: string, mode = 0o600): Promise<void> => {
  const temporary = `${path}.new`
  await rm(temporary, { force: true })
  const file = await open(temporary, 'wx', mode)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncDirectory(dirname(path))
}

export const removeFile = async (path: string): Promise<void> => {
  await rm(path, { force: true })
  await syncDirectory(dirname(path))
}
