// Moves, ways back and finalizes in any order, with targets that do not come up, against a model of two hosts, with a
// fault at any call: thousands of generated runs.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ComesUp } from './testing/model-host.ts'
import { type Played, play, type Scenario, scenarios, undisturbed, type Wish } from './testing/play.ts'
import type { Fault } from './testing/two-hosts.ts'

const wishes = fc
  .array(fc.constantFrom<Wish>('move', 'move', 'return', 'return', 'discard', 'finalize', 'finalize-the-first'), {
    maxLength: 4,
  })
  .map((rest): readonly Wish[] => ['move', ...rest])
const journeys = scenarios(
  wishes,
  fc.oneof({ weight: 4, arbitrary: fc.constant<ComesUp>('up') }, fc.constantFrom<ComesUp>('never-starts', 'unhealthy')),
)

const always = (property: (outcome: Played, scenario: Scenario) => void) =>
  fc.assert(
    fc.asyncProperty(journeys, async (scenario) => {
      property(await play(scenario), scenario)
    }),
    { numRuns: 500 },
  )

const owners = ({ world, journal }: Played) =>
  world.firsts.map(({ id }) => {
    const { host, containerId } = journal.owner(id) ?? { host: 'host-1', containerId: id }
    return world.copyAt(host, containerId)
  })
const owner = (played: Played) => owners(played)[0]
const states = ({ records }: Played) => records.map(({ record: { kind, state } }) => `${kind} ${state}`)

test('there, back, there and back again: each uses what the one before has kept, and loses nothing', async () => {
  const played = await play({ ...undisturbed, wishes: ['move', 'return', 'move', 'return', 'move'] })
  expect(states(played)).toEqual([
    ...['move completed', 'return completed', 'move completed', 'return completed', 'move awaiting-finalize'],
  ])
  expect(played.world.one.copies.size).toBe(1)
  expect(played.world.two.copies.size).toBe(1)
  expect(owner(played)?.writes).toEqual(expect.arrayContaining([...played.world.acknowledged()]))
  expect(owner(played)).toMatchObject({ running: true, policy: 'always', starts: 3 })
})

test('a finalize removes what was kept, and what lives where it once was kept is never removed', async () => {
  const finalized = await play({ ...undisturbed, wishes: ['move', 'finalize'] })
  expect(states(finalized)).toEqual(['move completed', 'finalize completed'])
  expect(finalized.world.one.copies.size).toBe(0)
  const live = await play({ ...undisturbed, wishes: ['move', 'return', 'finalize-the-first'] })
  expect(states(live)).toEqual(['move completed', 'return awaiting-finalize', 'finalize rolled-back'])
  expect(live.records.at(-1)?.record.error?.code).toBe('DRAYAGE_NOTHING_TO_FINALIZE')
  expect(owner(live)).toMatchObject({ id: 'c1', running: true })
})

const unhealthy = async (comesUp: ComesUp, onUnhealthy: Scenario['onUnhealthy']) =>
  play({ ...undisturbed, onUnhealthy, comesUp: ['up', comesUp] })

test.each<[ComesUp]>([['never-starts'], ['unhealthy']])(
  'a target that is %s: it goes back by itself, with what it wrote or without, or stays, or is stopped',
  async (comesUp) => {
    for (const wish of ['return', 'discard'] as const) {
      const played = await unhealthy(comesUp, wish)
      expect(states(played)).toEqual(['move rolled-back', 'return awaiting-finalize'])
      expect(played.records[0]?.record.followedBy).toBe(played.records[1]?.record.id)
      expect(owner(played)).toMatchObject({
        id: 'c1',
        running: true,
        policy: 'always',
        isolated: false,
        retiredBy: null,
      })
      if (wish === 'return') {
        expect(owner(played)?.writes).toEqual(expect.arrayContaining([...played.world.acknowledged()]))
      }
    }
    const kept = await unhealthy(comesUp, 'keep')
    expect(states(kept)).toEqual(['move failed'])
    expect(owner(kept)?.running).toBe(comesUp === 'unhealthy')
    const stopped = await unhealthy(comesUp, 'stop')
    expect(states(stopped)).toEqual(['move failed'])
    expect(owner(stopped)?.running).toBe(false)
  },
)

