// A hook: a command in the workload's own container, on either side.
import { AppError } from '../../shared/errors.ts'
import { mostHookOutputBytes } from '../../shared/hooks/hook.ts'
import type { HookResult } from '../../shared/rpc/generated/drayage/v1/HookResult.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { RunHookRequest__Output } from '../../shared/rpc/generated/drayage/v1/RunHookRequest.ts'
import type { AgentContext } from './context.ts'
import { requireContainer, sourceNote, targetNote } from './notes.ts'
import { requireOwn } from './start.ts'

const notRun: HookResult = {
  ...{ ran: false, exitCode: 0, timedOut: false, leftRunning: false, output: '', truncated: false },
}

export const runHook = async (
  { engine, state }: AgentContext,
  { containerId, hook }: RunHookRequest__Output,
  lease: Lease,
  signal: AbortSignal,
): Promise<HookResult> => {
  if (!hook || hook.command.length === 0) throw new AppError('DRAYAGE_INVALID_REQUEST', 'RunHook lacks its hook.')
  const onSource = hook.name === 'pre-stop'
  if (onSource) requireContainer(sourceNote(state, lease), containerId)
  const found = await engine.container(containerId)
  if (!onSource) requireOwn(found, targetNote(state, lease), lease)
  if (!found.running) return notRun
  if (onSource) {
    // One that its hook ends has not ended by itself: it is started again on the target.
    const note = sourceNote(state, lease)
    await state.migrations.put({ ...note, hooked: true })
  }
  try {
    const { exitCode, leftRunning, output, truncated } = await engine.execute(containerId, hook.command, {
      timeoutMs: hook.timeoutMs,
      keepBytes: mostHookOutputBytes,
      signal,
    })
    if (exitCode === null && signal.aborted) {
      throw new AppError(
        'DRAYAGE_CANCELLED',
        `The caller went while the ${hook.name} hook of ${found.name} was at work.`,
      )
    }
    return { ran: true, exitCode: exitCode ?? 0, timedOut: exitCode === null, leftRunning, output, truncated }
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown
    // Docker says no to the command itself: as a shell would.
    return { ...notRun, ran: true, exitCode: 127, output: thrown.message }
  }
}

const isRefusal = (thrown: unknown): thrown is AppError =>
  thrown instanceof AppError && thrown.code === 'DRAYAGE_ENGINE_REFUSED'
