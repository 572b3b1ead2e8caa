// Where a migration stands still while it is struck.
import { randomUUID } from 'node:crypto'
import type { Migration } from '../../shared/api/migrations.ts'
import { eventually } from '../lab/wait.ts'
import type { Point, StepPoints } from './points.ts'
import { startMove, tell, untilIt } from './requests.ts'
import type { World } from './world.ts'

export type Standing = {
  readonly id: string
  // Lets it go on. Answers whether that was heard; asked again until it was.
  readonly release: () => Promise<boolean>
}

export type Place = {
  readonly step: string
  readonly where: string
  readonly point: Point | null
  readonly reach: (world: World, ask: () => Promise<Migration>) => Promise<Standing>
}

const withoutUndo = (step: string) => step.replace(/\.undo$/, '')

// First in front of the step, since a call of that name may belong to an earlier one too.
export const stoodStillAt = ({ step, before }: StepPoints, where: string, point: Point): Place => ({
  step: withoutUndo(step),
  where,
  point,
  reach: async (world, ask) => {
    const coordinator = world.failpoints('coordinator')
    const there = world.failpoints(point.process)
    await coordinator.tell(before.name, 'hang')
    const { id } = await ask()
    await coordinator.untilReached(before.name)
    const release = async () => {
      await coordinator.untell(before.name)
      await there.untell(point.name)
      return true
    }
    if (point.process === 'coordinator' && point.name === before.name) return { id, release }
    await there.tell(point.name, 'hang')
    await coordinator.untell(before.name)
    await there.untilReached(point.name)
    return { id, release }
  },
})

export const whilePaused: Place = {
  step: 'paused',
  where: 'middle',
  point: null,
  reach: async (world, ask) => {
    const coordinator = world.failpoints('coordinator')
    await coordinator.tell('precopy.before', 'hang')
    const { id } = await ask()
    await coordinator.untilReached('precopy.before')
    await eventually('the pause to be heard', 10_000, () => tell(world, id, 'pause'))
    await coordinator.untell('precopy.before')
    await untilIt(world, id, 'it to be paused', ({ state }) => state === 'paused')
    return { id, release: () => tell(world, id, 'resume') }
  },
}

// Behind one that has the only turn and does not get past its first step.
export const queued: Place = {
  step: 'queued',
  where: 'middle',
  point: null,
  reach: async (world, ask) => {
    const coordinator = world.failpoints('coordinator')
    await coordinator.tell('lock.before', 'hang')
    const ahead = await startMove(world, randomUUID(), { container: 'other' })
    await coordinator.untilReached('lock.before')
    const { id } = await ask()
    await untilIt(world, id, 'it to wait for its turn', ({ state }) => state === 'queued')
    const release = async () => {
      const heard = await tell(world, ahead.id, 'cancel')
      if (heard) await coordinator.untell('lock.before')
      return heard
    }
    return { id, release }
  },
}