test('what goes back by itself goes back, whatever is refused once on its way', async () => {
  const calls = 60
  let refusedOnTheWay = 0
  for (let at = 0; at < calls; at += 1) {
    const faults = Array.from({ length: calls }, (_, call): Fault => (call === at ? 'refused' : 'none'))
    const played = await play({ ...undisturbed, comesUp: ['up', 'never-starts'], faults })
    const back = played.records.find(({ record: { kind } }) => kind === 'return')
    if (back === undefined) continue
    refusedOnTheWay += 1
    // Past its commit, an answer to the start that says nothing of the container is for somebody to look at.
    expect([at, owner(played)]).toMatchObject([at, { id: 'c1', isolated: false }])
    if (back.record.state !== 'failed') expect([at, owner(played)?.running]).toEqual([at, true])
  }
  expect(refusedOnTheWay).toBeGreaterThan(20)
})

test('a way back that does not come up either is not sent to and fro', async () => {
  const played = await play({ ...undisturbed, comesUp: ['unhealthy', 'unhealthy'] })
  expect(states(played)).toEqual(['move failed', 'return failed'])
  expect(played.journal.owner()).toMatchObject({ host: 'host-1' })
})

test('the generated journeys reach every end of every kind', async () => {
  const seen = new Set<string>()
  for (const scenario of fc.sample(journeys, { numRuns: 800, seed: 11 })) {
    for (const state of states(await play(scenario))) seen.add(state)
  }
  expect([...seen].toSorted()).toEqual([
    ...['finalize cancelled', 'finalize completed', 'finalize rolled-back'],
    ...['move awaiting-finalize', 'move cancelled', 'move completed', 'move failed', 'move rolled-back'],
    ...['return awaiting-finalize', 'return cancelled', 'return completed', 'return failed', 'return rolled-back'],
  ])
})

test('I1: no two copies ever run at once', async () => {
  await always(({ world }) => expect(world.everBothRunning()).toBe(false))
})

test('no agent is asked for what would harm, and a kept copy that nobody has touched never looks changed', async () => {
  await always(({ world }) => expect(world.violations()).toEqual([]))
})

test('I2: every acknowledged write is in the owner’s copy, unless it was asked to discard some', async () => {
  await always((played, { onUnhealthy, wishes: asked }) => {
    if (asked.includes('discard') || onUnhealthy === 'discard') return
    for (const copy of owners(played)) {
      expect(copy?.writes).toEqual(expect.arrayContaining([...played.world.acknowledged(copy?.member)]))
    }
    expect(owner(played)?.shared).toEqual(expect.arrayContaining([...played.world.acknowledged('shared')]))
  })
})

test('I3: there is one owner, which is there, and is not retired, set aside or half copied when all has ended', async () => {
  await always((played) => {
    for (const copy of owners(played)) expect(copy).toBeDefined()
    const last = played.records.at(-1)?.record
    const stuckAtTheEnd = played.records.some(({ record }) => record.state === 'failed')
    if (stuckAtTheEnd || last === undefined) return
    for (const copy of owners(played)) {
      expect(copy).toMatchObject({ retiredBy: null, isolated: false, partial: false, holder: null, policy: 'always' })
    }
  })
})

test('I5, I8: what was put back has left both hosts as they were', async () => {
  await always(({ records }) => {
    for (const { record, before, after } of records) {
      if (record.kind === 'finalize') continue
      if (record.state === 'cancelled') expect(after).toBe(before)
    }
    for (const { record, committed, before, after } of records) {
      if (record.kind !== 'finalize' && !committed) expect(after).toBe(before)
    }
  })
})

test('I5: beside the owner there is at most what the newest committed migration has kept', async () => {
  await always(({ world, records }, { members }) => {
    if (records.some(({ record }) => record.state === 'failed')) return
    for (const host of [world.one, world.two]) {
      expect(host.copies.size).toBeLessThanOrEqual(members)
      expect([...host.notes.keys()]).toEqual([])
    }
  })
})

test('I7: what did not do what it was asked says why', async () => {
  await always(({ records }) => {
    for (const { record } of records) {
      const isDone = record.state === 'awaiting-finalize' || record.state === 'completed'
      if (!isDone) expect(record.error?.message).toBeTruthy()
    }
  })
})
