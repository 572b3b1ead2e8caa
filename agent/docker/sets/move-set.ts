// Which containers belong together, so that none of them is moved without the others: all that can be reached from it
// over ties, in either direction. Pure.
import type { SetMember__Output } from '../../../shared/rpc/generated/drayage/v1/SetMember.ts'
import type { InspectedContainer } from '../api/answers.ts'
import { nameOf } from '../api/containers.ts'
import { type Tie, tiesOf, type Use } from './ties.ts'

// Of those to start from, whoever can be reached from another of them.
const reachable = (starts: readonly string[], ties: readonly Tie[]): ReadonlySet<string> => {
  const tiesBy = byMember(ties)
  const among = new Set(starts)
  const reached = new Set<string>()
  for (const start of among) {
    if (reached.has(start)) continue
    const group = connected(start, tiesBy)
    const isAlone = [...group].every((id) => id === start || !among.has(id))
    for (const id of group) if (id !== start || !isAlone) reached.add(id)
  }
  return reached
}

const connected = (start: string, tiesBy: ReadonlyMap<string, readonly Tie[]>): ReadonlySet<string> => {
  const reached = new Set([start])
  const followed = new Set<Tie>()
  // A set that is added to is iterated to its new end.
  for (const id of reached) {
    for (const tie of tiesBy.get(id) ?? []) {
      if (followed.has(tie)) continue
      followed.add(tie)
      for (const member of tie.members) reached.add(member)
    }
  }
  return reached
}

const byMember = (ties: readonly Tie[]): ReadonlyMap<string, readonly Tie[]> => {
  const ties_ = new Map<string, Tie[]>()
  for (const tie of ties) {
    for (const member of tie.members) {
      const own = ties_.get(member)
      if (own === undefined) ties_.set(member, [tie])
      else own.push(tie)
    }
  }
  return ties_
}

const mostNamed = 3

const named = (names: readonly string[]): string => {
  const more = names.length - mostNamed
  if (more > 1) return `${names.slice(0, mostNamed).join(', ')} and ${more} more`
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names.join()
}

const wordsFor: Readonly<Record<Use, (user: boolean, other: string) => string>> = {
  'volumes-from': (user, other) =>
    user ? `was made with --volumes-from ${other}` : `gives its volumes to ${other} (--volumes-from)`,
  'network-namespace': (user, other) =>
    user ? `uses the network of ${other}` : `lends its network to ${other} (--network container:)`,
  'pid-namespace': (user, other) =>
    user ? `uses the process ids of ${other}` : `lends its process ids to ${other} (--pid container:)`,
  'ipc-namespace': (user, other) =>
    user ? `uses the IPC of ${other}` : `lends its IPC to ${other} (--ipc container:)`,
  link: (user, other) => (user ? `has a link to ${other}` : `is linked to by ${other}`),
  'depends-on': (user, other) => (user ? `depends on ${other}` : `is depended on by ${other}`),
}

const wordsOf = (tie: Tie, id: string, nameBy: (id: string) => string): string => {
  if (tie.kind === 'shared-volume') {
    const others = tie.members.filter((member) => member !== id).map(nameBy)
    return `uses the volume ${tie.volume}, and so ${others.length === 1 ? 'does' : 'do'} ${named(others)}`
  }
  const [user, used] = tie.members
  return user === id ? wordsFor[tie.kind](true, nameBy(used)) : wordsFor[tie.kind](false, nameBy(user))
}

// all: everything that the engine has, `starts` among it; what is no workload has no part in a set. In the order of `all`.
export const moveSet = (starts: readonly string[], all: readonly InspectedContainer[]): SetMember__Output[] => {
  const ties = tiesOf(all)
  const together = reachable(starts, ties)
  if (together.size === 0) return []
  const bound = reachable(
    starts,
    ties.filter(({ kind }) => kind !== 'depends-on'),
  )
  const tiesBy = byMember(ties)
  const names = new Map(all.map((container) => [container.Id, nameOf(container)]))
  const nameBy = (id: string) => names.get(id) ?? id
  return all
    .filter(({ Id }) => together.has(Id))
    .map((member) => ({
      containerId: member.Id,
      name: nameOf(member),
      state: member.State.Status,
      ties: distinct(
        (tiesBy.get(member.Id) ?? []).map((tie) => ({ kind: tie.kind, words: wordsOf(tie, member.Id, nameBy) })),
      ),
      separable: !bound.has(member.Id),
    }))
}

const distinct = (ties: SetMember__Output['ties']): SetMember__Output['ties'] => [
  ...new Map(ties.map((tie) => [tie.words, tie])).values(),
]
