// Tells one running process of a lab what to do at its failpoints (shared/failpoints says what there is to tell).
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { permission } from '../../shared/failpoints/failpoints.ts'
import { labDir } from './places.ts'
import { eventually } from './wait.ts'

export type Passed = { readonly atNs: bigint; readonly name: string }

export type Failpoints = {
  tell(name: string, action: string): Promise<void>
  // A place that hangs goes on.
  untell(name: string): Promise<void>
  isReached(name: string): boolean
  untilReached(name: string, deadlineMs?: number): Promise<void>
  // Nothing is told and nothing was passed.
  clear(): Promise<void>
  // From here on every place that is passed is noted; what was noted before is forgotten.
  trace(): Promise<void>
  // The times are comparable across the processes of a machine.
  passed(): Promise<readonly Passed[]>
}

export const failpointDir = (id: string, process: string): string => join(labDir(id), 'failpoints', process)

export const makeFailpoints = async (id: string, process: string): Promise<Failpoints> => {
  const folder = failpointDir(id, process)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, permission), '')
  const isReached = (name: string) => existsSync(join(folder, `${name}.reached`))
  return {
    tell: (name, action) => writeFile(join(folder, name), action),
    untell: (name) => rm(join(folder, name), { force: true }),
    isReached,
    untilReached: async (name, deadlineMs = 180_000) => {
      await eventually(`${process} to reach ${name}`, deadlineMs, async () => isReached(name))
    },
    clear: async () => {
      for (const file of await readdir(folder)) if (file !== permission) await rm(join(folder, file), { force: true })
    },
    trace: () => writeFile(join(folder, 'trace'), ''),
    passed: async () => {
      const lines = (await readFile(join(folder, 'trace'), 'utf8')).split('\n').filter(Boolean)
      return lines.map((line) => {
        const [at = '', name = ''] = line.split(' ')
        return { atNs: BigInt(at), name }
      })
    },
  }
}
