// How a migration stands or ended: what moved, what proves it, what was down, what is kept, and what to do now.
import { hasEnded, hasMoved, type Migration, type MigrationError, type Receipt } from '../../shared/api/migrations.ts'
import type { Paint } from './colour.ts'
import { findingLine } from './error.ts'
import { type Fact, fact, factsText } from './facts.ts'
import { shortDigest, shortName } from './names.ts'
import { printable } from './printable.ts'
import { formatBytes, formatCount, formatDuration, plural } from './quantities.ts'
import { currentStep, doingText, isTurningBack, undoingText } from './steps.ts'

const titleOf = (migration: Migration): string => {
  const { container, from, to, state, kind } = migration
  if (kind === 'finalize') return finalizeTitle(migration)
  if (hasMoved(state)) return `${container.name} has moved ${kind === 'return' ? 'back ' : ''}from ${from} to ${to}.`
  if (
    state === 'rolled-back' &&
    migration.steps.some(({ name, state: step }) => name === 'commit' && step === 'done')
  ) {
    return `${container.name} did not come up on ${to}, and went back to ${from}.`
  }
  if (state === 'rolled-back') return `${container.name} was not moved: everything on ${from} is as it was.`
  if (state === 'cancelled')
    return `The migration of ${container.name} was cancelled: everything on ${from} is as it was.`
  if (state === 'failed')
    return `The migration of ${container.name} from ${from} to ${to} failed: somebody has to look.`
  if (state === 'paused') return `The migration of ${container.name} from ${from} to ${to} is paused.`
  const step = currentStep(migration)
  if (migration.queue !== null) return `The migration of ${container.name} from ${from} to ${to} waits for its turn.`
  if (isTurningBack(migration)) {
    const what = step === null ? '' : `: ${undoingText(migration, step.name)}`
    return `${container.name} is not moving to ${to}; it is being put back on ${from}${what}.`
  }
  return `${container.name} is moving from ${from} to ${to}${step === null ? '' : `: ${doingText(migration, step.name)}`}.`
}

const finalizeTitle = ({ container, from, state }: Migration): string => {
  if (state === 'completed') return `What ${from} had kept of ${container.name} is removed.`
  return hasEnded(state)
    ? `What ${from} keeps of ${container.name} was not removed.`
    : `What ${from} has kept of ${container.name} is being removed.`
}

// What crossed; and what it was before, where it was compressed on its way.
const crossed = (bytesSent: number, contentBytes: number): string =>
  bytesSent < contentBytes
    ? `${formatBytes(bytesSent)} (compressed from ${formatBytes(contentBytes)})`
    : formatBytes(bytesSent)

// Docker gives no volume a name that begins so.
const isOfHost = ({ name }: Receipt['volumes'][number]): boolean => name.startsWith('/')

const whatMoved = (copied: Receipt['volumes']): string => {
  const binds = copied.filter(isOfHost).length
  const volumes = copied.length - binds
  const directories = binds === 0 ? [] : [plural(binds, 'directory of the host', 'directories of the host')]
  return [...(volumes > 0 || binds === 0 ? [plural(volumes, 'volume')] : []), ...directories].join(' and ')
}

const movedLine = ({ receipt, bytesSent, rounds }: Migration): readonly string[] => {
  if (receipt === null) return bytesSent === 0 ? [] : [`${formatBytes(bytesSent)} sent`]
  const { volumes } = receipt
  const content = volumes.reduce((sum, { contentBytes }) => sum + contentBytes, 0)
  const entries = volumes.reduce((sum, volume) => sum + volume.entries, 0)
  const carried = rounds.reduce((sum, round) => sum + round.contentBytes, 0)
  const passes = new Set(rounds.map(({ round }) => round)).size
  return [
    `${whatMoved(volumes)}, ${formatBytes(content)} in ${plural(entries, 'entry', 'entries')}; ${crossed(bytesSent, carried)} sent in ${plural(passes, 'round')}`,
  ]
}

// The digests are compared again here, from the receipt itself.
const verifiedLines = ({ receipt, to }: Migration): readonly string[] => {
  const lines = (receipt?.volumes ?? []).map(({ name, entries, sourceDigest, targetDigest }) => {
    const same = sourceDigest === targetDigest && sourceDigest !== ''
    const proof = same
      ? `${shortDigest(sourceDigest)} on both sides`
      : `NOT the same: ${sourceDigest} and ${targetDigest}`
    return `${shortName(name)}: ${proof} (${formatCount(entries)} ${entries === 1 ? 'entry' : 'entries'})`
  })
  return receipt === null || lines.length === 0 ? lines : [...lines, howVerified(receipt.verified, to)]
}

const howVerified = (verified: Receipt['verified'], to: string): string =>
  ({
    written: 'as it was read and written; nothing was read back',
    reread: `what was copied while it ran was read back from the disk of ${to}`,
    full: `everything was read back from the disk of ${to}`,
  })[verified]

const skippedLines = ({ receipt }: Migration): readonly string[] =>
  (receipt?.volumes ?? []).flatMap(({ name, skipped }) =>
    skipped.map((finding) => `${shortName(name)}: ${findingLine(finding)}`),
  )

const roundLines = ({ rounds }: Migration): readonly string[] =>
  rounds.map(
    ({ round, final, volume, entries, bytesSent, contentBytes, durationMs }) =>
      `${round}${final ? ' (last)' : ''} ${shortName(volume)}: ${crossed(bytesSent, contentBytes)} in ${plural(entries, 'entry', 'entries')}, ${formatDuration(durationMs)}`,
  )

const whyLastRound = {
  fits: 'the rest was small enough',
  'no-longer-shrinking': 'it changes about as fast as it is copied',
  'most-rounds': 'that was the most rounds allowed',
} as const

