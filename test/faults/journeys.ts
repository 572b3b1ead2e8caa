// The roads that a migration can take while nothing unforeseen happens to it: of every kind there is, forwards and undone.
import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Migration, MigrationKind } from '../../shared/api/migrations.ts'
import { engineApi } from '../lab/engine-api.ts'
import { srvOf } from './holdings.ts'
import { type Place, queued, stoodStillAt, whilePaused } from './places.ts'
import { pointsOf, type StepPoints } from './points.ts'
import { startFollowing, startMove, untilSettled } from './requests.ts'
import { companion, companionBody, companionWithDirectory, containerBody, directory } from './workload.ts'
import { type ProcessName, type Scene, turned, type World } from './world.ts'

export type Journey = {
  readonly name: string
  readonly what: string
  readonly kind: MigrationKind
  // Whether it goes from the second host to the first.
  readonly backwards: boolean
  // What has happened before: the migration that this one follows.
  readonly lead: (world: World, scene: Scene) => Promise<Migration | null>
  // Asks for it; with the same key again, for the same.
  readonly ask: (world: World, key: string, led: Migration | null, scene: Scene) => Promise<Migration>
  // What is told to the processes before it is asked for.
  readonly arrange: (world: World) => Promise<void>
  // Of the steps in its trace: those that are its own to be struck at.
  readonly concerns: (step: string) => boolean
  // Where it stands still to be struck, by what it passed.
  readonly places: (steps: readonly StepPoints[]) => readonly Place[]
  readonly outcome: Migration['state']
}

const isUndo = (step: string) => step.endsWith('.undo')
const forwards = (step: string) => !isUndo(step)
const nothing = async () => {}
const fromTheBeginning = async () => null

const everyStep: Journey['places'] = (steps) =>
  steps.flatMap((step) => [
    stoodStillAt(step, 'before', step.before),
    ...(step.middle === null ? [] : [stoodStillAt(step, 'middle', step.middle)]),
  ])

const askToMove: Journey['ask'] = (world, key) => startMove(world, key)

const move = { kind: 'move', backwards: false, lead: fromTheBeginning, ask: askToMove, places: everyStep } as const

const hasMoved = async (world: World): Promise<Migration> => {
  const { id } = await startMove(world, randomUUID())
  const migration = await untilSettled(world, id)
  if (migration.state !== 'awaiting-finalize') throw new Error(`The move before it ended as ${migration.state}.`)
  return migration
}

const following =
  (verb: 'return' | 'finalize'): Journey['ask'] =>
  (world, key, led) => {
    if (led === null) throw new Error(`There is nothing to ${verb}.`)
    return startFollowing(world, led, verb, key)
  }

const back = {
  kind: 'return',
  backwards: true,
  lead: hasMoved,
  ask: following('return'),
  places: everyStep,
} as const

const refusedAtItsCommit: Journey['arrange'] = (world) =>
  world.failpoints('coordinator').tell('commit.before', 'error DRAYAGE_TARGET_CHANGED The test refuses the commit.')

const notStartedThere: Journey['arrange'] = (world) =>
  world
    .failpoints('target')
    .tell('StartTarget.before', 'error DRAYAGE_TARGET_NOT_STARTED The test does not let it start here.')

const hookInto = ({ witness }: Scene, line: string) => ({
  command: ['sh', '-c', `echo ${line} >> ${join(witness.folder, 'hooks')}`],
})

// For which the one that is struck can wait.
const anotherOne: Journey['lead'] = async (world, { witness }) => {
  const { Image } = containerBody(witness.folder)
  await engineApi(world.source)('POST', '/containers/create?name=other', { Image, Cmd: ['sleep', '100000'] })
  return null
}

const withCompanion: Journey['lead'] = async (world) => {
  const ask = engineApi(world.source)
  await ask('POST', `/containers/create?name=${companion}`, companionBody)
  await ask('POST', `/containers/${companion}/start`)
  return null
}

const withDirectory: Journey['lead'] = async ({ source }) => {
  const path = join(srvOf(source), directory)
  await mkdir(path, { recursive: true })
  await writeFile(join(path, 'file'), 'of the host')
  const ask = engineApi(source)
  await ask('POST', `/containers/create?name=${companion}`, companionWithDirectory)
  await ask('POST', `/containers/${companion}/start`)
  return null
}

// In the middle of a step: one of them has had its part, and the other has not.
const betweenMembers: Journey['places'] = (steps) =>
  steps.flatMap((step) => (step.middle === null ? [] : [stoodStillAt(step, 'middle', step.middle)]))

const together = {
  ...move,
  lead: withCompanion,
  ask: (world, key) => startMove(world, key, { options: { dependents: 'take' } }),
  places: betweenMembers,
} as const satisfies Partial<Journey>

