// stop: the source ends, and the engine is asked whether it has.
import { AppError } from '../../shared/errors.ts'
import { failpoint } from '../../shared/failpoints/failpoints.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { StoppedSource } from '../../shared/rpc/generated/drayage/v1/StoppedSource.ts'
import type { StopSourceRequest__Output } from '../../shared/rpc/generated/drayage/v1/StopSourceRequest.ts'
import type { ContainerState } from '../docker/engine.ts'
import type { SourceNote } from '../state/migrations.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { noteToUndo, puttingBack, requireContainer, sourceNote } from './notes.ts'

export const stopSource = async (
  { engine, state, now }: AgentContext,
  { containerId, stopTimeoutSeconds }: Pick<StopSourceRequest__Output, 'containerId' | 'stopTimeoutSeconds'>,
  lease: Lease,
): Promise<StoppedSource> => {
  const note = sourceNote(state, lease)
  requireContainer(note, containerId)
  let stopped = note.stopped
  if (stopped === null || stopped.mayRunAgain) {
    const found = await engine.container(containerId)
    stopped = {
      wasRunning: note.hooked === true || wasRunning(found, note.fenced),
      requestedAt: now().toISOString(),
      mayRunAgain: false,
      result: null,
    }
    await state.migrations.put({ ...note, stopped })
  }
  await failpoint('StopSource.middle')
  // Also when it was stopped before: whoever started it since is answered by this, or by the guard.
  await engine.stop(containerId)
  const found = await engine.container(containerId)
  if (found.running || found.restarting) {
    throw new AppError(
      'DRAYAGE_CONTAINER_NOT_STOPPED',
      `${found.name} was told to stop, and the engine says that it is ${found.status}. Nothing further was done with it.`,
    )
  }
  await failpoint('StopSource.stopped')
  const result = stopped.result ?? {
    exitCode: found.exitCode,
    killed: stopped.wasRunning && wasKilled(found, stopped.requestedAt, stopTimeoutSeconds),
    finishedAt: found.finishedAt,
  }
  await state.migrations.put({ ...note, stopped: { ...stopped, result } })
  return { wasRunning: stopped.wasRunning, ...result }
}

// A container between two runs counts as running. So does one that ended between the fence and the stop and that its
// own restart policy would have started again, had the fence not taken it away.
export const wasRunning = (
  found: Pick<ContainerState, 'running' | 'restarting' | 'exitCode'>,
  fenced: SourceNote['fenced'],
): boolean => {
  if (found.running || found.restarting) return true
  if (!fenced?.wasRunning) return false
  const { Name } = fenced.policy
  return Name === 'always' || Name === 'unless-stopped' || (Name === 'on-failure' && found.exitCode !== 0)
}

// Docker does not tell a container that was killed at the end of its stop time-out from one that was killed otherwise:
// both have the exit code 137 (128 + SIGKILL). It was the time-out if it took that long; the kernel's out-of-memory kill,
// which has the same code, is told apart by Docker itself. Both times are of this host's clock.
export const wasKilled = (
  found: Pick<ContainerState, 'exitCode' | 'oomKilled' | 'finishedAt'>,
  requestedAt: string,
  stopTimeoutSeconds: number,
): boolean =>
  found.exitCode === 137 &&
  !found.oomKilled &&
  Date.parse(found.finishedAt) - Date.parse(requestedAt) >= stopTimeoutSeconds * 1_000

type Ran = Pick<ContainerState, 'running' | 'restarting' | 'startedAt' | 'exitCode' | 'oomKilled'>

// Whether a start has had its effect. What has begun and ended by itself has come up; what was killed (137) may have been
// hit by the end of a stop that the engine was still busy with, and is started again.
export const cameUp = (before: Pick<Ran, 'startedAt'>, after: Ran): boolean =>
  after.running ||
  after.restarting ||
  (after.startedAt !== before.startedAt && (after.exitCode !== 137 || after.oomKilled))

export const restartSource = async (context: AgentContext, containerId: string, lease: Lease): Promise<Done> => {
  const { state } = context
  const note = noteToUndo(context, 'the source is left as it runs, or does not', containerId, lease)
  if (note?.hooked && !note.stopped) return startAfterHook(context, note)
  if (!note?.stopped) return done
  const retired = state.retired.byContainer(containerId)
  if (retired) {
    throw new AppError(
      'DRAYAGE_WORKLOAD_RETIRED',
      `${note.containerName} has moved to ${retired.movedTo} (migration ${retired.migrationId}) and was not started here.`,
    )
  }
  const { stopped } = note
  return puttingBack(
    async () => {
      if (stopped.wasRunning) await startAgain(context, note, stopped)
    },
    // Nor is it taken, when this is asked for again, for one that a hook may have ended.
    () => state.migrations.put({ ...note, stopped: null, hooked: false }),
  )
}

// It was never told to stop, and a hook was run in it that may have ended it all the same.
const startAfterHook = (context: AgentContext, note: SourceNote): Promise<Done> => {
  const { engine, state, now } = context
  return puttingBack(
    async () => {
      const { running, restarting } = await engine.container(note.containerId)
      if (running || restarting) return
      const requestedAt = now().toISOString()
      await startAgain(context, note, { wasRunning: true, requestedAt, mayRunAgain: false, result: null })
    },
    () => state.migrations.put({ ...note, stopped: null, hooked: false }),
  )
}

const startAgain = async (
  { engine, state }: AgentContext,
  note: SourceNote,
  stopped: NonNullable<SourceNote['stopped']>,
): Promise<void> => {
  const { containerId } = note
  // A stop whose end nobody saw may still be under way in the engine: a start is then answered with "it runs", and the
  // kill comes after it. Ended once, it cannot.
  if (stopped.result === null) await engine.stop(containerId)
  const before = await engine.container(containerId)
  const { exitCode, finishedAt } = before
  const result = stopped.result ?? { exitCode, finishedAt, killed: false }
  await state.migrations.put({ ...note, stopped: { ...stopped, result, mayRunAgain: true } })
  await failpoint('RestartSource.middle')
  await engine.start(containerId)
  for (const _ of ['begun', 'and still up']) {
    const after = await engine.container(containerId)
    if (cameUp(before, after)) continue
    throw new AppError(
      'DRAYAGE_CONTAINER_STATE',
      `${after.name} was started again and is ${after.status} (exit code ${after.exitCode}): something stops it. Look at ` +
        `its log (docker logs ${after.name}); it is started once more when this is tried again.`,
    )
  }
}
