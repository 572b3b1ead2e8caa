// A container that belongs together with others of its host: containers are moved one at a time, so none is cut off from
// what it cannot do without. Pure.
import type { Finding } from '../../shared/errors.ts'
import type { AcceptedRequest, Workload } from './record.ts'

type Member = Workload['moveSet'][number]

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

export const setFindings = (
  { from, options: { dependents } }: Pick<AcceptedRequest, 'from' | 'options'>,
  { name, moveSet }: Pick<Workload, 'name' | 'moveSet'>,
): { readonly refusals: readonly Finding[]; readonly warnings: readonly Finding[] } => {
  const bound = moveSet.filter(({ separable }) => !separable)
  const separable = moveSet.filter((member) => member.separable)
  if (bound.length === 0 && (separable.length === 0 || dependents === 'leave')) {
    const message = `Left behind on ${from}, each to do without the other from now on: ${listed(separable)}.`
    return { refusals: [], warnings: separable.length === 0 ? [] : [{ code: 'dependents-left-behind', message }] }
  }
  const apart = 'Containers move one at a time: take these apart first (docs/errors.md says how).'
  const leave = 'may be left behind: --without-dependents (dependents: leave).'
  const names = separable.slice(0, mostNamed).map((member) => member.name)
  const whatToDo =
    bound.length === 0
      ? `Since nothing but depends_on ties them, they ${leave}`
      : `${apart}${separable.length === 0 || dependents === 'leave' ? '' : ` Of them, ${names.join(', ')} ${leave}`}`
  const message = `${name} belongs together with ${counted(moveSet)} of ${from}: ${listed(moveSet)}. ${whatToDo}`
  return { refusals: [{ code: 'DRAYAGE_SET_LARGER', message }], warnings: [] }
}
