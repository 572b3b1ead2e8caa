// The saga against a model of two hosts, with a fault at any call: thousands of generated runs. What runs on real
// engines is tested in test/.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MigrationRecord } from './record.ts'
import { accepted } from './record.ts'
import { createRunner, type Runner } from './runner.ts'
import { createMemoryJournal } from './testing/memory-journal.ts'
import { createTwoHosts, type Fault, volumeName } from './testing/two-hosts.ts'

// Few and anywhere: most runs get far, so that late steps meet their faults too.
const faults: fc.Arbitrary<readonly Fault[]> = fc
  .array(
    fc.record({
      at: fc.nat({ max: 48 }),
      fault: fc.constantFrom<Fault>(
        'lost-request',
        'lost-reply',
        'refused',
        'coordinator-dies-before',
        'coordinator-dies-after',
      ),
    }),
    { maxLength: 6 },
  )
  .map((sparse) => {
    const calls: Fault[] = Array.from({ length: 49 }, () => 'none')
    for (const { at, fault } of sparse) calls[at] = fault
    return calls
  })

type Scenario = {
  readonly faults: readonly Fault[]
  readonly sourceRuns: boolean
  readonly imageThere: boolean
  readonly cancelAtCall: number | null
}

const scenarios: fc.Arbitrary<Scenario> = fc.record({
  faults,
  sourceRuns: fc.boolean(),
  imageThere: fc.boolean(),
  cancelAtCall: fc.option(fc.nat({ max: 43 })),
})

const id = 'migration-1'

const play = async ({ faults, sourceRuns, imageThere, cancelAtCall }: Scenario) => {
  let timeMs = 0
  const now = () => new Date(timeMs)
  const clock = {
    now,
    sleep: async (ms: number) => {
      timeMs += ms
    },
  }
  const journal = createMemoryJournal(now)
  let calls = 0
  let life = { runner: null as Runner | null, stopping: new AbortController() }
  const world = createTwoHosts(() => {
    if (calls === cancelAtCall) {
      journal.requestCancel(id)
      life.runner?.interrupt(id)
    }
    const next = faults[calls++] ?? 'none'
    // A process that died writes nothing more.
    if (next.startsWith('coordinator-dies')) life.stopping.abort()
    return next
  })
  world.source.running = sourceRuns
  world.target.image = imageThere

  await journal.create({
    id,
    request: accepted({ container: 'web', from: 'host-1', to: 'host-2' }),
    containerId: 'c1',
    containerName: 'web',
    plan: {
      container: { id: 'c1', name: 'web', state: 'running' },
      from: 'host-1',
      to: 'host-2',
      image: { reference: 'app:1', sizeBytes: 10, presentOnTarget: imageThere },
      volumes: [
        { name: volumeName, destination: '/data', anonymous: false, entries: 1, contentBytes: 21, diskBytes: 4096 },
      ],
      networks: [],
      ports: [],
      totalBytes: 21,
      targetFreeBytes: 1e9,
      warnings: [],
      refusals: [],
    },
    idempotencyKey: null,
  })

  const events = { changed: () => {}, progress: () => {}, waiting: () => {} }
  for (let lives = 0; lives < faults.length + 2; lives++) {
    life = {
      runner: createRunner({ journal, hosts: world.hosts, clock, events, patienceMs: 2_000, settleMs: 3_000 }),
      stopping: new AbortController(),
    }
    await life.runner?.drive(id, life.stopping.signal)
    const record = await journal.find(id)
    if (record?.endedAt) return { world, record, owner: journal.owner() }
  }
  throw new Error('it never ended')
}

const always = (property: (outcome: Awaited<ReturnType<typeof play>>, scenario: Scenario) => void) =>
  fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      property(await play(scenario), scenario)
    }),
    { numRuns: 3_000 },
  )

const moved = (record: MigrationRecord) => record.state === 'awaiting-finalize'

test('without faults it moves, and the target holds what the source wrote', async () => {
  const { world, record, owner } = await play({ faults: [], sourceRuns: true, imageThere: false, cancelAtCall: null })
  expect(record.state).toBe('awaiting-finalize')
  expect(owner).toBe('host-2')
  expect(world.target).toMatchObject({ running: true, starts: 1, volume: 'written by the source' })
  expect(world.source).toMatchObject({
    running: false,
    isolated: true,
    retired: true,
    restartPolicy: 'no',
    held: false,
  })
})

test('the generated runs reach every end', async () => {
  const states = new Set<string>()
  for (const scenario of fc.sample(scenarios, { numRuns: 1_000, seed: 7 }))
    states.add((await play(scenario)).record.state)
  expect([...states].toSorted()).toEqual(['awaiting-finalize', 'cancelled', 'failed', 'rolled-back'])
})

test('I1: the two copies never run at once, whatever fails wherever', async () => {
  await always(({ world }) => expect(world.everBothRunning()).toBe(false))
})

test('I2, I3: the owner is the target exactly when it moved or failed past the commit, and then it has the data', async () => {
  await always(({ world, record, owner }) => {
    const past = moved(record) || record.state === 'failed'
    expect(owner).toBe(past ? 'host-2' : null)
    if (past) expect(world.target.volume).toBe('written by the source')
    if (past) expect(world.source).toMatchObject({ running: false, isolated: true })
  })
})

test('I5, I8: what did not move is as it was, on both hosts', async () => {
  await always(({ world, record }, { sourceRuns, imageThere }) => {
    if (moved(record) || record.state === 'failed') return
    expect(world.source).toMatchObject({
      running: sourceRuns,
      restartPolicy: 'always',
      isolated: false,
      held: false,
      retired: false,
    })
    expect(world.target).toMatchObject({ image: imageThere, container: false, volume: null, running: false })
  })
})

test('I4: the target is started once however often it is asked, and not at all when the source had ended by itself', async () => {
  await always(({ world, record }, { sourceRuns }) => {
    if (moved(record)) expect(world.target.starts).toBe(sourceRuns ? 1 : 0)
  })
})

test('I7: what did not move says why', async () => {
  await always(({ record }) => {
    if (!moved(record)) expect(record.error?.message).toBeTruthy()
  })
})
