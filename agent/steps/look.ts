// Looking: no effect, no lease.
import { realpath } from 'node:fs/promises'
import { AppError, type Finding } from '../../shared/errors.ts'
import type { CheckTargetRequest__Output } from '../../shared/rpc/generated/drayage/v1/CheckTargetRequest.ts'
import type { CheckTargetsRequest__Output } from '../../shared/rpc/generated/drayage/v1/CheckTargetsRequest.ts'
import type { DescribedWorkloads } from '../../shared/rpc/generated/drayage/v1/DescribedWorkloads.ts'
import type { DescribeWorkloadsRequest__Output } from '../../shared/rpc/generated/drayage/v1/DescribeWorkloadsRequest.ts'
import type { Project } from '../../shared/rpc/generated/drayage/v1/Project.ts'
import type { TargetCheck } from '../../shared/rpc/generated/drayage/v1/TargetCheck.ts'
import type { TargetChecks } from '../../shared/rpc/generated/drayage/v1/TargetChecks.ts'
import type { Workload__Output as Workload } from '../../shared/rpc/generated/drayage/v1/Workload.ts'
import type { WorkloadVolume__Output as WorkloadVolume } from '../../shared/rpc/generated/drayage/v1/WorkloadVolume.ts'
import { isCopied } from '../../shared/volumes/plain.ts'
import { arrivalFindings, arrivalWarnings } from '../authority/rules.ts'
import { mountedAround } from '../binds/mounts.ts'
import { type CopiedBinds, copiedBinds } from '../binds/source.ts'
import { placeShortages } from '../binds/space.ts'
import { lookAtPlace, ofEngine, ofHost } from '../binds/target.ts'
import type { EngineCheck } from '../docker/engine.ts'
import { withPublished } from '../docker/on-target/republish.ts'
import type { RetiredWorkload } from '../state/retired.ts'
import { displayPath, fromBytes } from '../volume/byte-string.ts'
import type { VolumeUsage } from '../volume/engine.ts'
import { bindFindings, lookAtBinds } from './binds.ts'
import type { AgentContext } from './context.ts'
import { findOwnState, ownStateRefused } from './own-state.ts'
import { reachWarnings } from './reach.ts'
import { broughtBackByHand, copyOf, keptCopy, layerAgainst, lookAtRetained, portsAgainst, told } from './retained.ts'

export const describeWorkloads = async (
  context: AgentContext,
  { containers, measureVolumes, choices }: DescribeWorkloadsRequest__Output,
  signal: AbortSignal,
): Promise<DescribedWorkloads> => {
  if (containers.length === 0) {
    throw new AppError('DRAYAGE_INVALID_REQUEST', 'DescribeWorkloads was asked about no container.')
  }
  const isRetired = (id: string) => context.state.retired.byContainer(id) !== null
  const options = { isRetired, choices, measure: measureVolumes }
  const { workloads, moveSet } = await context.engine.describeTogether(containers, options)
  const measured = new Set<string>()
  const looked: Workload[] = []
  const moving = workloads.map(({ containerId }) => containerId)
  const mounts = choices?.binds === 'copy' ? await context.engine.hostMounts() : null
  for (const workload of workloads) {
    const isWanted = (name: string) => measureVolumes && !measured.has(name)
    const copied = mounts === null ? noBinds : await copiedBinds(context, workload, moving, mounts)
    const seen = await lookInside(context, workload, copied, isWanted, signal)
    looked.push(seen)
    for (const { name } of seen.volumes) measured.add(name)
  }
  return { workloads: looked, moveSet }
}

const noBinds: CopiedBinds = { volumes: [], obstacles: [], warnings: [] }

// Of one, for whom it belongs to nothing matters.
export const describeWorkload = async (
  context: AgentContext,
  container: string,
  signal: AbortSignal,
): Promise<Workload> => {
  const isRetired = (id: string) => context.state.retired.byContainer(id) !== null
  const workload = await context.engine.describe(container, { isRetired })
  return lookInside(context, workload, noBinds, () => false, signal)
}

