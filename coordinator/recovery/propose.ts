// For each workload about which the database and the agents differ: where its copies are, and who is proposed to own it. Pure.
// A host that has not said what it remembers is unknown, not empty: what may be there holds the proposal back.
import { arePartsOfOne } from '../../shared/move-set/part.ts'
import type { Standing } from '../migration/ports.ts'
import type { Difference } from './compare.ts'
import type { Known, Place, SeenContainer } from './ports.ts'

export type Copy = Place & {
  readonly name: string
  // Docker's own word, as last reported; null: not reported, or not there.
  readonly state: string | null
  // A sentence's part: what its host's agent, or else the database, says of it.
  readonly is: string
  readonly mayRun: boolean
}

export type DisputedWorkload = {
  readonly id: string
  readonly name: string
  readonly recorded: (Place & { readonly epoch: number }) | null
  readonly differences: readonly Difference[]
  readonly copies: readonly Copy[]
  // The highest that anybody holds.
  readonly epoch: number
  readonly hosts: readonly string[]
  // Those of which nothing is known and that may have a copy.
  readonly unknown: readonly string[]
  readonly proposal: (Place & { readonly why: string }) | null
}

export type Standings = ReadonlyMap<string, Standing>

export const dispute = (
  workloadId: string,
  differences: readonly Difference[],
  known: Known,
  standings: Standings,
  seen: readonly SeenContainer[],
  // Those that an operator has declared down: nothing of theirs runs.
  down: ReadonlySet<string>,
): DisputedWorkload => {
  const recorded = known.workloads.get(workloadId)
  const own = ownOf(workloadId, standings)
  const epoch = Math.max(recorded?.epoch ?? 0, ...own.epochs.map((held) => held.epoch))
  const copies = copiesOf(workloadId, known, own, seen)
  const migrations = [...known.migrations.values()].filter((migration) => migration.workloadId === workloadId)
  const named = new Set([
    ...copies.map(({ host }) => host),
    ...own.epochs.map(({ host }) => host),
    ...own.notes.flatMap(({ host, peerHost }) => [host, peerHost]),
    ...own.retired.map(({ movedTo }) => movedTo),
    ...own.broughtBack.map(({ movedTo }) => movedTo),
    ...migrations.filter(({ ended }) => !ended).flatMap(({ from, to }) => [from, to]),
    ...(recorded === undefined ? [] : [recorded.owner.host]),
  ])
  const hosts = [...named].filter((host) => host !== '').toSorted()
  const unknown = hosts.filter((host) => !standings.has(host) && !down.has(host))
  const name =
    [...own.broughtBack, ...own.retired, ...own.notes].find(({ containerName }) => containerName !== '')
      ?.containerName ??
    migrations[0]?.containerName ??
    copies.find((copy) => copy.name !== '')?.name ??
    ''
  const candidates = copies.filter(({ host, mayRun }) => mayRun && !down.has(host))
  return {
    ...{ id: workloadId, name, differences, copies, epoch, hosts, unknown },
    recorded: recorded === undefined ? null : { ...recorded.owner, epoch: recorded.epoch },
    proposal: unknown.length > 0 ? null : propose(candidates, own, epoch),
  }
}

// Those that move together stay together: where not all of them would be owned by one host, none is proposed, and it is for
// the operator to say which.
export const keptTogether = (workloads: readonly DisputedWorkload[], known: Known): DisputedWorkload[] => {
  const unfinished = [...known.migrations.values()].filter(({ ended }) => !ended)
  const moveOf = (workloadId: string) => unfinished.find((migration) => migration.workloadId === workloadId)?.id
  return workloads.map((workload) => {
    const own = moveOf(workload.id)
    if (own === undefined || workload.proposal === null) return workload
    const { host } = workload.proposal
    const together = workloads.filter(({ id }) => arePartsOfOne(moveOf(id) ?? '', own))
    return together.every(({ proposal }) => proposal?.host === host) ? workload : { ...workload, proposal: null }
  })
}

type Own = ReturnType<typeof ownOf>

