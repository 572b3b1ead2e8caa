// Directories and files of a host that a container mounts: what they are where it comes from, and whether the host where it goes
// has the same. Nothing of them is copied.
import { stat } from 'node:fs/promises'
import { AppError, type Finding } from '../../shared/errors.ts'
import type { Choices__Output } from '../../shared/rpc/generated/drayage/v1/Choices.ts'
import type { Workload__Output } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { WorkloadBind__Output as Bind } from '../../shared/rpc/generated/drayage/v1/WorkloadBind.ts'
import { hostSources } from '../authority/powers.ts'
import { parseSpec } from '../docker/on-target/container-spec.ts'
import type { EnginePaths } from '../engine-paths.ts'
import type { AgentContext } from './context.ts'
import { findOwnState, type OwnState } from './own-state.ts'

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

const keyIsThere = ({ dataDir }: OwnState): string =>
  `and on the target that is, or holds, where its agent keeps its key (${dataDir}). No container that is moved gets it.`

const article = (kind: string): string => (kind === 'other' ? 'neither a directory nor a file' : `a ${kind}`)

const faultOf = async (
  { source, destination, kind }: Bind,
  paths: EnginePaths,
  state: OwnState,
): Promise<string | null> => {
  const mounted = `${destination} is a bind mount of ${source}`
  if (await state.isReachedFrom(source)) return `${mounted}, ${keyIsThere(state)}`
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
  state: OwnState,
): Promise<Finding[]> => {
  const faults = await Promise.all(binds.map((bind) => faultOf(bind, paths, state)))
  return faults.flatMap((message) => (message === null ? [] : [{ code: 'DRAYAGE_BIND_MOUNT', message }]))
}

// Before anything is made: by what the container will be made with, whatever is said of it, and by what there is now.
export const requireBinds = async (
  { paths, ...context }: Pick<AgentContext, 'engine' | 'paths' | 'dataDir'>,
  workload: Workload__Output,
  choices: Choices__Output | null,
): Promise<void> => {
  const sources = hostSources(parseSpec(workload.specJson), workload.volumes)
  if (sources.length === 0 && workload.binds.length === 0) return
  const state = await findOwnState({ paths, ...context })
  const findings = choices?.binds === 'require' ? await bindFindings(workload, paths, state) : []
  for (const { source, by } of sources) {
    if (await state.isReachedFrom(source)) {
      findings.push({ code: 'DRAYAGE_BIND_MOUNT', message: `It is to mount ${by}, ${keyIsThere(state)}` })
    }
  }
  if (findings.length === 0) return
  const reasons = findings.map(({ message }) => message).join(' ')
  throw new AppError('DRAYAGE_BIND_MOUNT', `${workload.name} may not come to this host. ${reasons}`, {
    details: { reasons: findings },
  })
}
