// finalize: what a move has left here goes, for good. By this agent's own list of what is retired, by what the
// coordinator's journal says of it, and by what is found: where these three differ, nothing is removed.
import { AppError, type Finding } from '../../shared/errors.ts'
import { failpoint } from '../../shared/failpoints/failpoints.ts'
import type { FinalizedSource } from '../../shared/rpc/generated/drayage/v1/FinalizedSource.ts'
import type { FinalizeSourceRequest__Output } from '../../shared/rpc/generated/drayage/v1/FinalizeSourceRequest.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { VolumeState } from '../docker/engine.ts'
import { asideOf, isSameRoot } from '../set-aside/set-aside.ts'
import type { RetiredWorkload } from '../state/retired.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { copyOf, findContainer, isThere } from './retained.ts'

type Request = Omit<FinalizeSourceRequest__Output, 'lease'>

export const finalizeSource = async (
  context: AgentContext,
  request: Request,
  lease: Lease,
): Promise<FinalizedSource> => {
  const { engine, state, log } = context
  const retired = state.retired.byContainer(request.containerId)
  if (retired === null) {
    requireNotBroughtBack(context, request)
    await requireGone(context, request)
    return { removed: [] }
  }
  const reasons = await whyNot(context, retired, request, lease)
  if (reasons.length > 0) {
    throw new AppError(
      'DRAYAGE_RETAINED_CHANGED',
      `Nothing of ${retired.containerName} was removed: ${reasons.map(({ message }) => message).join('; ')}.`,
      { details: { reasons } },
    )
  }
  const own = copyOf(retired)
  // On disk before anything goes: after the container is gone nobody can tell what went with it.
  const going = retired.going ?? (await engine.goesWith(request.containerId)) ?? { networks: [], image: '' }
  await state.retired.add({ ...retired, going: { networks: [...going.networks], image: going.image } })
  await engine.removeHolder(retired.migrationId)
  const removed = await engine.removeRetired(own, going, request.removeImage)
  await failpoint('FinalizeSource.middle')
  await state.retired.remove(request.containerId)
  log.info({ container: request.containerId, migration: retired.migrationId, removed }, 'Finalized')
  return { removed }
}

const requireNotBroughtBack = ({ state }: AgentContext, { containerId, retiredMigrationId }: Request): void => {
  const entry = state.breakGlass
    .all()
    .find((one) => one.containerId === containerId && one.migrationId === retiredMigrationId)
  if (entry === undefined) return
  throw new AppError(
    'DRAYAGE_NOTHING_TO_FINALIZE',
    `${entry.containerName} was brought back on this host by hand (dray agent break-glass) at ${entry.startedAt}: it is not ` +
      'a retired copy any more, and was left alone. Remove it by hand if it must go (docker rm, docker volume rm).',
  )
}

// It was removed before, then. An agent that has lost its memory cannot say whose it is.
const requireGone = async (context: AgentContext, request: Request): Promise<void> => {
  const container = await findContainer(context.engine, request.containerId)
  if (container === null) return requireNothingAside(context, request)
  throw new AppError(
    'DRAYAGE_RETAINED_CHANGED',
    `The container ${container.name} is on this host, and its agent does not know it as one that has moved away; it may have ` +
      'lost what it had noted. Nothing was removed. See whether its data is set aside (docs/break-glass.md), and remove it by ' +
      `hand if it must go: docker rm ${container.name}, docker volume rm.`,
  )
}

// Its container may have been removed by hand, and its volumes not.
const requireNothingAside = async (
  { engine, paths }: AgentContext,
  { volumes, retiredMigrationId }: Request,
): Promise<void> => {
  const kept: string[] = []
  for (const { name } of volumes) {
    const volume = await orMissing(engine.volume(name))
    if (volume === null) continue
    const aside = asideOf(paths.here(volume.mountpoint), retiredMigrationId)
    if (await isThere(aside)) kept.push(`${name} (${aside})`)
  }
  if (kept.length === 0) return
  throw new AppError(
    'DRAYAGE_RETAINED_CHANGED',
    `What was set aside of ${kept.join(' and ')} is on this host, and its agent does not know it as something that has moved away; ` +
      'it may have lost what it had noted. Nothing was removed. Save what is wanted of it (docs/break-glass.md), and remove it by ' +
      'hand: docker volume rm.',
  )
}

const orMissing = (volume: Promise<VolumeState>): Promise<VolumeState | null> =>
  volume.catch((thrown: unknown) => {
    if (thrown instanceof AppError && thrown.code === 'DRAYAGE_VOLUME_NOT_FOUND') return null
    throw thrown
  })

const whyNot = async (
  { engine, volumes, paths, state }: AgentContext,
  retired: RetiredWorkload,
  request: Request,
  lease: Lease,
): Promise<Finding[]> => {
  const reasons: string[] = []
  if (retired.migrationId !== request.retiredMigrationId || retired.workloadId !== lease.workloadId) {
    reasons.push(
      `it was left here by migration ${retired.migrationId} (workload ${retired.workloadId}), not by ` +
        `${request.retiredMigrationId} (workload ${lease.workloadId})`,
    )
  }
  if (state.migrations.all().some((note) => note.workloadId === retired.workloadId)) {
    reasons.push('another migration of it is under way on this host')
  }
  const container = await findContainer(engine, retired.containerId)
  if (container?.running || container?.restarting) reasons.push(`its container ${container.name} runs`)
  for (const { name, mountpoint, rootIdentity } of retired.volumes) {
    const journaled = request.volumes.find((volume) => volume.name === name)
    if (journaled === undefined || !isSameRoot(journaled.rootIdentity, rootIdentity)) {
      reasons.push(
        `the volume ${name} was noted here as ${rootIdentity}, and is ${journaled?.rootIdentity ?? 'not there'} in the journal`,
      )
    }
    const here = paths.here(mountpoint)
    const aside = asideOf(here, retired.migrationId)
    if (await isThere(here)) reasons.push(`${here} exists: somebody has put data into the volume ${name} again`)
    if ((await isThere(aside)) && !isSameRoot(rootIdentity, await volumes.identify(aside))) {
      reasons.push(`${aside} is another directory than the one that was set aside`)
    }
  }
  for (const { volume, container: user } of await engine.otherUsers(copyOf(retired), retired.migrationId)) {
    reasons.push(`the container ${user} refers to its volume ${volume}; remove that one first`)
  }
  return reasons.map((message) => ({ code: 'DRAYAGE_RETAINED_CHANGED', message }))
}

// Where the workload is now.
export const forgetCopy = async ({ state }: Pick<AgentContext, 'state'>, lease: Lease): Promise<Done> => {
  await state.arrived.remove(lease.workloadId)
  return done
}
