// start: the target runs, and is watched until it is known to.
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../shared/errors.ts'
import { failpoint } from '../../shared/failpoints/failpoints.ts'
import type { Lease__Output as Lease } from '../../shared/rpc/generated/drayage/v1/Lease.ts'
import type { StartedTarget } from '../../shared/rpc/generated/drayage/v1/StartedTarget.ts'
import type { StartTargetRequest__Output } from '../../shared/rpc/generated/drayage/v1/StartTargetRequest.ts'
import { isOurs } from '../docker/api/labels.ts'
import type { ContainerState } from '../docker/engine.ts'
import type { TargetNote } from '../state/migrations.ts'
import { type AgentContext, type Done, done } from './context.ts'
import { findNote, targetNote } from './notes.ts'
import { findContainer } from './retained.ts'
import { judge, type Seen } from './start-verdict.ts'
import { targetChanged } from './target-changed.ts'

type Request = Pick<StartTargetRequest__Output, 'containerId' | 'settleMs' | 'healthTimeoutMs'>

// Downtime lasts until the verdict: at first looked at often.
const lookEveryMs = (elapsedMs: number): number => (elapsedMs < 5_000 ? 50 : 500)

const never = '0001-01-01T00:00:00Z'

export const startTarget = async (
  context: AgentContext,
  request: Request,
  lease: Lease,
  signal: AbortSignal,
): Promise<StartedTarget> => {
  const { engine, state } = context
  const note = targetNote(state, lease)
  const found = await engine.container(request.containerId)
  requireOwn(found, note, lease)
  const before = note.adopted?.startedAt ?? never
  const said = note.started
  if (said && said.verdict !== 'failed' && (found.running || said.verdict === 'finished')) {
    return { verdict: said.verdict, startedAt: said.startedAt }
  }
  const asked: TargetNote = { ...note, startAsked: true }
  if (found.startedAt !== before && !note.startAsked) {
    requireConfirmed(found, note)
    // Ended first: the guard may be stopping it just now, and that must not hit the start that follows.
    await engine.stop(found.id)
    return watch(context, request, asked, await start(context, request, asked), signal)
  }
  // Started before, and the answer was lost: judged by what it does, since a job that has run must not run twice. After
  // a failure that was told, being asked again means to try again.
  const ran = found.startedAt !== before && (found.running || found.restarting || found.status === 'exited')
  const again = said?.verdict === 'failed' && !found.running
  const begun = ran && !again ? found : await start(context, request, asked)
  return watch(context, request, asked, begun, signal)
}

// What did not come up is ended, where that was asked for. Asked again after all is forgotten here, it was done before.
export const stopTarget = async ({ engine, state }: AgentContext, containerId: string, lease: Lease): Promise<Done> => {
  const note = findNote(state, 'target', lease)
  const found = note === null ? null : await findContainer(engine, containerId)
  if (note === null || found === null) return done
  requireOwn(found, note, lease)
  if (found.running || found.restarting) await engine.stop(containerId)
  return done
}

// Whoever started it did so before its data was whole, unless all was confirmed by then.
const requireConfirmed = ({ name, startedAt }: ContainerState, { migrationId, confirmed }: TargetNote): void => {
  if (confirmed) return
  const reason = `its container ${name} was started by somebody at ${startedAt}, before migration ${migrationId} had asked for it`
  throw targetChanged(
    `${name} was not started: ${reason}, so its data may be neither what was copied nor what it wrote. Compare it with ` +
      'what is kept on the source before you start either of them by hand.',
    [reason],
  )
}

const start = async (
  { engine, state }: AgentContext,
  { containerId }: Request,
  note: TargetNote,
): Promise<ContainerState> => {
  // On disk before the engine hears of it: what runs without this was not started by us.
  await state.migrations.put({ ...note, started: null })
  try {
    await engine.start(containerId)
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'DRAYAGE_ENGINE_REFUSED') throw thrown
    throw new AppError(
      'DRAYAGE_TARGET_NOT_STARTED',
      `The engine did not start ${note.migrationId}'s container: ${thrown.message}`,
      {
        cause: thrown,
        details: thrown.details,
      },
    )
  }
  await failpoint('StartTarget.middle')
  return engine.container(containerId)
}

const watch = async (
  { engine, state }: AgentContext,
  request: Request,
  note: TargetNote,
  begun: Seen,
  signal: AbortSignal,
): Promise<StartedTarget> => {
  const from = performance.now()
  // Docker counts from 0 at each start that was asked for, so what it has counted since is of this start; unless that
  // was told before, and this call is about what came after.
  const told = note.started?.verdict === 'failed' && note.started.startedAt === begun.startedAt
  const baseline = { startedAt: begun.startedAt, restartCount: told ? begun.restartCount : 0 }
  for (;;) {
    const seen = await engine.container(request.containerId)
    const elapsedMs = performance.now() - from
    const verdict = judge(seen, baseline, elapsedMs, request)
    const { startedAt } = seen
    if (verdict.kind === 'up') {
      await state.migrations.put({ ...note, started: { verdict: verdict.verdict, startedAt } })
      return { verdict: verdict.verdict, startedAt }
    }
    if (verdict.kind === 'down') {
      await state.migrations.put({ ...note, started: { verdict: 'failed', startedAt } })
      throw new AppError(
        'DRAYAGE_TARGET_UNHEALTHY',
        `${seen.name} was started on this host, and ${verdict.reason}. Its data is all here; look at its log (docker logs ${seen.name}).`,
        { details: { exitCode: seen.exitCode, health: seen.health, healthLog: seen.healthLog } },
      )
    }
    if (signal.aborted)
      throw new AppError('DRAYAGE_CANCELLED', `The caller went while ${seen.name} was coming up. It runs.`)
    await sleep(lookEveryMs(elapsedMs), undefined, { signal }).catch(() => {})
  }
}

export const requireOwn = (
  { id, name, labels }: ContainerState,
  { adopted }: TargetNote,
  { migrationId }: Lease,
): void => {
  if (adopted?.containerId === id || isOurs(labels, migrationId)) return
  throw new AppError(
    'DRAYAGE_CONTAINER_EXISTS',
    `The container ${name} on this host was not made by migration ${migrationId}. It was not started.`,
  )
}
