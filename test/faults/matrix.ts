// Every step, before it and in its middle, times every fault. Nothing of it is written down anywhere: the steps come from
// what the product passed, so that a new one is in it by itself.
import { stepOrder } from '../../coordinator/migration/decide.ts'
import { faults } from './faults.ts'
import { explore, journeys } from './journeys.ts'
import type { Case } from './play.ts'
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

export const casesOf = async (world: World, { only, everyPoint }: Choice): Promise<readonly Case[]> => {
  const cases: Case[] = []
  for (const journey of journeys) {
    const steps = await explore(world, journey)
    if (journey.name === 'move') requireAll(steps.map(({ step }) => step))
    for (const step of steps) {
      const places = everyPoint
        ? step.all.map((point) => ({ where: `${point.process}:${point.name}`, point }))
        : [
            { where: 'before', point: step.before },
            { where: 'middle', point: step.middle },
          ]
      for (const { where, point } of places) {
        for (const fault of faults) {
          cases.push({
            id: [journey.name, step.step.replace(/\.undo$/, ''), where, fault.name].join('/'),
            journey,
            step,
            point,
            fault,
          })
        }
      }
    }
  }
  return cases.filter(({ id }) => isChosen(id, only))
}

// A step that is in the protocol and was not passed would be a hole in the matrix.
const requireAll = (passed: readonly string[]): void => {
  const missing = stepOrder.filter((step) => !passed.includes(step))
  if (missing.length > 0) throw new Error(`The steps ${missing.join(', ')} were not passed by an undisturbed move.`)
}
