// retain: what is left here must not run any more, until the operator says otherwise.

import { AppError } from '../../shared/errors.ts'
import { failpoint } from '../../shared/failpoints/failpoints.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { RetireSourceRequest__Output } from '../../shared/rpc/generated/drayage/v1/RetireSourceRequest.ts'
import type { SourceNote } from '../state/migrations.ts'
import type { RetiredWorkload } from '../state/retired.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { requireContainer, sourceNote } from './notes.ts'

export const retireSource = async (
  { engine, state, now, log }: AgentContext,
  { containerId, notCopied }: Omit<RetireSourceRequest__Output, 'lease'>,
  lease: Lease,
): Promise<Done> => {
  const known = state.retired.byContainer(containerId)
  if (known?.migrationId !== lease.migrationId) {
    const note = sourceNote(state, lease)
    requireContainer(note, containerId)
    if (notCopied) await state.roundMemory.forget(lease.workloadId)
    await state.retired.add({
      workloadId: lease.workloadId,
      migrationId: lease.migrationId,
      epoch: lease.epoch,
      containerId,
      containerName: note.containerName,
      movedTo: note.peerHost,
      retiredAt: now().toISOString(),
      volumes: note.isolated?.volumes ?? [],
      ...bindsOf(note),
      renamedTo: note.isolated?.renamed?.to ?? '',
      restartPolicyJson: note.fenced ? JSON.stringify(note.fenced.policy) : '',
    })
    log.info({ container: containerId, movedTo: note.peerHost }, 'Retired: this container has moved away')
  }
  await state.arrived.remove(lease.workloadId)
  await failpoint('RetireSource.middle')
  await stopIfRunning(engine, containerId, log)
  await engine.removeHolder(lease.migrationId)
  return done
}

const bindsOf = ({ isolated }: SourceNote): Pick<RetiredWorkload, 'binds'> =>
  isolated?.binds === undefined
    ? {}
    : { binds: isolated.binds.map(({ name: path, rootIdentity: identity }) => ({ path, identity })) }

const stopIfRunning = async (
  engine: AgentContext['engine'],
  containerId: string,
  log: AgentContext['log'],
): Promise<void> => {
  try {
    const { running, restarting } = await engine.container(containerId)
    if (!running && !restarting) return
    log.error({ container: containerId }, 'A container that has moved away runs here. Stopping it')
    await engine.stop(containerId)
  } catch (thrown) {
    if (!(thrown instanceof AppError && thrown.code === 'DRAYAGE_CONTAINER_NOT_FOUND')) throw thrown
  }
}
