// Directories and files of a host that a container mounts: what they are where it comes from, and whether the host where it goes
// has the same. Nothing of them is copied.
import { stat } from 'node:fs/promises'
import type { Finding } from '../../shared/errors.ts'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { WorkloadBind__Output as Bind } from '../../shared/rpc/generated/drayage/v1/WorkloadBind.ts'
import type { EnginePaths } from '../engine-paths.ts'

// '': it is beyond this agent's sight. Followed through symlinks, as the engine follows them.
const kindOf = async (paths: EnginePaths, source: string): Promise<string> => {
  if (!paths.sees(source)) return ''
  try {
    const found = await stat(paths.here(source))
    return found.isDirectory() ? 'directory' : found.isFile() ? 'file' : 'other'
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : ''
  }
}

export const lookAtBinds = (paths: EnginePaths, binds: readonly Bind[]): Promise<Bind[]> =>
  Promise.all(binds.map(async (bind) => ({ ...bind, kind: await kindOf(paths, bind.source) })))

// What this agent is, it has in its data directory: who mounts that can be this host to all others.
const holdsState = (source: string, dataDir: string): boolean => {
  const [one, other] = [`${source.replace(/\/+$/, '')}/`, `${dataDir.replace(/\/+$/, '')}/`]
  return one.startsWith(other) || other.startsWith(one)
}

const article = (kind: string): string => (kind === 'other' ? 'neither a directory nor a file' : `a ${kind}`)

const faultOf = async (
  { source, destination, kind }: Bind,
  paths: EnginePaths,
  dataDir: string,
): Promise<string | null> => {
  const mounted = `${destination} is a bind mount of ${source}`
  if (holdsState(source, dataDir)) {
    return `${mounted}, and on the target that is, or holds, where its agent keeps its key (${dataDir}). No container that is moved gets it.`
  }
  const here = await kindOf(paths, source)
  if (here === '') {
    return `${mounted}, which the target's agent does not see: whether the target has it is not known. Run the agent where it sees that path.`
  }
  if (here === 'missing') {
    return `${mounted}, and the target has nothing at that path. Put it there first, or put that data in a volume.`
  }
  // What the source's agent does not see either is not compared.
  if (kind === here || kind === '') return null
  return `${mounted}, which is ${article(kind)} where it comes from, and ${article(here)} on the target.`
}

// Of the target. Every reason at once.
export const bindFindings = async (
  { binds }: Pick<Workload__Output, 'binds'>,
  paths: EnginePaths,
  dataDir: string,
): Promise<Finding[]> => {
  const faults = await Promise.all(binds.map((bind) => faultOf(bind, paths, dataDir)))
  return faults.flatMap((message) => (message === null ? [] : [{ code: 'DRAYAGE_BIND_MOUNT', message }]))
}
