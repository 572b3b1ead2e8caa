// What belongs together with containers that are to move, and does not move: none is cut off from what it cannot do without.
// Pure.
import type { Finding } from '../../../shared/errors.ts'
import type { Described } from '../ports.ts'
import type { AcceptedRequest } from '../record.ts'
import type { Together } from './find-members.ts'

type Member = Described['moveSet'][number]

// The plan lists all of them.
const mostNamed = 10

const memberWords = ({ name, ties }: Member): string => `${name} ${ties.map(({ words }) => words).join(', ')}`

const listed = (members: readonly Member[]): string => {
  const more = members.length - mostNamed
  const words = members.slice(0, mostNamed).map(memberWords)
  return [...words, ...(more > 0 ? [`and ${more} more (dray migrate --dry-run lists them)`] : [])].join('; ')
}

const counted = (members: readonly Member[]): string =>
  members.length === 1 ? 'another container' : `${members.length} other containers`

// Of those that belong together with what moves: who does not move with it.
export const outsideOf = ({
  workloads,
  moveSet,
}: {
  readonly workloads: readonly Pick<Together['workloads'][number], 'containerId'>[]
  readonly moveSet: readonly Member[]
}): readonly Member[] => {
  const moving = new Set(workloads.map(({ containerId }) => containerId))
  return moveSet.filter(({ containerId }) => !moving.has(containerId))
}

export const setFindings = (
  { from, options: { dependents } }: Pick<AcceptedRequest, 'from' | 'options'>,
  subject: string,
  outside: readonly Member[],
): { readonly refusals: readonly Finding[]; readonly warnings: readonly Finding[] } => {
  const bound = outside.filter(({ separable }) => !separable)
  const separable = outside.filter((member) => member.separable)
  if (bound.length === 0 && (separable.length === 0 || dependents === 'leave')) {
    const message = `Left behind on ${from}, each to do without the other from now on: ${listed(separable)}.`
    return { refusals: [], warnings: separable.length === 0 ? [] : [{ code: 'dependents-left-behind', message }] }
  }
  const take = 'To move all of them, or none: --with-dependents (dependents: take).'
  const leave = 'may be left behind: --without-dependents (dependents: leave).'
  const names = separable.slice(0, mostNamed).map((member) => member.name)
  const whatToDo =
    separable.length === 0 || dependents === 'leave'
      ? take
      : `${take} ${bound.length === 0 ? `Since nothing but depends_on ties them, they ${leave}` : `Of them, ${names.join(', ')} ${leave}`}`
  const message = `${subject} belongs together with ${counted(outside)} of ${from}: ${listed(outside)}. ${
    // Everybody was taken who was there then.
    dependents === 'take' ? 'They came since it was planned: plan it again.' : whatToDo
  }`
  return { refusals: [{ code: 'DRAYAGE_SET_LARGER', message }], warnings: [] }
}
