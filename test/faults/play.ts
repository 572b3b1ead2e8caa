// One case: a migration stands still at a place, a fault strikes, it goes on, the fault is mended, it ends, and what is
// seen is judged.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Paint } from '../../cli/display/colour.ts'
import { migrationText } from '../../cli/display/outcome.ts'
import { hasEnded, type Migration } from '../../shared/api/migrations.ts'
import { differences } from '../e2e/moving.ts'
import type { LabHost } from '../lab/lab.ts'
import { eventually } from '../lab/wait.ts'
import type { Fault } from './faults.ts'
import { type Holdings, holdingsOf, roundsOf, srvOf } from './holdings.ts'
import { along, type Journey } from './journeys.ts'
import type { Place } from './places.ts'
import type { Point } from './points.ts'
import { isSettled, lookAt } from './requests.ts'
import { type Breach, type Ending, endingOf, judge, type Seen, winnerOf } from './verdict.ts'
import { directory, longestGapMs, name, volumes } from './workload.ts'
import { ledgerOn, type ProcessName, type Scene, type World } from './world.ts'

export type Case = {
  // journey/step/where/fault
  readonly id: string
  readonly journey: Journey
  readonly place: Place
  readonly fault: Fault
}

export type Result = {
  readonly id: string
  // null: at no failpoint.
  readonly point: Point | null
  readonly ending: Ending
  readonly breaches: readonly Breach[]
  // From the blow to the migration's end.
  readonly recoveryMs: number
  // The longest time in which the workload acknowledged nothing.
  readonly downtimeMs: number
  readonly tookMs: number
  // What `dray migrations ID` prints: last seen while the fault lasted, and in the end.
  readonly said: { readonly meanwhile: string; readonly finally: string }
}

type Deadlines = {
  // For the migration to end, once the fault is mended.
  readonly endMs: number
  // Then for the winner alone to run, and for it to acknowledge more.
  readonly runMs: number
  readonly goOnMs: number
}
const usualDeadlines: Deadlines = { endMs: 90_000, runMs: 20_000, goOnMs: 15_000 }

export type PlayOptions = {
  // What the product leaves out, to see that the verdict is not blind: failpoints of each process.
  readonly bugs?: Partial<Record<ProcessName, Readonly<Record<string, string>>>>
  readonly deadlines?: Partial<Deadlines>
}

const paint: Paint = (_format, text) => text

const hasTurnedBack = ({ steps }: Migration): boolean =>
  steps.some(({ state }) => state === 'failed' || state === 'undoing' || state === 'undone')

const waitOut = async (world: World, id: string, { over }: Fault): Promise<Migration | undefined> => {
  let last = await lookAt(world, id)
  if (over === 'at-once') return last
  const until = performance.now() + over.lastsMs
  while (performance.now() < until) {
    last = (await lookAt(world, id)) ?? last
    if (over.orEnded && last !== undefined && (hasEnded(last.state) || hasTurnedBack(last))) break
    await pause(100)
  }
  return last
}

const both = async (world: World) => ({
  source: await holdingsOf(world.source),
  target: await holdingsOf(world.target),
})

// An engine that has just come back may still be starting what it should, and an agent stopping what must not run.
const untilOneRuns = (
  world: World,
  { members }: Migration,
  winner: 'source' | 'target',
  deadlineMs: number,
): Promise<boolean> =>
  eventually('the winner alone to run', deadlineMs, async () => {
    const held = await both(world)
    const loser = winner === 'source' ? 'target' : 'source'
    const runs = (side: 'source' | 'target', container: string) => held[side].containers[container]?.running === true
    return members.every((member) => runs(winner, member.name) && !runs(loser, member.name))
  }).catch(() => false)

// What rsync would change to make the rest of the winner's data that of the copy that is set aside.
const differencesOf = async (world: World, migration: Migration, ending: Ending): Promise<string> => {
  if (ending === 'put-back' || ending === 'removed' || ending === 'kept') return ''
  const folder = (host: LabHost, volume: string) => join(host.dataRoot, 'volumes', volume)
  const [winner, other, aside] =
    ending === 'arrived'
      ? [world.target, world.source, migration.id]
      : [world.source, world.target, migration.followedBy ?? '']
  const found = Object.values(volumes).map((volume) =>
    differences(`${folder(other, volume)}/_data.drayage-${aside}`, `${folder(winner, volume)}/_data`, ['/ledger']),
  )
  // A directory of the host stays where it is; in most journeys there is none.
  const [left, taken] = [other, winner].map((host) => join(srvOf(host), directory)) as [string, string]
  if (existsSync(left)) found.push(differences(left, taken))
  return (await Promise.all(found.map((one) => one.catch((failure: Error) => failure.message)))).join('')
}

