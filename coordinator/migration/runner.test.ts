// One move, of one to three containers, against a model of two hosts, with a fault at any call: thousands of generated runs. Ways back and finalizing
// are in way-back.model.test.ts. What runs on real engines is tested in test/.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Played, play, type Scenario, scenarios, undisturbed } from './testing/play.ts'

const moves = scenarios(
  fc.constant(['move'] as const),
  fc.constant('up'),
  fc.constantFrom('none', 'succeeds', 'fails-and-that-is-well'),
)

const always = (property: (outcome: Played['records'][number] & Played, scenario: Scenario) => void) =>
  fc.assert(
    fc.asyncProperty(moves, async (scenario) => {
      const played = await play(scenario)
      const [only] = played.records
      if (only === undefined) throw new Error('nothing was played')
      property({ ...played, ...only }, scenario)
    }),
    { numRuns: 1_000 },
  )

const ownersOf = ({ world, journal }: Played) =>
  world.firsts.map(({ id }) => world.copyAt(journal.owner(id)?.host ?? 'host-1', journal.owner(id)?.containerId ?? id))
const onTarget = (played: Played) => ownersOf(played)[0]

test('without faults it moves, and the target holds what the source wrote', async () => {
  const played = await play(undisturbed)
  expect(played.records).toMatchObject([{ record: { state: 'awaiting-finalize' } }])
  expect(played.journal.owner()).toMatchObject({ host: 'host-2' })
  expect(onTarget(played)).toMatchObject({ running: true, starts: 1 })
  expect(onTarget(played)?.writes).toEqual(expect.arrayContaining([...played.world.acknowledged()]))
  expect(played.world.first).toMatchObject({
    ...{ running: false, isolated: true, policy: 'no', holder: null, retiredBy: 'migration-1' },
  })
})

test.each([2, 3] as const)(
  '%i that move together have one commit, and each its own lease, copy and end',
  async (members) => {
    const played = await play({ ...undisturbed, members })
    const [only] = played.records
    expect(only?.record).toMatchObject({ state: 'awaiting-finalize' })
    expect(new Set(only?.record.members.map(({ lease }) => lease?.workloadId)).size).toBe(members)
    expect(only?.record.members.map(({ lease }) => lease?.migrationId)).toEqual(
      ['migration-1', 'migration-1.2', 'migration-1.3'].slice(0, members),
    )
    expect(ownersOf(played)).toMatchObject(Array.from({ length: members }, () => ({ running: true, starts: 1 })))
    expect(played.world.violations()).toEqual([])
  },
)

test('the generated runs reach every end', async () => {
  const states = new Set<string | undefined>()
  for (const scenario of fc.sample(moves, { numRuns: 1_000, seed: 1 })) {
    states.add((await play(scenario)).records[0]?.record.state)
  }
  expect([...states].toSorted()).toEqual(['awaiting-finalize', 'cancelled', 'failed', 'rolled-back'])
})

test('I1: the two copies never run at once, whatever fails wherever', async () => {
  await always(({ world }) => expect(world.everBothRunning()).toBe(false))
})

test('no agent is asked for what would harm', async () => {
  await always(({ world }) => expect(world.violations()).toEqual([]))
})

test('I2, I3: the owner is the target exactly when it is past the commit, and then it has the data', async () => {
  await always((outcome) => {
    const { world, journal, committed } = outcome
    for (const [index, owner] of ownersOf(outcome).entries()) {
      const first = world.firsts[index]
      expect(journal.owner(first?.id)?.host ?? 'host-1').toBe(committed ? 'host-2' : 'host-1')
      expect(owner?.writes).toEqual(expect.arrayContaining([...world.acknowledged(owner?.member)]))
      if (committed) expect(first).toMatchObject({ running: false, isolated: true })
    }
    expect(onTarget(outcome)?.shared).toEqual(expect.arrayContaining([...world.acknowledged('shared')]))
  })
})

test('I5, I8: what did not move is as it was, on both hosts', async () => {
  await always(({ before, after, committed }) => {
    if (!committed) expect(after).toBe(before)
  })
})

test('I4: the target is started once however often it is asked, and not at all when the source had ended by itself', async () => {
  await always((outcome, { sourceRuns }) => {
    if (outcome.record.state !== 'awaiting-finalize') return
    for (const owner of ownersOf(outcome)) expect(owner?.starts).toBe(sourceRuns ? 1 : 0)
  })
})

test('I7: what did not move says why', async () => {
  await always(({ record }) => {
    if (record.state !== 'awaiting-finalize') expect(record.error?.message).toBeTruthy()
  })
})

test('a hook is run before the stop and after the start of every container that runs, and stands in the way only of what it precedes', async () => {
  await always(({ world, record, committed }, { hooks, sourceRuns }) => {
    const ran = (name: string) => world.hooksRun().filter((run) => run.name === name).length
    if (committed && sourceRuns && hooks['pre-stop'] !== 'none') expect(ran('pre-stop')).toBeGreaterThan(0)
    if (committed && sourceRuns) expect(hooks['pre-stop']).not.toBe('fails')
    if (record.state === 'awaiting-finalize' && sourceRuns && hooks['post-start'] !== 'none') {
      expect(ran('post-start')).toBeGreaterThan(0)
    }
    if (!sourceRuns) expect(world.hooksRun()).toEqual([])
  })
})

test('a pause leaves the source as it runs, and what was resumed goes on to its end', async () => {
  await always(({ pauses }, { sourceRuns }) => {
    for (const pause of pauses) expect(pause.sourceRuns).toBe(sourceRuns)
  })
  let paused = 0
  for (let pauseAtCall = 0; pauseAtCall < 40; pauseAtCall++) {
    const { pauses, records } = await play({ ...undisturbed, pauseAtCall })
    paused += pauses.length
    expect(records[0]?.record.state).toBe('awaiting-finalize')
  }
  expect(paused).toBeGreaterThan(5)
})

test('a hook whose answer came is not run again, and one whose answer was lost is', async () => {
  const hooks = { 'pre-stop': 'succeeds', 'post-start': 'fails-and-that-is-well' } as const
  const { world, records } = await play({ ...undisturbed, hooks })
  expect(world.hooksRun().map(({ name }) => name)).toEqual(['pre-stop', 'post-start'])
  expect(records[0]?.record.warnings).toMatchObject([{ code: 'hook-failed' }])
  const lost = await play({ ...undisturbed, hooks, lose: 'hook' })
  expect(lost.world.hooksRun().map(({ name }) => name)).toEqual(['pre-stop', 'pre-stop', 'post-start'])
  expect(await lost.journal.hookRuns('migration-1')).toMatchObject([
    { outcome: 'unknown', endedAt: null },
    { outcome: 'succeeded' },
    { outcome: 'failed', exitCode: 1 },
  ])
})
