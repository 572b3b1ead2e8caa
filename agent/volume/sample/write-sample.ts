// How fast files are written to a file system just now: to files without a name, which nobody sees and which are gone when they
// are closed, or this process is killed. Never more than a moment's worth.
import { randomFillSync } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { AppError } from '../../../shared/errors.ts'
import {
  close,
  OsError,
  openNameless,
  setModified,
  setOwner,
  startWriteBack,
  syncFile,
  writeAll,
} from '../linux/libc.ts'
import { type Rates, rateOf } from './rates.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte

const firstStepBytes = 512 * kibibyte
const lastStepBytes = 16 * mebibyte
const writingMs = 150
const smallBytes = 4 * kibibyte
const mostSmallFiles = 400
const smallFilesMs = 100

export const sampleWriting = (directory: string, checkpoint: () => void): Rates => {
  // A file system that compresses has nothing from it.
  const noise = randomFillSync(Buffer.alloc(mebibyte))
  try {
    return {
      bytesPerSecond: writeLarge(directory, noise, checkpoint),
      filesPerSecond: writeSmall(directory, noise.subarray(0, smallBytes), checkpoint),
    }
  } catch (error) {
    if (!(error instanceof OsError)) throw error
    if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
      throw new AppError('DRAYAGE_TARGET_FULL', `There is no room in ${directory} to measure writing.`, {
        cause: error,
      })
    }
    throw new AppError(
      'DRAYAGE_UNREPRESENTABLE',
      `Writing could not be measured in ${directory}: its file system makes no files without a name (${error.message}).`,
      { cause: error },
    )
  }
}

// In steps that double, each to the disk: the more there is, the less of it is the wait for the disk to say so. The last
// one tells.
const writeLarge = (directory: string, noise: Buffer, checkpoint: () => void): number => {
  const fd = openNameless(directory)
  try {
    const startedAt = performance.now()
    let rate = 0
    for (let step = firstStepBytes; step <= lastStepBytes; step *= 2) {
      checkpoint()
      const from = performance.now()
      for (let left = step; left > 0; left -= noise.length) {
        writeAll(fd, left < noise.length ? noise.subarray(0, left) : noise)
        startWriteBack(fd, 0, 0)
      }
      syncFile(fd)
      rate = rateOf(step, performance.now() - from, step)
      if (performance.now() - startedAt > writingMs) break
    }
    return rate
  } finally {
    close(fd)
  }
}

// As a round makes them, but for the name, and all written out at the end, as a round has its file system synced: to begin it for
// each would make each a write of its own. To sync the last of them has the journal written in which they all are.
const writeSmall = (directory: string, content: Buffer, checkpoint: () => void): number => {
  const made: number[] = []
  try {
    const startedAt = performance.now()
    while (made.length < mostSmallFiles && performance.now() - startedAt < smallFilesMs) {
      checkpoint()
      const fd = openNameless(directory)
      made.push(fd)
      writeAll(fd, content)
      setOwner(fd, 1, 1)
      setModified(fd, 1, 1)
    }
    for (const fd of made) startWriteBack(fd, 0, 0)
    const last = made.at(-1)
    if (last !== undefined) syncFile(last)
    return rateOf(made.length, performance.now() - startedAt, mostSmallFiles)
  } finally {
    for (const fd of made) close(fd)
  }
}
