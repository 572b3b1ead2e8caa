// Where a fault can strike: found by letting a journey pass once with every failpoint noted. A step, a call or a part of
// a call that is added to the product is struck at without a word here.
import type { Passed } from '../lab/failpoints.ts'
import type { ProcessName } from './world.ts'

export type Point = { readonly process: ProcessName; readonly name: string }

export type StepPoints = {
  // "stop", or "stop.undo".
  readonly step: string
  // started is journaled, nothing has happened yet.
  readonly before: Point
  // Within the effect: something of it has happened, and not all of it is known to anybody.
  // null: it failed before it came as far.
  readonly middle: Point | null
  readonly all: readonly Point[]
}

type Traces = Readonly<Record<ProcessName, readonly Passed[]>>

// A part of an effect where the agent names one; else a call that has had its effect and has not been answered; else,
// where the step calls nobody, its own end before it is journaled.
const middleOf = (within: readonly Point[], end: Point | null): Point | null =>
  within.findLast(({ name }) => name.endsWith('.middle')) ??
  within.findLast(({ name }) => name.endsWith('.after')) ??
  end

export const pointsOf = (traces: Traces): readonly StepPoints[] => {
  const agents = (['source', 'target'] as const)
    .flatMap((process) => traces[process].map((passed) => ({ process, ...passed })))
    .toSorted((one, other) => (one.atNs < other.atNs ? -1 : 1))
  return (
    traces.coordinator
      .filter(({ name }) => name.endsWith('.before'))
      // What a way back that nobody asked for passes after it is not its own.
      .filter(({ name }, index, all) => all.findIndex((other) => other.name === name) === index)
      .map(({ atNs, name }) => {
        const step = name.slice(0, -'.before'.length)
        // A step that fails passes no end; then the next one begins.
        const end = traces.coordinator.find(
          (passed) => passed.atNs > atNs && (passed.name === `${step}.after` || passed.name.endsWith('.before')),
        )
        const last: Point | null =
          end === undefined || end.name.endsWith('.before') ? null : { process: 'coordinator', name: end.name }
        const within = agents.filter((passed) => passed.atNs > atNs && (end === undefined || passed.atNs < end.atNs))
        const distinct = new Map(
          within.map(({ process, name }) => [`${process} ${name}`, { process, name }] satisfies [string, Point]),
        )
        const before: Point = { process: 'coordinator', name }
        const all = [before, ...distinct.values(), ...(last === null ? [] : [last])]
        return {
          step,
          before,
          middle: middleOf(
            within.map(({ process, name }) => ({ process, name })),
            last,
          ),
          all,
        }
      })
  )
}