// What the engine does not know: whose its volumes' roots are, how much is in them, and what it mounts of the host.
const lookInside = async (
  context: AgentContext,
  workload: Workload,
  copied: CopiedBinds,
  isMeasured: (volume: string) => boolean,
  signal: AbortSignal,
): Promise<Workload> => {
  const { volumes, paths, state } = context
  const obstacles: Finding[] = []
  const own = await findOwnState(context)
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
    [...workload.volumes, ...copied.volumes].map(async (volume) => {
      if (!isCopied(volume)) return volume
      if (await own.isReachedFrom(volume.mountpoint)) {
        obstacles.push(ownStateRefused(volume.ofHost ? volume.name : `The volume ${volume.name}`, own))
        return volume
      }
      const root = paths.here(volume.mountpoint)
      try {
        const rootIdentity = volume.ofHost ? volume.rootIdentity : await volumes.identify(root)
        if (!volume.ofHost) obstacles.push(...(await mountObstacles(volume.name, root)))
        const usage = isMeasured(volume.name) ? toMessage(await volumes.measure(root, { signal })) : null
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
  return {
    ...workload,
    volumes: looked,
    binds,
    obstacles: [...workload.obstacles, ...copied.obstacles, ...obstacles],
    warnings: [...workload.warnings, ...copied.warnings],
  }
}

// Of a volume without options: nothing of it is mounted by its engine.
const mountObstacles = async (volume: string, root: string): Promise<Finding[]> => {
  const { isMountPoint, below } = await mountedAround(await realpath(root))
  const found = (message: string): Finding => ({ code: 'DRAYAGE_MOUNT_UNSUPPORTED', message })
  return [
    ...(isMountPoint
      ? [
          found(
            `Something is mounted on the data of the volume ${volume} (${root}), which so cannot be set aside when the volume ` +
              'has moved. Unmount it, and put what it holds into the volume.',
          ),
        ]
      : []),
    ...(below.length > 0
      ? [
          found(
            `${below.join(', ')} is mounted inside of the volume ${volume}, and would be left behind. Unmount it, or bring what ` +
              'it holds to the target by itself.',
          ),
        ]
      : []),
  ]
}

export const describeProject = async (
  { engine, state }: Pick<AgentContext, 'engine' | 'state'>,
  project: string,
): Promise<Project> => {
  const { containers, volumes } = await engine.project(project)
  const here = containers.filter(({ id }) => state.retired.byContainer(id) === null)
  // Copies of what has moved away.
  const kept = new Set(state.retired.all().flatMap((retired) => retired.volumes.map(({ name }) => name)))
  return {
    containers: here.map(({ id, name }) => ({ containerId: id, name })),
    volumes: volumes.filter((name) => !kept.has(name)),
  }
}

const toMessage = ({ devicePaths, ...usage }: VolumeUsage) => ({
  ...usage,
  devicePaths: devicePaths.map((path) => displayPath(fromBytes(path))),
})

type TargetContext = Pick<AgentContext, 'engine' | 'volumes' | 'paths' | 'state' | 'rules' | 'dataDir'>

// In their order.
export const checkTargets = async (
  context: TargetContext,
  { targets }: CheckTargetsRequest__Output,
): Promise<TargetChecks> => {
  const asked = await Promise.all(
    targets.map(async ({ workload, ...request }) => {
      if (!workload) throw new AppError('DRAYAGE_INVALID_REQUEST', 'CheckTargets was asked about no workload.')
      const retired = request.workloadId === '' ? null : await keptCopy(context, request.workloadId)
      return { ...request, workload: withPublished(workload, request.choices?.publish ?? []), retired }
    }),
  )
  const seen = await context.engine.checkTogether(
    asked.map(({ workload, migrationId, retired }) => {
      return { workload: ofEngine(workload), migrationId, own: retired === null ? null : copyOf(retired) }
    }),
  )
  const checks: TargetCheck[] = []
  for (const [index, check] of seen.entries()) {
    const one = asked[index]
    if (one !== undefined) checks.push(await checkTarget(context, one, check))
  }
  return { checks }
}

type Asked = Omit<CheckTargetRequest__Output, 'workload'> & {
  readonly workload: Workload
  readonly retired: RetiredWorkload | null
}

const checkTarget = async (
  context: TargetContext,
  { workload, migrationId, workloadId, overwriteChanged, allowedPowers, choices, retired }: Asked,
  check: EngineCheck,
): Promise<TargetCheck> => {
  const { volumes, paths, rules } = context
  const kept = retired === null ? [] : [retired]
  const places = await Promise.all(
    ofHost(workload.volumes)
      .filter(({ carriedByAnother }) => !carriedByAnother)
      .map((bind) => lookAtPlace(context, bind, { migrationId, kept })),
  )
  const free = await volumes.freeSpace(paths.here(check.engine.dataRoot))
  return {
    ...check,
    obstacles: [
      ...check.obstacles,
      ...(choices?.binds === 'require' ? await bindFindings(workload, paths, await findOwnState(context)) : []),
      ...places.flatMap(({ findings }) => findings),
      ...arrivalFindings({ workload, allowed: allowedPowers }, rules),
      // How much of it there is already, only the rounds find out.
      ...shortages(retired === null ? ofEngine(workload) : { ...workload, volumes: [] }, check.imageId === '', free),
      ...(retired === null ? await placeShortages(context, workload.volumes, check.engine.dataRoot) : []),
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