const withItsDirectory = {
  ...together,
  lead: withDirectory,
  ask: (world, key) => startMove(world, key, { options: { dependents: 'take', binds: 'copy' } }),
  // Where it is made or taken back.
  places: (steps) =>
    steps.flatMap((step) => {
      const own = step.all.find(({ name }) => name.endsWith('.bind'))
      return own === undefined ? [] : [stoodStillAt(step, 'directory', own)]
    }),
} as const satisfies Partial<Journey>

export const journeys: readonly Journey[] = [
  {
    ...move,
    name: 'move',
    what: 'a move that succeeds',
    arrange: nothing,
    concerns: forwards,
    outcome: 'awaiting-finalize',
  },
  {
    ...move,
    name: 'undo',
    what: 'a move that is refused at the last moment before its commit, and undoes every step',
    arrange: refusedAtItsCommit,
    concerns: isUndo,
    outcome: 'rolled-back',
  },
  {
    ...together,
    name: 'set',
    what: 'a move of two containers that share volumes',
    arrange: nothing,
    concerns: forwards,
    outcome: 'awaiting-finalize',
  },
  {
    ...together,
    name: 'set-undo',
    what: 'a move of the two that is refused at the last moment before its commit, and undoes every step',
    arrange: refusedAtItsCommit,
    concerns: isUndo,
    outcome: 'rolled-back',
  },
  {
    ...withItsDirectory,
    name: 'directory',
    what: 'a move of the two, one of which mounts a directory of its host that is copied',
    arrange: nothing,
    concerns: forwards,
    outcome: 'awaiting-finalize',
  },
  {
    ...withItsDirectory,
    name: 'directory-undo',
    what: 'a move of the two with the directory that is refused at the last moment before its commit, and undoes every step',
    arrange: refusedAtItsCommit,
    concerns: isUndo,
    outcome: 'rolled-back',
  },
  {
    name: 'finalize',
    what: 'what a move has kept is removed',
    kind: 'finalize',
    backwards: false,
    lead: hasMoved,
    ask: following('finalize'),
    arrange: nothing,
    concerns: forwards,
    places: everyStep,
    outcome: 'completed',
  },
  {
    ...move,
    name: 'astray',
    what: 'a move whose container does not start on the target, and which goes back by itself',
    arrange: notStartedThere,
    concerns: (step) => step === 'start' || step === 'retain',
    outcome: 'rolled-back',
  },
  {
    ...move,
    name: 'hooks',
    what: 'a move with a command before the stop and one after the start, which has been run and is not known to have been',
    ask: (world, key, _, scene) =>
      startMove(world, key, {
        options: { preStop: hookInto(scene, 'pre-stop'), postStart: hookInto(scene, 'post-start') },
      }),
    arrange: nothing,
    concerns: forwards,
    places: (steps) =>
      steps.flatMap((step) => {
        const hook = step.all.find(({ name }) => name === 'RunHook.after')
        return hook === undefined ? [] : [stoodStillAt(step, 'hook', hook)]
      }),
    outcome: 'awaiting-finalize',
  },
  {
    ...move,
    name: 'waits',
    what: 'a move that waits for its turn, and one that is paused',
    lead: anotherOne,
    arrange: nothing,
    concerns: () => false,
    places: () => [queued, whilePaused],
    outcome: 'awaiting-finalize',
  },
  {
    ...back,
    name: 'return',
    what: 'the way back of a move, to the copy that was kept',
    arrange: nothing,
    concerns: forwards,
    outcome: 'awaiting-finalize',
  },
  {
    ...back,
    name: 'stay',
    what: 'a way back that is refused at the last moment before its commit, and undoes every step',
    arrange: refusedAtItsCommit,
    concerns: isUndo,
    outcome: 'rolled-back',
  },
]

const processes = ['coordinator', 'source', 'target'] as const satisfies readonly ProcessName[]

// The hosts as they are along its way.
export const along = ({ backwards }: Journey, world: World): World => (backwards ? turned(world) : world)

// Lets it pass undisturbed, and says where it can be struck.
export const explore = async (lab: World, journey: Journey): Promise<readonly StepPoints[]> => {
  const scene = await lab.begin()
  const led = await journey.lead(lab, scene)
  const world = along(journey, lab)
  await journey.arrange(world)
  // The plan is asked for before the migration is accepted, and is no step of it.
  await world.failpoints('coordinator').tell('lock.before', 'hang')
  const { id } = await journey.ask(world, randomUUID(), led, scene)
  await world.failpoints('coordinator').untilReached('lock.before')
  for (const process of processes) await world.failpoints(process).trace()
  await world.failpoints('coordinator').untell('lock.before')
  const { state } = await untilSettled(world, id)
  if (state !== journey.outcome) throw new Error(`Undisturbed, the journey ${journey.name} ended as ${state}.`)
  const [coordinator, source, target] = await Promise.all(
    processes.map((process) => world.failpoints(process).passed()),
  )
  // It hung there before its trace began.
  const first = { atNs: 0n, name: 'lock.before' }
  const traces = { coordinator: [first, ...(coordinator ?? [])], source: source ?? [], target: target ?? [] }
  return pointsOf(traces)
}
