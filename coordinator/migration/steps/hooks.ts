// Commands of the operator's around the hand-over. One that was begun and whose outcome is not known is run again: it may
// run twice, and is never left out.
import type { HookRun } from '../../../shared/api/migrations.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Hook, HookName } from '../../../shared/hooks/hook.ts'
import type { HookResult__Output } from '../../../shared/rpc/generated/drayage/v1/HookResult.ts'
import { leaseOf, type MigrationRecord, type Workload } from '../record.ts'
import type { MovingMember, Side, StepContext } from './step.ts'

const wishes = { 'pre-stop': 'preStop', 'post-start': 'postStart' } as const

// The request goes before the label of the container that it names; of those that move with it, each has its label's. null:
// there is none.
const hookOf = (
  { request: { options }, terms, plan }: MigrationRecord,
  { containerId }: Pick<MovingMember, 'containerId'>,
  // Absent where a migration was begun by a version that knew none.
  { hooks = [] }: Partial<Workload>,
  name: HookName,
): Hook | null => {
  const labelled = hooks.find((hook) => hook.name === name)
  const asked = plan.container.id === containerId ? options[wishes[name]] : null
  const { command, timeoutMs, onError } = asked ?? labelled ?? {}
  if (command === undefined || timeoutMs === undefined) return null
  return { command, timeoutMs, onError: onError === 'continue' || terms.unasked ? 'continue' : 'fail' }
}

// Whether the migration does not go on after this.
const isInTheWay = ({ outcome, onError }: Pick<HookRun, 'outcome' | 'onError'>): boolean =>
  onError === 'fail' && (outcome === 'failed' || outcome === 'timed-out')

type HookPlace = {
  readonly name: HookName
  readonly member: MovingMember
  readonly containerId: string
  readonly workload: Workload
}

// Throws DRAYAGE_HOOK_FAILED where it failed and was not to.
export const runHook = async (
  { record, journal, warn, signal }: StepContext,
  { agent, host }: Side,
  // containerId: of the one that it is run in, on that side.
  { name, member, containerId, workload }: HookPlace,
): Promise<void> => {
  const hook = hookOf(record, member, workload, name)
  if (hook === null) return
  const container = member.containerName
  const known = (await journal.hookRuns(record.id)).findLast(
    (run) => run.hook === name && run.container === container && run.outcome !== 'unknown',
  )
  if (known !== undefined) {
    if (isInTheWay(known)) throw failed(record, known)
    return
  }
  const command = [...hook.command]
  const begun = { hook: name, container, host, command, onError: hook.onError }
  const number = await journal.beginHook(record.id, begun)
  const result = await agent.runHook(
    { lease: leaseOf(member), containerId, hook: { name, command, timeoutMs: hook.timeoutMs, onError: hook.onError } },
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
            message: `The ${name} hook of ${container} on ${host} did not end in time and could not be ended: it may be at work still.`,
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

type Ended = Pick<HookRun, 'hook' | 'container' | 'host' | 'outcome' | 'exitCode' | 'output'>

const failure = ({ id }: MigrationRecord, { hook, container, host, outcome, exitCode, output }: Ended): string => {
  const how = outcome === 'timed-out' ? 'did not end within its time-out and was ended' : `ended with ${exitCode}`
  const last = output.trimEnd().split('\n').at(-1)?.slice(0, 200) ?? ''
  return `The ${hook} hook of ${container} on ${host} ${how}${last === '' ? '' : ` ("${last}")`}. dray migrations ${id} shows all that it wrote.`
}

const failed = (record: MigrationRecord, run: Ended): AppError =>
  new AppError('DRAYAGE_HOOK_FAILED', failure(record, run), { details: { hook: run.hook, exitCode: run.exitCode } })

// When the first container was asked to stop, where a hook ran before that: all of them run before the first stop. null: it was not, or not yet.
export const stopAskedAt = (runs: readonly HookRun[]): Date | null | undefined => {
  const last = runs.findLast(({ hook }) => hook === 'pre-stop')
  if (last === undefined) return undefined
  return last.endedAt === null || isInTheWay(last) ? null : new Date(last.endedAt)
}
