// The roads that a migration can take while nothing unforeseen happens to it.
import { randomUUID } from 'node:crypto'
import { hasEnded, type Migration } from '../../shared/api/migrations.ts'
import { untilMigration } from '../e2e/moving.ts'
import { pointsOf, type StepPoints } from './points.ts'
import { startMove, type World } from './world.ts'

export type Journey = {
  readonly name: string
  readonly what: string
  // Before it begins.
  readonly arrange: (world: World) => Promise<void>
  // Of the steps in its trace: those that are its own to be struck at.
  readonly concerns: (step: string) => boolean
  readonly outcome: Migration['state']
}

const isUndo = (step: string) => step.endsWith('.undo')

export const journeys: readonly Journey[] = [
  {
    name: 'move',
    what: 'a move that succeeds',
    arrange: async () => {},
    concerns: (step) => !isUndo(step),
    outcome: 'awaiting-finalize',
  },
  {
    name: 'undo',
    what: 'a move that is refused at the last moment before its commit, and undoes every step',
    arrange: (world) =>
      world
        .failpoints('coordinator')
        .tell('commit.before', 'error DRAYAGE_TARGET_CHANGED The test refuses the commit.'),
    concerns: isUndo,
    outcome: 'rolled-back',
  },
]

const processes = ['coordinator', 'source', 'target'] as const

// Lets it pass undisturbed, and says where it can be struck.
export const explore = async (world: World, journey: Journey): Promise<readonly StepPoints[]> => {
  await world.begin()
  await journey.arrange(world)
  const key = randomUUID()
  // The plan is asked for before the migration is accepted, and is no step of it.
  await world.failpoints('coordinator').tell('lock.before', 'hang')
  const { id } = await startMove(world, key)
  await world.failpoints('coordinator').untilReached('lock.before')
  for (const process of processes) await world.failpoints(process).trace()
  await world.failpoints('coordinator').untell('lock.before')
  const { state } = await untilMigration(world.lab, id, 'it ended', (migration) => hasEnded(migration.state))
  if (state !== journey.outcome) throw new Error(`Undisturbed, the journey ${journey.name} ended as ${state}.`)
  const [coordinator, source, target] = await Promise.all(
    processes.map((process) => world.failpoints(process).passed()),
  )
  // It hung there before its trace began.
  const first = { atNs: 0n, name: 'lock.before' }
  const traces = { coordinator: [first, ...(coordinator ?? [])], source: source ?? [], target: target ?? [] }
  return pointsOf(traces).filter(({ step }) => journey.concerns(step))
}