const ownOf = (workloadId: string, standings: Standings) => {
  const all = <T extends { readonly workloadId: string }>(of: (standing: Standing) => readonly T[]) =>
    [...standings].flatMap(([host, standing]) =>
      of(standing)
        .filter((one) => one.workloadId === workloadId)
        .map((one) => ({ ...one, host })),
    )
  return {
    epochs: all(({ epochs }) => epochs),
    notes: all(({ migrations }) => migrations),
    retired: all(({ retired }) => retired),
    broughtBack: all(({ broughtBack }) => broughtBack),
  }
}

const keyOf = ({ host, containerId }: Place): string => `${host} ${containerId}`

const copiesOf = (workloadId: string, known: Known, own: Own, seen: readonly SeenContainer[]): Copy[] => {
  const of = new Set([
    ...[...own.epochs, ...own.notes, ...own.retired, ...own.broughtBack].map(({ migrationId }) => migrationId),
    ...[...known.migrations.values()].filter((one) => one.workloadId === workloadId).map(({ id }) => id),
  ])
  const places = new Map<string, Place>(
    [
      ...(known.workloads.get(workloadId)?.places ?? []),
      ...own.notes.filter(({ containerId }) => containerId !== ''),
      ...own.retired,
      ...own.broughtBack,
      ...seen.filter(({ madeBy }) => madeBy !== null && of.has(madeBy)),
    ].map(({ host, containerId }) => [keyOf({ host, containerId }), { host, containerId }]),
  )
  return [...places.values()]
    .map((place) => describe(place, own, seen))
    .toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)))
}

const describe = (place: Place, own: Own, seen: readonly SeenContainer[]): Copy => {
  const container = seen.find((one) => keyOf(one) === keyOf(place))
  const is = (one: Place) => keyOf(one) === keyOf(place)
  const retired = own.retired.find(is)
  const note =
    own.notes.find(is) ??
    own.notes.find(({ host, migrationId }) => host === place.host && migrationId === container?.madeBy)
  const byHand = own.broughtBack.find(is)
  const copy = { ...place, name: container?.name ?? '', state: container?.state ?? null, mayRun: retired === undefined }
  if (retired !== undefined) {
    const mixture = retired.partial === '' ? '' : `, and half overwritten by a way back (${retired.partial})`
    return { ...copy, is: `moved away to ${retired.movedTo}${mixture}` }
  }
  if (byHand !== undefined) return { ...copy, is: `brought back by hand at ${byHand.startedAt}` }
  if (note?.role === 'source') {
    return {
      ...copy,
      is: `on its way to ${note.peerHost}${note.effects.length > 0 ? ` (${note.effects.join(', ')})` : ''}`,
    }
  }
  if (note !== undefined) {
    const begun = note.effects.includes('start-asked')
    return {
      ...copy,
      is: begun ? `come from ${note.peerHost}, and started` : `being made from ${note.peerHost}`,
      mayRun: begun,
    }
  }
  return { ...copy, is: container === undefined ? 'not reported' : 'not retired', mayRun: container !== undefined }
}

// Whoever was brought back by hand under the highest epoch has the operator's word already. Otherwise there is one copy
// that its agent lets run, or none is proposed.
const propose = (candidates: readonly Copy[], own: Own, epoch: number): DisputedWorkload['proposal'] => {
  const byHand = own.broughtBack.filter((entry) => entry.epoch >= epoch)
  const wanted = candidates.filter((copy) => byHand.some((entry) => keyOf(entry) === keyOf(copy)))
  const [hand, ...moreHands] = wanted
  if (hand !== undefined && moreHands.length === 0) return { ...placeOf(hand), why: `it was ${hand.is}` }
  const [only, ...others] = candidates
  if (only !== undefined && others.length === 0) return { ...placeOf(only), why: 'it is the only copy that may run' }
  const started = candidates.filter(({ is }) => is.endsWith('and started'))
  const [first, ...rest] = started
  if (first !== undefined && rest.length === 0) {
    return { ...placeOf(first), why: 'the move there had been committed: it was started there' }
  }
  return null
}

const placeOf = ({ host, containerId }: Place): Place => ({ host, containerId })
