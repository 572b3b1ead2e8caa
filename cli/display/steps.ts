// The steps of a migration as they pass, in words.
import type { Migration, Step, StepName } from '../../shared/api/migrations.ts'
import { findingLine } from './error.ts'
import { formatBytes, formatDuration, plural } from './quantities.ts'

type Names = Pick<Migration, 'container' | 'from' | 'to'>

const doing: Readonly<Record<StepName, (names: Names) => string>> = {
  lock: ({ container }) => `taking the lease on ${container.name}`,
  plan: ({ from, to }) => `checking ${from} and ${to}`,
  image: ({ to }) => `bringing the image to ${to}`,
  hold: ({ to }) => `making the container and its volumes on ${to}`,
  precopy: ({ container }) => `copying while ${container.name} runs`,
  fence: ({ container, from }) => `keeping ${container.name} from starting by itself on ${from}`,
  stop: ({ container, from }) => `stopping ${container.name} on ${from}`,
  isolate: ({ from }) => `setting the data on ${from} aside`,
  finalcopy: ({ to }) => `copying what ${to} has not got yet, and comparing both sides`,
  commit: ({ to }) => `handing over to ${to}`,
  start: ({ container, to }) => `starting ${container.name} on ${to}`,
  retain: ({ from }) => `keeping what is left on ${from}`,
  remove: ({ container, from }) => `removing what ${from} has kept of ${container.name}`,
}

const undoing: Partial<Record<StepName, (names: Names) => string>> = {
  lock: ({ container }) => `giving the lease on ${container.name} back`,
  image: ({ to }) => `removing the image from ${to}, if it came with this move`,
  hold: ({ to }) => `removing what was made on ${to}`,
  fence: ({ container, from }) => `giving ${container.name} its restart policy on ${from} back`,
  stop: ({ container, from }) => `starting ${container.name} on ${from} again`,
  isolate: ({ from }) => `putting the data on ${from} back in its place`,
}

export const undoingText = (migration: Names, step: StepName): string =>
  undoing[step]?.(migration) ?? `undoing the step ${step}`

export const isTurningBack = ({ steps }: Migration): boolean =>
  !steps.some(({ name, state }) => name === 'commit' && state === 'done') &&
  steps.some(({ state }) => state === 'failed' || state === 'undoing' || state === 'undone')

export const doingText = (migration: Names, step: StepName): string => doing[step](migration)

// A move may do all of its copying after the stop; then it is not to be read as having done some before.
const doneText = (migration: Migration, step: StepName): string =>
  step === 'precopy' && !migration.rounds.some(({ final }) => !final)
    ? `nothing was copied while ${migration.container.name} ran`
    : doingText(migration, step)

const copied = ({ rounds }: Migration, final: boolean): string => {
  const own = rounds.filter((round) => round.final === final)
  const bytes = own.reduce((sum, { bytesSent }) => sum + bytesSent, 0)
  const count = new Set(own.map(({ round }) => round)).size
  return own.length === 0 ? '' : `, ${formatBytes(bytes)}${final ? '' : ` in ${plural(count, 'round')}`}`
}

const detail = (migration: Migration, step: Step): string => {
  const { startedAt, endedAt } = step
  const extra =
    step.name === 'precopy' ? copied(migration, false) : step.name === 'finalcopy' ? copied(migration, true) : ''
  if (startedAt === null || endedAt === null) return extra
  return `${extra} (${formatDuration(Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)))})`
}

export type StepLine = { readonly kind: 'done' | 'failed' | 'undone' | 'waiting'; readonly text: string }

const kinds: Partial<Record<Step['state'], StepLine['kind']>> = { done: 'done', failed: 'failed', undone: 'undone' }

// What `next` says that `previous` did not: a line for each step that passed, failed, or was undone, in the order of the
// protocol, undoing in reverse; and what it waits for, once for each reason.
export const stepLines = (previous: Migration | null, next: Migration): readonly StepLine[] => {
  const before = new Map(previous?.steps.map(({ name, state }) => [name, state]))
  const passed = next.steps.flatMap((step): readonly (StepLine & { readonly undone: boolean })[] => {
    const kind = kinds[step.state]
    if (kind === undefined || before.get(step.name) === step.state) return []
    const text =
      kind === 'done'
        ? `${step.name.padEnd(10)}${doneText(next, step.name)}${detail(next, step)}`
        : `${step.name.padEnd(10)}${kind}`
    return [{ kind, text, undone: kind === 'undone' }]
  })
  const forward = passed.filter(({ undone }) => !undone)
  const backward = passed.filter(({ undone }) => undone).reverse()
  const { waiting } = next
  const waits = next.endedAt === null && waiting !== null && waiting.message !== previous?.waiting?.message
  return [
    ...[...forward, ...backward].map(({ kind, text }): StepLine => ({ kind, text })),
    ...(next.queue !== null && previous?.queue?.waitsFor !== next.queue.waitsFor
      ? [{ kind: 'waiting' as const, text: `queued    ${next.queue.waitsFor}` }]
      : []),
    ...(next.state === 'paused' && previous?.state !== 'paused'
      ? [{ kind: 'waiting' as const, text: `paused    until somebody resumes it: dray resume ${next.id}` }]
      : []),
    ...(waits ? [{ kind: 'waiting' as const, text: `waiting   ${findingLine(waiting)}` }] : []),
  ]
}

// The step under way; null between two.
export const currentStep = ({ steps }: Migration): Step | null =>
  steps.find(({ state }) => state === 'running' || state === 'undoing') ?? null
