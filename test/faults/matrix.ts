// Every step, before it and in its middle, times every fault. Nothing of it is written down anywhere: the steps come from
// what the product passed, so that a new one is in it by itself.
import { protocols } from '../../coordinator/migration/decide.ts'
import { steps } from '../../coordinator/migration/steps/hand-over.ts'
import type { StepName } from '../../shared/api/migrations.ts'
import { faults } from './faults.ts'
import { explore, type Journey, journeys } from './journeys.ts'
import { stoodStillAt } from './places.ts'
import type { Case } from './play.ts'
import type { StepPoints } from './points.ts'
import type { World } from './world.ts'

export type Choice = {
  // Words of the cases' ids, each joined by a slash: "stop/kill-coordinator" is those that have both. Empty: all.
  readonly only: readonly string[]
  // Also every other place that the agents pass in a step.
  readonly everyPoint: boolean
}

const isChosen = (id: string, only: readonly string[]): boolean => {
  const words = id.split('/')
  return only.length === 0 || only.some((wanted) => wanted.split('/').every((word) => words.includes(word)))
}

// One journey takes seconds to explore: not made where none of its cases can be wanted.
const mayBeChosen = ({ name }: Journey, only: readonly string[]): boolean => {
  const named = (wanted: string) => wanted.split('/').filter((word) => journeys.some((one) => one.name === word))
  return only.length === 0 || only.some((wanted) => named(wanted).every((word) => word === name))
}

const everyPointOf = (own: readonly StepPoints[]) =>
  own.flatMap((step) => step.all.map((point) => stoodStillAt(step, `${point.process}:${point.name}`, point)))

export const casesOf = async (world: World, { only, everyPoint }: Choice): Promise<readonly Case[]> => {
  const cases: Case[] = []
  for (const journey of journeys.filter((one) => mayBeChosen(one, only))) {
    const passed = await explore(world, journey)
    requireAll(journey, passed)
    const own = passed.filter(({ step }) => journey.concerns(step))
    for (const place of [...journey.places(own), ...(everyPoint ? everyPointOf(own) : [])]) {
      for (const fault of faults) {
        const where = [journey.name, place.step, place.where].join('/')
        if (fault.at === undefined || fault.at.includes(where)) {
          cases.push({ id: `${where}/${fault.name}`, journey, place, fault })
        }
      }
    }
  }
  return cases.filter(({ id }) => isChosen(id, only))
}

// A step that is in the protocol and was not passed would be a hole in the matrix, and so would be an undo.
const requireAll = ({ name, kind }: Journey, passed: readonly StepPoints[]): void => {
  const { order, pivot } = protocols[kind]
  const undone = passed.some(({ step }) => step.endsWith('.undo'))
  const undoable = order.slice(0, order.indexOf(pivot)).filter((step) => kind !== 'finalize' && hasUndo(step))
  const wanted: readonly string[] = undone ? undoable.map((step) => `${step}.undo`) : order
  const missing = wanted.filter((step) => !passed.some((one) => one.step === step))
  if (missing.length > 0) {
    throw new Error(`The steps ${missing.join(', ')} were not passed by an undisturbed ${name}.`)
  }
}

const hasUndo = (wanted: StepName): boolean =>
  Object.values(steps).some(({ name, undo }) => name === wanted && undo !== undefined)
