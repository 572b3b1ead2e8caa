// On what it was measured.
import { statfs } from 'node:fs/promises'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { run } from '../test/lab/command.ts'
import type { Machine } from './results.ts'
import type { Stage } from './stage.ts'

// statfs(2): the magic numbers of those that volumes are usually on.
const filesystems: Readonly<Record<number, string>> = { 61267: 'ext4', 1481003842: 'xfs', 2435016766: 'btrfs' }

// Asked before anything is started.
export const loadNow = (): number => loadavg()[0] ?? Number.NaN

export const describeMachine = async ({ from }: Pick<Stage, 'from'>, loadBefore: number): Promise<Machine> => {
  const { type } = await statfs(from.dataRoot)
  return {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version.slice(1),
    docker: from.engine.version,
    filesystem: filesystems[type] ?? `file system 0x${type.toString(16)}`,
    loadBefore,
  }
}

// '' where this is not a git checkout.
export const commitHere = (): Promise<string> =>
  run(['git', '-C', import.meta.dirname, 'rev-parse', '--short', 'HEAD']).then(
    (said) => said.trim(),
    () => '',
  )
