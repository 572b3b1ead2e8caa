// What must hold when a migration has ended, whatever happened to it on its way. Decided from what was seen from outside;
// pure, so that each rule can be shown to fail.
import { hasEnded, type Migration } from '../../shared/api/migrations.ts'
import type { HeldContainer, Holdings } from './holdings.ts'
import { type Acknowledged, ledgerFaults, network, volumes } from './workload.ts'

export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8'
export type Breach = { readonly invariant: Invariant; readonly what: string }

export type Seen = {
  readonly migration: Migration
  // The answer to the same request with the same Idempotency-Key, asked again at the end.
  readonly repeatedId: string
  readonly before: Sides
  readonly after: Sides
  readonly together: readonly string[]
  readonly acknowledged: readonly Acknowledged[]
  // Of the copy that runs; '' where none does, or its data is not in its place.
  readonly ledger: string
  // What rsync would change to make the rest of the winner's data that of the loser's; '' where there is one copy alone.
  readonly differences: string
  // Whether the copy that runs went on acknowledging.
  readonly goesOn: boolean
  // What the hooks wrote.
  readonly hooks: readonly string[]
}

// arrived: it runs on the target. put-back: nothing has changed. went-back: it was handed over, did not come up, and runs on
// the source again. removed, kept: what was to be finalized.
export type Ending = 'arrived' | 'put-back' | 'went-back' | 'removed' | 'kept' | 'unended' | 'failed'

export const endingOf = ({ kind, state, steps }: Migration): Ending => {
  if (!hasEnded(state)) return 'unended'
  if (kind === 'finalize') return state === 'completed' ? 'removed' : 'kept'
  if (state === 'awaiting-finalize') return 'arrived'
  if (state !== 'rolled-back') return 'failed'
  return steps.some(({ name: step, state: is }) => step === 'commit' && is === 'done') ? 'went-back' : 'put-back'
}

// Where it runs then.
export const winnerOf = (ending: Ending): 'source' | 'target' =>
  ending === 'put-back' || ending === 'went-back' || ending === 'unended' ? 'source' : 'target'
type Sides = { readonly source: Holdings; readonly target: Holdings }

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => a.localeCompare(b)))
      : inner,
  )

const differing = (what: string, expected: unknown, found: unknown): readonly string[] =>
  sorted(expected) === sorted(found) ? [] : [`${what}: expected ${sorted(expected)}, found ${sorted(found)}`]

// What a copy is, apart from what each host gives it anew.
const characterOf = ({ restartPolicy, networks, ports, volumes }: HeldContainer) => ({
  restartPolicy,
  networks,
  ports,
  volumes,
})

const things = ({ containers, volumes, directories, networks, images, notes }: Holdings) => ({
  containers: Object.keys(containers).toSorted(),
  volumes,
  directories,
  networks,
  images,
  notes,
})

type Things = ReturnType<typeof things>

// The stopped container stays there, and its data set aside.
const retired = (held: Things, migrationId: string): Things => {
  const aside = ['DRAYAGE-MOVED.txt', `_data.drayage-${migrationId}`]
  const kept = Object.values(volumes).map((volume) => [volume, aside] as const)
  return { ...held, volumes: { ...held.volumes, ...Object.fromEntries(kept) } }
}

const arrived = (before: Sides, moved: readonly string[]): Things => ({
  containers: [...new Set([...Object.keys(before.target.containers), ...moved])].toSorted(),
  volumes: { ...before.target.volumes, ...before.source.volumes },
  directories: [...new Set([...before.target.directories, ...before.source.directories])].toSorted(),
  networks: [...new Set([...before.target.networks, network])].toSorted(),
  images: [...new Set([...before.target.images, ...before.source.images])].toSorted(),
  notes: before.target.notes,
})

const without = (held: Things, moved: readonly string[]): Things => ({
  ...held,
  containers: held.containers.filter((container) => !moved.includes(container)),
  volumes: Object.fromEntries(
    Object.entries(held.volumes).filter(([volume]) => !Object.values<string>(volumes).includes(volume)),
  ),
})

const expectedThings = ({ migration, before }: Seen, ending: Ending): { source: Things; target: Things } => {
  const [source, target] = [things(before.source), things(before.target)]
  const moved = movedBy(migration)
  switch (ending) {
    case 'arrived':
      return { source: retired(source, migration.id), target: arrived(before, moved) }
    case 'went-back':
      return { source, target: retired(arrived(before, moved), migration.followedBy ?? '') }
    case 'removed':
      return { source: without(source, moved), target }
    default:
      return { source, target }
  }
}

