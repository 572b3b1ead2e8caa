// hold: nothing that a prune could take on either side.
import { AppError } from '../../shared/errors.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { PreparedTarget } from '../../shared/rpc/generated/drayage/v1/PreparedTarget.ts'
import type { PrepareTargetRequest__Output } from '../../shared/rpc/generated/drayage/v1/PrepareTargetRequest.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { requireContainer, sourceNote, targetNote } from './notes.ts'

export const holdSource = async ({ engine, state }: AgentContext, containerId: string, lease: Lease): Promise<Done> => {
  requireContainer(sourceNote(state, lease), containerId)
  await engine.createHolder(containerId, lease.migrationId)
  return done
}

// By its label, note or no note: a holder is nobody else's.
export const releaseSource = async ({ engine }: AgentContext, lease: Lease): Promise<Done> => {
  await engine.removeHolder(lease.migrationId)
  return done
}

export const prepareTarget = async (
  { engine, state }: AgentContext,
  { workload, imageId }: Pick<PrepareTargetRequest__Output, 'workload' | 'imageId'>,
  lease: Lease,
): Promise<PreparedTarget> => {
  if (!workload) throw new AppError('DRAYAGE_INVALID_REQUEST', 'PrepareTarget lacks the workload.')
  targetNote(state, lease)
  return engine.prepare(workload, imageId, lease.migrationId)
}

// By label, note or no note. The engine leaves alone what runs: a container that was started here owns the data.
export const discardTarget = async ({ engine }: AgentContext, lease: Lease): Promise<Done> => {
  await engine.discard(lease.migrationId)
  return done
}
