// What must hold when a migration has ended, whatever happened to it on its way. Decided from what was seen from outside;
// pure, so that each rule can be shown to fail.
import { hasEnded, type Migration } from '../../shared/api/migrations.ts'
import type { HeldContainer, Holdings } from './holdings.ts'
import { type Acknowledged, ledgerFaults, name, network, volumes } from './workload.ts'

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
}
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

const things = ({ containers, volumes, networks, images, notes }: Holdings) => ({
  containers: Object.keys(containers).toSorted(),
  volumes,
  networks,
  images,
  notes,
})

// A migration that has moved it leaves the stopped container there, and its data set aside.
const retiredThings = (before: Holdings, migrationId: string) => {
  const { volumes: held, ...rest } = things(before)
  const aside = ['DRAYAGE-MOVED.txt', `_data.drayage-${migrationId}`]
  const kept = Object.values(volumes).map((volume) => [volume, aside] as const)
  return { ...rest, volumes: { ...held, ...Object.fromEntries(kept) } }
}

const arrivedThings = (before: Sides) => ({
  containers: [...Object.keys(before.target.containers), name].toSorted(),
  volumes: { ...before.target.volumes, ...before.source.volumes },
  networks: [...new Set([...before.target.networks, network])].toSorted(),
  images: [...new Set([...before.target.images, ...before.source.images])].toSorted(),
  notes: before.target.notes,
})

const leftovers = ({ migration, before, after }: Seen, moved: boolean): readonly string[] =>
  moved
    ? [
        ...differing('the source holds', retiredThings(before.source, migration.id), things(after.source)),
        ...differing('the target holds', arrivedThings(before), things(after.target)),
      ]
    : [
        ...differing('the source holds', things(before.source), things(after.source)),
        ...differing('the target holds', things(before.target), things(after.target)),
      ]

export const judge = (seen: Seen): readonly Breach[] => {
  const { migration, before, after } = seen
  const runsOn = (['source', 'target'] as const).filter((side) => after[side].containers[name]?.running)
  const moved = migration.state === 'awaiting-finalize'
  const winner = after[moved ? 'target' : 'source'].containers[name]
  const original = before.source.containers[name]
  const breaches: readonly (readonly [Invariant, readonly string[]])[] = [
    ['I1', seen.together.map((line) => `two copies ran at once: ${line}`)],
    ['I1', runsOn.length > 1 ? ['both copies run'] : []],
    ['I2', runsOn.length === 0 ? [] : ledgerFaults(seen.ledger, seen.acknowledged)],
    ['I3', differing('it runs on', [moved ? 'target' : 'source'], runsOn)],
    ['I3', seen.goesOn ? [] : ['no copy goes on writing']],
    ['I4', differing('the same request again is migration', migration.id, seen.repeatedId)],
    ['I5', leftovers(seen, moved)],
    ['I6', seen.differences === '' ? [] : [`the copy is not the original: ${seen.differences}`]],
    ['I7', hasEnded(migration.state) ? [] : [`it has not ended: ${migration.state}`]],
    ['I7', moved || (migration.error?.message ?? '') !== '' ? [] : ['it does not say why it was not moved']],
    ['I7', migration.next === '' ? ['it does not say what to do next'] : []],
    ['I7', ['awaiting-finalize', 'rolled-back'].includes(migration.state) ? [] : [`it ended as ${migration.state}`]],
    [
      'I8',
      winner === undefined || original === undefined
        ? ['the container is gone']
        : differing('the container that runs', characterOf(original), characterOf(winner)),
    ],
  ]
  return breaches.flatMap(([invariant, whats]) => whats.map((what) => ({ invariant, what })))
}
