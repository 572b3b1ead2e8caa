// Looking: no effect, no lease.

import { AppError, type Finding } from '../../shared/errors.ts'
import type { CheckTargetRequest__Output } from '../../shared/rpc/generated/drayage/v1/CheckTargetRequest.ts'
import type { DescribeWorkloadRequest__Output } from '../../shared/rpc/generated/drayage/v1/DescribeWorkloadRequest.ts'
import type { Project } from '../../shared/rpc/generated/drayage/v1/Project.ts'
import type { TargetCheck } from '../../shared/rpc/generated/drayage/v1/TargetCheck.ts'
import type { Workload__Output as Workload } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { WorkloadVolume__Output as WorkloadVolume } from '../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import { isPlainVolume } from '../../shared/volumes/plain.ts'
import { arrivalFindings, arrivalWarnings } from '../authority/rules.ts'
import { withPublished } from '../docker/republish.ts'
import { displayPath, fromBytes } from '../volume/byte-string.ts'
import type { VolumeUsage } from '../volume/engine.ts'
import { bindFindings, lookAtBinds } from './binds.ts'
import type { AgentContext } from './context.ts'
import { reachWarnings } from './reach.ts'
import { broughtBackByHand, copyOf, keptCopy, layerAgainst, lookAtRetained, portsAgainst, told } from './retained.ts'

type Described = Pick<DescribeWorkloadRequest__Output, 'container' | 'measureVolumes'> &
  Partial<DescribeWorkloadRequest__Output>

export const describeWorkload = async (
  { engine, volumes, paths, state }: AgentContext,
  { container, measureVolumes, together = [], measured = [], choices = null }: Described,
  signal: AbortSignal,
): Promise<Workload> => {
  const isRetired = (id: string) => state.retired.byContainer(id) !== null
  const workload = await engine.describe(container, { isRetired, choices, together, measure: measureVolumes })
  const obstacles: Finding[] = []
  const retired = state.retired.byContainer(workload.containerId)
  if (retired) {
    obstacles.push({
      code: 'DRAYAGE_WORKLOAD_RETIRED',
      message:
        `${workload.name} has moved to ${retired.movedTo} (migration ${retired.migrationId}); what is here is what it ` +
        'left behind. Move the one that runs there.',
    })
  }
  const looked = await Promise.all(
    workload.volumes.map(async (volume) => {
      if (!isPlainVolume(volume)) return volume
      const root = paths.here(volume.mountpoint)
      try {
        const rootIdentity = await volumes.identify(root)
        const isWanted = measureVolumes && !measured.includes(volume.name)
        const usage = isWanted ? toMessage(await volumes.measure(root, { signal })) : null
        return { ...volume, rootIdentity, usage }
      } catch (thrown) {
        if (thrown instanceof AppError && thrown.code === 'DRAYAGE_CANCELLED') throw thrown
        if (!retired) {
          obstacles.push({
            code: 'DRAYAGE_VOLUME_UNREADABLE',
            message:
              `The files of the volume ${volume.name} cannot be read by the agent of this host: ` +
              `${(thrown as Error).message} Run the agent as root where ${root} is visible, or say with --volume-root ` +
              'where it sees the engine’s data.',
          })
        }
        return volume
      }
    }),
  )
  const binds = await lookAtBinds(paths, workload.binds)
  return { ...workload, volumes: looked, binds, obstacles: [...workload.obstacles, ...obstacles] }
}

export const describeProject = async (
  { engine, state }: Pick<AgentContext, 'engine' | 'state'>,
  project: string,
): Promise<Project> => {
  const all = await engine.project(project)
  const here = all.filter(({ id }) => state.retired.byContainer(id) === null)
  return { containers: here.map(({ id, name }) => ({ containerId: id, name })) }
}

const toMessage = ({ devicePaths, ...usage }: VolumeUsage) => ({
  ...usage,
  devicePaths: devicePaths.map((path) => displayPath(fromBytes(path))),
})

export const checkTarget = async (
  context: Pick<AgentContext, 'engine' | 'volumes' | 'paths' | 'state' | 'rules' | 'dataDir'>,
  {
    workload: described,
    migrationId,
    workloadId,
    overwriteChanged,
    allowedPowers,
    choices,
  }: CheckTargetRequest__Output,
): Promise<TargetCheck> => {
  if (!described) throw new AppError('DRAYAGE_INVALID_REQUEST', 'CheckTarget was asked about no workload.')
  const { engine, volumes, paths, rules, dataDir } = context
  const workload = withPublished(described, choices?.publish ?? [])
  const retired = workloadId === '' ? null : await keptCopy(context, workloadId)
  const check = await engine.check(workload, migrationId, retired === null ? null : copyOf(retired))
  const free = await volumes.freeSpace(paths.here(check.engine.dataRoot))
  return {
    ...check,
    obstacles: [
      ...check.obstacles,
      ...(choices?.binds === 'require' ? await bindFindings(workload, paths, dataDir) : []),
      ...arrivalFindings({ workload, allowed: allowedPowers }, rules),
      // How much of it there is already, only the rounds find out.
      ...shortages(retired === null ? workload : { ...workload, volumes: [] }, check.imageId === '', free),
      ...(retired === null ? [] : await lookAtRetained(context, retired, overwriteChanged)),
      ...(retired === null ? [] : layerAgainst(retired, workload, choices)),
      ...(retired === null ? [] : await portsAgainst(context, retired, workload)),
      ...(workloadId === '' ? [] : await broughtBackByHand(context, workloadId)),
    ],
    warnings: [
      ...check.warnings,
      ...arrivalWarnings({ workload, allowed: allowedPowers }),
      ...(await reachWarnings(workload)),
    ],
    freeBytes: free.bytes,
    freeInodes: free.inodes,
    retained: retired === null ? null : told(retired),
  }
}

// What is needed is what the source's disk holds: holes stay holes. Volumes that were not measured ask for nothing here;
// running out is then found on the way. Kept back from use: room for the engine and everybody else on that file system.
export const shortages = (
  workload: Pick<Workload, 'name' | 'volumes' | 'image'>,
  imageMustCome: boolean,
  free: { readonly bytes: number; readonly inodes: number },
): readonly Finding[] => {
  const own = workload.volumes.filter(({ carriedByAnother }) => !carriedByAnother)
  const distinct = [...new Map(own.map((volume) => [volume.name, volume])).values()]
  const sum = (of: (volume: WorkloadVolume) => number) => distinct.reduce((total, volume) => total + of(volume), 0)
  // Docker takes an image's archive to its own disk, and then unpacks it.
  const imageBytes = imageMustCome ? 2 * (workload.image?.sizeBytes ?? 0) : 0
  const bytes = sum(({ usage }) => usage?.diskBytes ?? 0) + imageBytes
  const entries = sum(({ usage }) => usage?.entries ?? 0)
  const short = []
  if (bytes > free.bytes) {
    short.push(`${bytes} bytes are needed (${imageBytes} of them for its image) and ${free.bytes} are free`)
  }
  if (entries > free.inodes) short.push(`${entries} files are needed and ${free.inodes} inodes are free`)
  if (short.length === 0) return []
  return [
    {
      code: 'DRAYAGE_TARGET_TOO_SMALL',
      message: `The disk of the target's engine cannot hold ${workload.name}: ${short.join('; ')}. Make room there, or choose another host.`,
    },
  ]
}
