// Commands of the operator's around the hand-over. One that was begun and whose outcome is not known is run again: it may
// run twice, and is never left out.
import type { HookRun } from '../../shared/api/migrations.ts'
import { AppError } from '../../shared/errors.ts'
import type { Hook, HookName } from '../../shared/hooks/hook.ts'
import type { HookResult__Output } from '../../shared/rpc/generated/drayage/v1/HookResult.ts'
import type { MigrationRecord, Workload } from './record.ts'
import type { Side, StepContext } from './step.ts'

const wishes = { 'pre-stop': 'preStop', 'post-start': 'postStart' } as const

// The request goes before the container's label. null: there is none.
const hookOf = (
  { request: { options }, terms }: MigrationRecord,
  // Absent where a migration was begun by a version that knew none.
  { hooks = [] }: Partial<Workload>,
  name: HookName,
): Hook | null => {
  const labelled = hooks.find((hook) => hook.name === name)
  const { command, timeoutMs, onError } = options[wishes[name]] ?? labelled ?? {}
  if (command === undefined || timeoutMs === undefined) return null
  return { command, timeoutMs, onError: onError === 'continue' || terms.unasked ? 'continue' : 'fail' }
}

// Whether the migration does not go on after this.
const isInTheWay = ({ outcome, onError }: Pick<HookRun, 'outcome' | 'onError'>): boolean =>
  onError === 'fail' && (outcome === 'failed' || outcome === 'timed-out')

// Throws DRAYAGE_HOOK_FAILED where it failed and was not to.
export const runHook = async (
  { record, journal, lease, warn, signal }: StepContext,
  { agent, host }: Side,
  { name, containerId, workload }: { name: HookName; containerId: string; workload: Workload },
): Promise<void> => {
  const hook = hookOf(record, workload, name)
  if (hook === null) return
  const known = (await journal.hookRuns(record.id)).findLast((run) => run.hook === name && run.outcome !== 'unknown')
  if (known !== undefined) {
    if (isInTheWay(known)) throw failed(record, known)
    return
  }
  const command = [...hook.command]
  const begun = { hook: name, host, command, onError: hook.onError }
  const number = await journal.beginHook(record.id, begun)
  const result = await agent.runHook(
    { lease: lease(), containerId, hook: { name, command, timeoutMs: hook.timeoutMs, onError: hook.onError } },
    { signal },
  )
  const ended = {
    outcome: outcomeOf(result),
    exitCode: result.ran && !result.timedOut ? result.exitCode : null,
    output: result.output,
    truncated: result.truncated,
  }
  await journal.endHook(number, ended)
  const run = { ...begun, ...ended }
  if (isInTheWay(run)) throw failed(record, run)
  const notes = [
    ...(run.outcome === 'succeeded' || run.outcome === 'skipped'
      ? []
      : [{ code: 'hook-failed', message: failure(record, run) }]),
    ...(result.leftRunning
      ? [
          {
            code: 'hook-left-running',
            message: `The ${name} hook of ${record.containerName} on ${host} did not end in time and could not be ended: it may be at work still.`,
          },
        ]
      : []),
  ]
  await warn(notes)
}

const outcomeOf = ({ ran, timedOut, exitCode }: HookResult__Output): HookRun['outcome'] => {
  if (!ran) return 'skipped'
  if (timedOut) return 'timed-out'
  return exitCode === 0 ? 'succeeded' : 'failed'
}

type Ended = Pick<HookRun, 'hook' | 'host' | 'outcome' | 'exitCode' | 'output'>

const failure = ({ id, containerName }: MigrationRecord, { hook, host, outcome, exitCode, output }: Ended): string => {
  const how = outcome === 'timed-out' ? 'did not end within its time-out and was ended' : `ended with ${exitCode}`
  const last = output.trimEnd().split('\n').at(-1)?.slice(0, 200) ?? ''
  return `The ${hook} hook of ${containerName} on ${host} ${how}${last === '' ? '' : ` ("${last}")`}. dray migrations ${id} shows all that it wrote.`
}

const failed = (record: MigrationRecord, run: Ended): AppError =>
  new AppError('DRAYAGE_HOOK_FAILED', failure(record, run), { details: { hook: run.hook, exitCode: run.exitCode } })

// When the container was asked to stop, where its hook ran before that. null: it was not, or not yet.
export const stopAskedAt = (runs: readonly HookRun[]): Date | null | undefined => {
  const last = runs.findLast(({ hook }) => hook === 'pre-stop')
  if (last === undefined) return undefined
  return last.endedAt === null || isInTheWay(last) ? null : new Date(last.endedAt)
}
