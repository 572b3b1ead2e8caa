// Where the coordinator's database and the agents differ, for somebody who has to decide.
import type { Recovery, RecoveryWorkload } from '../../shared/api/recovery.ts'
import type { Paint } from './colour.ts'
import { renderTable } from './table.ts'

const short = (id: string): string => id.slice(0, 12)

const recordedText = ({ recorded }: RecoveryWorkload): string =>
  recorded === null
    ? 'not known to the coordinator'
    : `the coordinator has it on ${recorded.host}, epoch ${recorded.epoch}`

const verdict = ({ proposal, unknown, copies }: RecoveryWorkload): string => {
  if (unknown.length > 0) return `no proposal before ${unknown.join(', ')} has been heard`
  if (proposal !== null) return `proposed: ${proposal.host}, since ${proposal.why}`
  return copies.length === 0
    ? 'no copy of it is known: its epoch alone is kept'
    : 'which one is to run cannot be told: say it with --owner'
}

const workloadText = (workload: RecoveryWorkload, paint: Paint): string => {
  const running = workload.copies.filter(({ state }) => state === 'running')
  const rows = workload.copies.map(({ host, containerId, name, state, is }) => [
    host,
    name || short(containerId),
    state ?? 'unknown',
    is,
  ])
  return [
    paint('bold', `${workload.name || 'a workload'} (${workload.id}): ${recordedText(workload)}`),
    ...workload.differences.map(({ message }) => `  ${message}`),
    ...(rows.length === 0 ? [] : [renderTable(['HOST', 'CONTAINER', 'STATE', 'WHAT IT IS THERE'], rows, paint)]),
    ...(running.length > 1
      ? [paint('red', `  It runs on ${running.map(({ host }) => host).join(' and ')}. Each writes to data of its own.`)]
      : []),
    `  ${verdict(workload)}`,
  ].join('\n')
}

export const nothingToSettle = ({ needed, workloads }: Recovery): boolean => needed === null && workloads.length === 0

export const recoveryText = (recovery: Recovery, paint: Paint): string => {
  const { needed, hosts, workloads, blocked, owed } = recovery
  const pending = owed.map(({ host, workloadId, error }) =>
    error === null
      ? `${host} is to be told about ${workloadId} as soon as it can be.`
      : `${host} could not carry out what was settled about ${workloadId} (${error.code}): ${error.message}`,
  )
  if (nothingToSettle(recovery)) return ['There is nothing to settle.', ...pending].join('\n')
  return [
    needed === null
      ? 'The workloads below are not moved until it is settled whose they are.'
      : `Nothing is moved since ${needed.since}: ${needed.why}. What runs goes on running.`,
    '',
    ...hosts.map(
      ({ name, state, heard, fenced }) =>
        `${name}: ${heard ? 'has said what it remembers' : fenced ? 'declared down' : `${state}, and has not said what it remembers`}`,
    ),
    ...workloads.flatMap((workload) => ['', workloadText(workload, paint)]),
    ...(needed !== null && workloads.length === 0 ? ['', 'What the agents remember is what the database has.'] : []),
    ...(blocked.length > 0 ? ['', ...blocked.map(({ message }) => paint('yellow', message))] : []),
    ...(pending.length > 0 ? ['', ...pending] : []),
  ].join('\n')
}