// What an agent was told while it was frozen it may still be doing when everybody has given up its answer.
const settled = async (world: World): Promise<Seen['after']> => {
  const isForgetting = ({ notes }: Holdings) => notes.some((note) => note.startsWith(roundsOf))
  const look = async () => {
    const found = await both(world)
    return isForgetting(found.source) || isForgetting(found.target) ? false : found
  }
  return eventually('the agents to have forgotten', 10_000, look).catch(() => both(world))
}

const see = async (
  world: World,
  { witness }: Scene,
  migration: Migration,
  again: () => Promise<Migration>,
  before: Seen['before'],
  { runMs, goOnMs }: Deadlines,
): Promise<Seen> => {
  const ending = endingOf(migration)
  const winner = winnerOf(ending)
  const runs = hasEnded(migration.state) && (await untilOneRuns(world, migration, winner, runMs))
  const after = await settled(world)
  const hostname = after[winner].containers[name]?.hostname
  const acknowledgedThere = async () =>
    (await witness.acknowledged()).filter((line) => line.hostname === hostname).at(-1)?.number ?? 0
  const soFar = await acknowledgedThere()
  const goesOn =
    runs &&
    (await eventually('it to go on', goOnMs, async () => (await acknowledgedThere()) > soFar).catch(() => false))
  // Before the ledger is read: what is acknowledged afterwards may be in it, too.
  const acknowledged = await witness.acknowledged()
  return {
    migration,
    repeatedId: await again().then(
      ({ id }) => id,
      (refusal: Error) => refusal.message,
    ),
    before,
    after,
    together: await witness.together(),
    acknowledged,
    ledger: await ledgerOn(world[winner]),
    differences: await differencesOf(world, migration, ending),
    goesOn,
    hooks: await witness.hooks(),
  }
}

export const play = async (lab: World, one: Case, options: PlayOptions = {}): Promise<Result> => {
  const { journey, place, fault } = one
  const startedAt = performance.now()
  const deadlines = { ...usualDeadlines, ...options.deadlines }
  const scene = await lab.begin()
  const led = await journey.lead(lab, scene)
  const world = along(journey, lab)
  const before = await both(world)
  const earlier = (await scene.witness.acknowledged()).length
  const key = randomUUID()
  const ask = () => journey.ask(world, key, led, scene)
  for (const [process, told] of Object.entries(options.bugs ?? {})) {
    for (const [at, action] of Object.entries(told)) await world.failpoints(process as ProcessName).tell(at, action)
  }
  await journey.arrange(world)
  const { id, release } = await place.reach(world, ask)
  const struckAt = performance.now()
  const { mend } = await fault.strike(world)
  const released = await release()
  const meanwhile = await waitOut(world, id, fault)
  await mend()
  if (!released) await eventually('it to be let go on', 60_000, release)
  const migration = await untilEnd(world, id, deadlines.endMs)
  const recoveryMs = Math.round(performance.now() - struckAt)
  const seen = await see(world, scene, migration, ask, before, deadlines)
  return {
    id: one.id,
    point: place.point,
    ending: endingOf(migration),
    breaches: judge(seen),
    recoveryMs,
    downtimeMs: longestGapMs(seen.acknowledged.slice(Math.max(0, earlier - 1))),
    tookMs: Math.round(performance.now() - startedAt),
    said: {
      meanwhile: meanwhile === undefined ? '' : migrationText(meanwhile, paint),
      finally: migrationText(migration, paint),
    },
  }
}

// As it stands then, ended or not.
const untilEnd = async (world: World, id: string, endMs: number): Promise<Migration> => {
  const giveUpAt = performance.now() + endMs
  for (;;) {
    const migration = await lookAt(world, id)
    const isOver = migration !== undefined && (await isSettled(world, migration))
    // Once more: its state may be another since its way back has ended.
    if (isOver || (migration !== undefined && performance.now() > giveUpAt))
      return (await lookAt(world, id)) ?? migration
    if (performance.now() > giveUpAt + 60_000) throw new Error('The coordinator does not answer.')
    await pause(50)
  }
}
