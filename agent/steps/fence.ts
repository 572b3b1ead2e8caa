// fence: the source does not come back by itself (I8: the policy it had is noted before it is changed).
import type { FencedSource } from '../../shared/rpc/generated/drayage/v1/FencedSource.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { findNote, requireContainer, sourceNote } from './notes.ts'

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
  await engine.setRestartPolicy(containerId, none)
  return { restartPolicyJson: JSON.stringify(fenced.policy) }
}

export const unfenceSource = async (
  { engine, state }: AgentContext,
  containerId: string,
  lease: Lease,
): Promise<Done> => {
  const note = findNote(state, 'source', lease)
  if (!note?.fenced) return done
  requireContainer(note, containerId)
  await engine.setRestartPolicy(containerId, note.fenced.policy)
  await state.migrations.put({ ...note, fenced: null })
  return done
}
