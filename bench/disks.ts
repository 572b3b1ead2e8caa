// Each host keeps its volumes on a disk of its own, an ext4 made for this run. What was done to the machine's own file system
// before has no part in what is measured: one without a journal makes creating files ten times as slow for minutes after
// many were deleted (Linux, fs/ext4/ialloc.c: recently_deleted).
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../test/lab/command.ts'
import type { LabHost } from '../test/lab/lab.ts'
import { largeFile } from './data/files.ts'

// Takes as much of the machine's disk as is written to it.
export const disk = { sizeMb: 24 * 1024, fs: 'ext4' } as const

// What the largest workload takes.
const warmUpBytes = 2 * 2 ** 30

export const prepareDisk = async ({ dataRoot }: Pick<LabHost, 'dataRoot'>, scale: number): Promise<void> => {
  // What is read and written is kept in memory once, and not a second time for the file that the disk is.
  const device = (await run(['findmnt', '--noheadings', '--output', 'SOURCE', dataRoot])).trim()
  await run(['losetup', '--direct-io=on', device])
  // The first to write to a part of it would be slower than those who come after.
  const file = join(dataRoot, 'warm-up')
  largeFile(file, Math.round(warmUpBytes * scale))
  await rm(file)
}
