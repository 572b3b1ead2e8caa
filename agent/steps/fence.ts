// fence: the source does not come back by itself (I8: the policy it had is noted before it is changed).
import { failpoint, withFailpoints } from '../../shared/failpoints/failpoints.ts'
import type { FencedSource } from '../../shared/rpc/generated/drayage/v1/FencedSource.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { noteToUndo, puttingBack, requireContainer, sourceNote } from './notes.ts'
import { wasRunning } from './stop.ts'

const none = { Name: 'no', MaximumRetryCount: 0 } as const

export const fenceSource = async (
  { engine, state }: AgentContext,
  containerId: string,
  lease: Lease,
): Promise<FencedSource> => {
  const note = sourceNote(state, lease)
  requireContainer(note, containerId)
  let fenced = note.fenced
  if (fenced === null) {
    const { restartPolicy, running, restarting } = await engine.container(containerId)
    fenced = { policy: { ...restartPolicy }, wasRunning: running || restarting }
    await state.migrations.put({ ...note, fenced })
  }
  await failpoint('FenceSource.middle')
  await engine.setRestartPolicy(containerId, none)
  return { restartPolicyJson: JSON.stringify(fenced.policy) }
}

export const unfenceSource = async (
  context: Pick<AgentContext, 'engine' | 'state' | 'log'>,
  containerId: string,
  lease: Lease,
): Promise<Done> => {
  const { engine, state } = context
  const note = noteToUndo(context, 'its restart policy is left as it is', containerId, lease)
  if (!note?.fenced) return done
  const { fenced, stopped } = note
  return puttingBack(
    async () => {
      await withFailpoints('UnfenceSource.policy', () => engine.setRestartPolicy(containerId, fenced.policy))
      await failpoint('UnfenceSource.middle')
      const found = await engine.container(containerId)
      if (found.running || found.restarting || stopped !== null) return
      // It ended while it had no policy: the engine does not make up for the restart that it was due.
      if (wasRunning(found, fenced)) await engine.start(containerId)
    },
    () => state.migrations.put({ ...note, fenced: null }),
  )
}
