// One case: the workload is moved, the migration stands still at a point, a fault strikes, the migration goes on, the
// fault is mended, the migration ends, and what is seen is judged.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Paint } from '../../cli/display/colour.ts'
import { migrationText } from '../../cli/display/outcome.ts'
import { hasEnded, type Migration } from '../../shared/api/migrations.ts'
import { differences } from '../e2e/moving.ts'
import { eventually } from '../lab/wait.ts'
import type { Fault } from './faults.ts'
import { holdingsOf } from './holdings.ts'
import type { Journey } from './journeys.ts'
import type { Point, StepPoints } from './points.ts'
import { type Breach, judge, type Seen } from './verdict.ts'
import { longestGapMs, name, volumes } from './workload.ts'
import { ledgerOn, type ProcessName, type Scene, startMove, type World } from './world.ts'

export type Case = {
  // journey/step/where/fault
  readonly id: string
  readonly journey: Journey
  readonly step: StepPoints
  readonly point: Point
  readonly fault: Fault
}

export type Result = {
  readonly id: string
  readonly point: Point
  readonly state: Migration['state']
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

// The coordinator may be away, or frozen.
const ask = async ({ lab }: World, id: string): Promise<Migration | undefined> => {
  try {
    const response = await fetch(`${lab.coordinator.url}/v1/migrations/${id}`, {
      headers: { authorization: `Bearer ${lab.coordinator.token}` },
      signal: AbortSignal.timeout(1_000),
    })
    return response.ok ? ((await response.json()) as Migration) : undefined
  } catch {
    return undefined
  }
}

const hasTurnedBack = ({ steps }: Migration): boolean =>
  steps.some(({ state }) => state === 'failed' || state === 'undoing' || state === 'undone')

const standStillAt = async (world: World, { journey, step, point }: Case, key: string): Promise<string> => {
  await journey.arrange(world)
  const coordinator = world.failpoints('coordinator')
  await coordinator.tell(step.before.name, 'hang')
  const { id } = await startMove(world, key)
  await coordinator.untilReached(step.before.name)
  if (point.process === 'coordinator' && point.name === step.before.name) return id
  const there = world.failpoints(point.process)
  await there.tell(point.name, 'hang')
  await coordinator.untell(step.before.name)
  await there.untilReached(point.name)
  return id
}

const waitOut = async (world: World, id: string, { over }: Fault): Promise<Migration | undefined> => {
  let last = await ask(world, id)
  if (over === 'at-once') return last
  const until = performance.now() + over.lastsMs
  while (performance.now() < until) {
    last = (await ask(world, id)) ?? last
    if (over.orEnded && last !== undefined && (hasEnded(last.state) || hasTurnedBack(last))) break
    await pause(100)
  }
  return last
}

// An engine that has just come back may still be starting what it should, and an agent stopping what must not run.
const untilOneRuns = (world: World, winner: 'source' | 'target', deadlineMs: number): Promise<boolean> =>
  eventually('the winner alone to run', deadlineMs, async () => {
    const [source, target] = await Promise.all([holdingsOf(world.source), holdingsOf(world.target)])
    const runs = { source: source.containers[name]?.running, target: target.containers[name]?.running }
    return runs[winner] === true && runs[winner === 'source' ? 'target' : 'source'] !== true
  }).catch(() => false)

const lookAt = async (
  world: World,
  scene: Scene,
  migration: Migration,
  key: string,
  { runMs, goOnMs }: Deadlines,
): Promise<Seen> => {
  const { witness } = scene
  const moved = migration.state === 'awaiting-finalize'
  const winner = moved ? 'target' : 'source'
  const runs = hasEnded(migration.state) && (await untilOneRuns(world, winner, runMs))
  const after = { source: await holdingsOf(world.source), target: await holdingsOf(world.target) }
  const hostname = after[winner].containers[name]?.hostname
  const acknowledgedThere = async () =>
    (await witness.acknowledged()).filter((line) => line.hostname === hostname).at(-1)?.number ?? 0
  const soFar = await acknowledgedThere()
  const goesOn =
    runs &&
    (await eventually('it to go on', goOnMs, async () => (await acknowledgedThere()) > soFar).catch(() => false))
  const acknowledged = await witness.acknowledged()
  const rsync = async (volume: string) => {
    const [from, to] = [world.source, world.target].map((host) => join(host.dataRoot, 'volumes', volume))
    return differences(`${from}/_data.drayage-${migration.id}`, `${to}/_data`, ['/ledger']).catch(
      (failure: Error) => failure.message,
    )
  }
  return {
    migration,
    repeatedId: await startMove(world, key).then(
      ({ id }) => id,
      (refusal: Error) => refusal.message,
    ),
    before: scene.before,
    after,
    together: await witness.together(),
    acknowledged,
    ledger: await ledgerOn(world[winner]),
    differences: moved ? (await Promise.all(Object.values(volumes).map(rsync))).join('') : '',
    goesOn,
  }
}

export const play = async (world: World, one: Case, options: PlayOptions = {}): Promise<Result> => {
  const startedAt = performance.now()
  const deadlines = { ...usualDeadlines, ...options.deadlines }
  const scene = await world.begin()
  const key = randomUUID()
  for (const [process, told] of Object.entries(options.bugs ?? {})) {
    for (const [place, action] of Object.entries(told)) {
      await world.failpoints(process as ProcessName).tell(place, action)
    }
  }
  const id = await standStillAt(world, one, key)
  const struckAt = performance.now()
  const { mend } = await one.fault.strike(world)
  await world.failpoints('coordinator').untell(one.step.before.name)
  await world.failpoints(one.point.process).untell(one.point.name)
  const meanwhile = await waitOut(world, id, one.fault)
  await mend()
  const giveUpAt = performance.now() + deadlines.endMs
  let migration = await ask(world, id)
  while (migration === undefined || !hasEnded(migration.state)) {
    if (performance.now() > giveUpAt && migration !== undefined) break
    if (performance.now() > giveUpAt + 60_000) throw new Error('The coordinator does not answer.')
    await pause(50)
    migration = (await ask(world, id)) ?? migration
  }
  const recoveryMs = Math.round(performance.now() - struckAt)
  const seen = await lookAt(world, scene, migration, key, deadlines)
  return {
    id: one.id,
    point: one.point,
    state: migration.state,
    breaches: judge(seen),
    recoveryMs,
    downtimeMs: longestGapMs(seen.acknowledged),
    tookMs: Math.round(performance.now() - startedAt),
    said: {
      meanwhile: meanwhile === undefined ? '' : migrationText(meanwhile, paint),
      finally: migrationText(migration, paint),
    },
  }
}