// What was predicted of the last round, beside what it took.
const liveCopyLines = ({ liveCopy }: Migration): readonly string[] => {
  if (liveCopy === null) return []
  const { rounds, stopped, predictedMs, finalMs } = liveCopy
  const predicted = predictedMs === null ? 'its time not predicted' : `predicted to take ${formatDuration(predictedMs)}`
  const took = finalMs === null ? '' : `, took ${formatDuration(finalMs)}`
  return [`${plural(rounds, 'round')} while it ran (${whyLastRound[stopped]}); the last one ${predicted}${took}`]
}

const hookLines = ({ hooks }: Migration): readonly string[] =>
  hooks.flatMap(({ hook, container, host, command, startedAt, endedAt, outcome, exitCode, output, truncated }) => {
    const took = endedAt === null ? '' : ` in ${formatDuration(Date.parse(endedAt) - Date.parse(startedAt))}`
    const how = outcome === 'failed' ? `failed with ${exitCode}` : hookOutcomes[outcome]
    const wrote = output.trimEnd().split('\n').filter(Boolean)
    return [
      `${hook} of ${container} on ${host} ${how}${took}: ${command.join(' ')}`,
      ...(truncated ? ['  …'] : []),
      ...wrote.map((line) => `  ${line}`),
    ]
  })

const hookOutcomes = {
  succeeded: 'succeeded',
  'timed-out': 'was ended after its time-out',
  skipped: 'was not run, since the container did not',
  unknown: 'was begun; what came of it is not known',
} as const

const webhookLines = ({ webhooks }: Migration): readonly string[] =>
  webhooks.map(({ event, state, attempts, sentAt, lastError }) => {
    const what = event === 'migration.committed' ? 'of the hand-over' : 'of the end'
    if (state === 'sent') return `told ${what} at ${sentAt}${attempts > 1 ? `, at the ${ordinal(attempts)} try` : ''}`
    const why = lastError === null ? '' : ` (${plural(attempts, 'try', 'tries')}; the last: ${lastError})`
    return state === 'waiting' ? `still to be told ${what}${why}` : `was not told ${what}, and is not any more${why}`
  })

const ordinal = (count: number): string => {
  const suffixes = { one: 'st', two: 'nd', few: 'rd', other: 'th' } as const
  const rule = new Intl.PluralRules('en', { type: 'ordinal' }).select(count)
  return `${count}${suffixes[rule as keyof typeof suffixes] ?? 'th'}`
}

const keptLines = ({ state, from }: Migration): readonly string[] =>
  state === 'awaiting-finalize' ? [`the stopped container and its data on ${from}`] : []

// That it was cancelled is said by the title.
const whyLines = ({ error, state }: Migration): readonly string[] => {
  if (error === null || (state === 'cancelled' && error.code === 'DRAYAGE_CANCELLED')) return []
  const at = error.step === null ? '' : `at the step ${error.step}: `
  const reasons = error.reasons.filter(({ message }) => message !== error.message)
  return [`${at}${error.code}: ${error.message}`, ...reasons.map(findingLine), ...pathLines(error)]
}

const mostPaths = 20

// Where the message does not name all of them.
const pathLines = ({ message, paths = [] }: MigrationError): readonly string[] => {
  if (paths.every((path) => message.includes(path))) return []
  const more = paths.length - mostPaths
  const lines = paths.slice(0, mostPaths).map((path) => `  ${printable(path)}`)
  return more > 0 ? [...lines, `  and ${more} more, which --json names`] : lines
}

const queueLines = ({ queue }: Migration): readonly string[] =>
  queue === null ? [] : [`its turn, at place ${queue.position}: ${queue.waitsFor}`]

const waitsLines = ({ waiting, error }: Migration): readonly string[] => {
  if (waiting === null || waiting.message === error?.message) return []
  return [`${waiting.code}: ${waiting.message}`]
}

const facts = (migration: Migration): readonly Fact[] => [
  fact('now', migration.situation),
  fact('why', ...whyLines(migration)),
  fact('waits for', ...queueLines(migration), ...waitsLines(migration)),
  fact('moved', ...movedLine(migration)),
  fact('verified', ...verifiedLines(migration)),
  fact('skipped', ...skippedLines(migration)),
  fact('copied live', ...liveCopyLines(migration)),
  fact('downtime', ...(migration.downtimeMs === null ? [] : [formatDuration(migration.downtimeMs)])),
  fact('warning', ...migration.warnings.map(findingLine)),
  fact('kept', ...keptLines(migration)),
]

export const outcomeText = (migration: Migration, paint: Paint): string =>
  factsText(titleOf(migration), [...facts(migration), fact('id', migration.id), fact('next', migration.next)], paint)

const stepFacts = ({ steps }: Migration): readonly string[] =>
  steps.map(({ name, state, startedAt, endedAt }) => {
    const took =
      startedAt === null || endedAt === null ? '' : formatDuration(Date.parse(endedAt) - Date.parse(startedAt))
    return `${name.padEnd(10)}${state.padEnd(9)}${took}`.trimEnd()
  })

// One migration in full: the outcome, its steps and its rounds.
export const migrationText = (migration: Migration, paint: Paint): string =>
  factsText(
    titleOf(migration),
    [
      fact('id', migration.id),
      fact('state', migration.state),
      fact('begun', migration.createdAt),
      fact(hasEnded(migration.state) ? 'ended' : 'updated', migration.endedAt ?? migration.updatedAt),
      fact('steps', ...stepFacts(migration)),
      fact('rounds', ...roundLines(migration)),
      ...facts(migration),
      fact('hook', ...hookLines(migration)),
      fact('webhook', ...webhookLines(migration)),
      fact('next', migration.next),
    ],
    paint,
  )