const leftovers = (seen: Seen, ending: Ending): readonly string[] => {
  const { source, target } = expectedThings(seen, ending)
  return [
    ...differing('the source holds', source, things(seen.after.source)),
    ...differing('the target holds', target, things(seen.after.target)),
  ]
}

const movedBy = ({ members }: Migration): readonly string[] => members.map(({ name }) => name)
const subjectOf = (migration: Migration): string => movedBy(migration).join(' with ')

// What somebody who reads it in the night takes for the truth.
const situations: Readonly<Record<Ending, (migration: Migration) => string>> = {
  arrived: (migration) => `${migration.to} owns ${subjectOf(migration)}, and it runs there`,
  'put-back': (migration) => `${subjectOf(migration)} is on ${migration.from} as it was, and runs`,
  'went-back': (migration) => `${subjectOf(migration)} is back on ${migration.from}, and runs there`,
  removed: (migration) => `What ${migration.from} had kept of ${subjectOf(migration)} is gone`,
  kept: (migration) => `${migration.from} keeps what it had of ${subjectOf(migration)}`,
  unended: () => '',
  failed: (migration) => `${migration.to} owns ${subjectOf(migration)}`,
}

const situationFaults = (migration: Migration, ending: Ending): readonly string[] => {
  const expected = situations[ending](migration)
  return migration.situation.includes(expected) ? [] : [`it says "${migration.situation}", not that ${expected}`]
}

// Each was run at least once where the hand-over came as far.
const hookFaults = ({ migration, hooks }: Seen, ending: Ending): readonly string[] => {
  const { preStop, postStart } = migration.options
  const wanted = [
    ...(preStop !== null && ending !== 'put-back' ? ['pre-stop'] : []),
    ...(postStart !== null && ending === 'arrived' ? ['post-start'] : []),
  ]
  return wanted.filter((hook) => !hooks.includes(hook)).map((hook) => `the hook ${hook} was not run`)
}

export const judge = (seen: Seen): readonly Breach[] => {
  const { migration, before, after } = seen
  const ending = endingOf(migration)
  const winner = winnerOf(ending)
  const runsOn = (name: string) =>
    (['source', 'target'] as const).filter((side) => after[side].containers[name]?.running)
  const changes = (name: string): readonly string[] => {
    const original = before[migration.kind === 'finalize' ? 'target' : 'source'].containers[name]
    const found = after[winner].containers[name]
    return original === undefined || found === undefined
      ? [`${name} is gone`]
      : differing(`${name}, as it runs`, characterOf(original), characterOf(found))
  }
  const moved = movedBy(migration)
  const writerRuns = runsOn(migration.container.name).length > 0
  const explained = ending === 'arrived' || ending === 'removed'
  const breaches: readonly (readonly [Invariant, readonly string[]])[] = [
    ['I1', seen.together.map((line) => `two copies ran at once: ${line}`)],
    ['I1', moved.filter((name) => runsOn(name).length > 1).map((name) => `both copies of ${name} run`)],
    ['I2', writerRuns ? ledgerFaults(seen.ledger, seen.acknowledged) : []],
    ['I3', moved.flatMap((name) => differing(`${name} runs on`, [winner], runsOn(name)))],
    ['I3', seen.goesOn ? [] : ['no copy goes on writing']],
    ['I4', differing('the same request again is migration', migration.id, seen.repeatedId)],
    ['I5', leftovers(seen, ending)],
    ['I6', seen.differences === '' ? [] : [`the copy is not the original: ${seen.differences}`]],
    ['I7', hasEnded(migration.state) ? [] : [`it has not ended: ${migration.state}`]],
    ['I7', explained || (migration.error?.message ?? '') !== '' ? [] : ['it does not say why it came to this']],
    ['I7', migration.next === '' ? ['it does not say what to do next'] : []],
    ['I7', ending === 'failed' || ending === 'kept' ? [`it ended as ${migration.state}`] : []],
    ['I7', situationFaults(migration, ending)],
    ['I7', hookFaults(seen, ending)],
    ['I8', moved.flatMap(changes)],
  ]
  return breaches.flatMap(([invariant, whats]) => whats.map((what) => ({ invariant, what })))
}
