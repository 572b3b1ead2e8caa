// What is on a host of the model: copies of containers, with what was written to them, and what its agent has noted.

export const volumeName = 'data'
export const sharedName = 'shared' as const

// Of the containers that move together, from 1.
export type Member = 1 | 2 | 3
export const nameOf = (member: Member): string => (member === 1 ? 'web' : `web-${member}`)
export const ownVolume = (member: Member): string => (member === 1 ? volumeName : `${volumeName}-${member}`)
// How each uses the one before it.
export const kinds: Readonly<Record<Member, string>> = { 1: '', 2: 'volumes-from', 3: 'network-namespace' }

export type ComesUp = 'up' | 'never-starts' | 'unhealthy'

export type Copy = {
  readonly id: string
  readonly member: Member
  // null: it was there before.
  readonly madeBy: string | null
  running: boolean
  starts: number
  policy: string
  isolated: boolean
  holder: string | null
  retiredBy: string | null
  // Whose copy it is, once it was retired.
  workload: string | null
  // Numbers of the writes that are in its volume; of the first, in the one that all write to as well.
  writes: readonly number[]
  shared: readonly number[]
  // A copy into it is not whole.
  partial: boolean
  // The writes by which it is seen whether somebody has touched it since; null: that is not known.
  remembered: readonly number[] | null
}

export type Note = {
  readonly role: 'source' | 'target'
  readonly workload: string
  policy: string | null
  wasRunning: boolean | null
  isolated: boolean
  adopted: string | null
  wantedPolicy: string
  confirmed: boolean
  startAsked: boolean
}

export type ModelHost = {
  readonly name: string
  image: boolean
  imageBroughtBy: string | null
  readonly epochs: Map<string, number>
  comesUp: ComesUp
  // So many rounds more its disk gives back other than was written to it.
  badRounds: number
  // What is on it after a last round is not what was read.
  wrongCopies: boolean
  readonly copies: Map<string, Copy>
  readonly notes: Map<string, Note>
  late: (() => void)[]
}

export const newCopy = (id: string, member: Member, madeBy: string | null): Copy => ({
  ...{ id, member, madeBy, running: false, starts: 0, policy: 'always', isolated: false, holder: null },
  ...{ retiredBy: null, workload: null, writes: [], shared: [], partial: false, remembered: null },
})

export const newHost = (name: string): ModelHost => ({
  ...{
    name,
    image: false,
    imageBroughtBy: null,
    epochs: new Map(),
    comesUp: 'up',
    badRounds: 0,
    wrongCopies: false,
    copies: new Map(),
    notes: new Map(),
    late: [],
  },
})
