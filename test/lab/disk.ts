// A small disk of its own for an engine's data: for a volume that fills up, or one on another filesystem.
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { run } from './command.ts'

export type DiskOptions = {
  // XFS takes no less than 300.
  readonly sizeMb: number
  readonly fs: 'ext4' | 'xfs'
}

// Whole from the start: nothing of it is left to be written in the background while somebody measures (mke2fs(8)).
const howToMake = {
  ext4: ['mkfs.ext4', '-q', '-E', 'lazy_itable_init=0,lazy_journal_init=0'],
  xfs: ['mkfs.xfs', '-q'],
} as const

export const mountDisk = async (image: string, mountPoint: string, disk: DiskOptions): Promise<void> => {
  await writeFile(image, '')
  await truncate(image, disk.sizeMb * 1024 * 1024)
  await run([...howToMake[disk.fs], image])
  await mkdir(mountPoint, { recursive: true })
  // The kernel lets go of the loop device when the filesystem is unmounted (mount(8), on `loop`).
  await run(['mount', '-o', 'loop', image, mountPoint])
}
