// Plays what operators ask for, one after the other, on the model of two hosts, with a fault at any call and a coordinator
// that may die at each.
import fc from 'fast-check'
import type { OnUnhealthy } from '../../../shared/api/migration-options.ts'
import { hasEnded } from '../../../shared/api/migrations.ts'
import { startHasFailed } from '../decide.ts'
import { finalizeOf, wayBack } from '../follow-up.ts'
import { accepted, type MigrationRecord, type NewMigration } from '../record.ts'
import { createRunner, type Runner } from '../runner.ts'
import { mayPause } from '../turns/pause.ts'
import { factsOf } from '../view/view.ts'
import { createMemoryJournal } from './memory-journal.ts'
import { type ComesUp, type Member, volumeName } from './model-host.ts'
import { type HookFate, type HookFates, noHooks } from './model-workload.ts'
import { createTwoHosts, type Fault } from './two-hosts.ts'

// move: from where it is to the other host. return, discard, finalize: of the last one that was committed. again: the
// same finalize once more, of one that is done or was never due.
export type Wish = 'move' | 'return' | 'discard' | 'finalize' | 'finalize-the-first'

export type Scenario = {
  readonly wishes: readonly Wish[]
  // How many move together.
  readonly members: Member
  readonly faults: readonly Fault[]
  readonly sourceRuns: boolean
  readonly imageThere: boolean
  readonly cancelAtCall: number | null
  // Asked for a pause then, if it may be, and resumed as soon as it is paused.
  readonly pauseAtCall: number | null
  readonly onUnhealthy: OnUnhealthy
  readonly comesUp: readonly [ComesUp, ComesUp]
  readonly hooks: HookFates
  // The first answer to this call is lost.
  readonly lose?: string
}

const mostCalls = 120

// Few and anywhere: most runs get far, so that late steps meet their faults too.
export const someFaults: fc.Arbitrary<readonly Fault[]> = fc
  .array(
    fc.record({
      at: fc.nat({ max: mostCalls - 1 }),
      fault: fc.constantFrom<Fault>(
        'lost-request',
        'lost-reply',
        'late',
        'refused',
        'coordinator-dies-before',
        'coordinator-dies-after',
      ),
    }),
    { maxLength: 8 },
  )
  .map((sparse) => {
    const calls: Fault[] = Array.from({ length: mostCalls }, () => 'none')
    for (const { at, fault } of sparse) calls[at] = fault
    return calls
  })

const hookFate = fc.constantFrom<HookFate>('none', 'none', 'none', 'succeeds', 'fails', 'fails-and-that-is-well')

export const scenarios = (
  wishes: fc.Arbitrary<readonly Wish[]>,
  comesUp: fc.Arbitrary<ComesUp>,
  postStart: fc.Arbitrary<HookFate> = hookFate,
): fc.Arbitrary<Scenario> =>
  fc.record({
    wishes,
    members: fc.constantFrom<Member>(1, 1, 2, 3),
    faults: someFaults,
    sourceRuns: fc.boolean(),
    imageThere: fc.boolean(),
    cancelAtCall: fc.option(fc.nat({ max: mostCalls - 1 })),
    pauseAtCall: fc.option(fc.nat({ max: mostCalls - 1 })),
    onUnhealthy: fc.constantFrom<OnUnhealthy>('return', 'discard', 'keep', 'stop'),
    comesUp: fc.tuple(comesUp, comesUp),
    hooks: fc.record({ 'pre-stop': hookFate, 'post-start': postStart }),
  })

export const undisturbed: Scenario = {
  wishes: ['move'],
  members: 1,
  faults: [],
  sourceRuns: true,
  imageThere: false,
  cancelAtCall: null,
  pauseAtCall: null,
  onUnhealthy: 'return',
  comesUp: ['up', 'up'],
  hooks: noHooks,
}

export type Played = {
  readonly pauses: readonly { readonly sourceRuns: boolean | undefined }[]
  readonly world: ReturnType<typeof createTwoHosts>
  readonly journal: ReturnType<typeof createMemoryJournal>
  // Every migration that there was, in its order, with what both hosts had before it and after.
  readonly records: readonly {
    readonly record: MigrationRecord
    readonly committed: boolean
    readonly before: string
    readonly after: string
  }[]
}

const patienceMs = 2_000

export const play = async (scenario: Scenario): Promise<Played> => {
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
  let driven = ''
  let life = { runner: null as Runner | null, stopping: new AbortController() }
  let { lose } = scenario
  const world = createTwoHosts(
    (call) => {
      if (call === lose) {
        lose = undefined
        return 'lost-reply'
      }
      if (calls === scenario.cancelAtCall && driven !== '') {
        void journal.requestCancel(driven)
        life.runner?.interrupt(driven)
      }
      if (calls === scenario.pauseAtCall && driven !== '') {
        const id = driven
        const { runner } = life
        journal.requestPause(id, mayPause).then(
          () => runner?.hush(id),
          () => {},
        )
      }
      const next = scenario.faults[calls++] ?? 'none'
      // A process that died writes nothing more.
      if (next.startsWith('coordinator-dies')) life.stopping.abort()
      return next
    },
    scenario.hooks,
    scenario.members,
  )
  world.setRunning(scenario.sourceRuns)
  world.two.image = scenario.imageThere
  world.one.image = true
  ;[world.one.comesUp, world.two.comesUp] = scenario.comesUp

  let ids = 0
  const newId = () => `migration-${++ids}`
  const events = { changed: () => {}, progress: () => {}, waiting: () => {} }
  // What a host has, apart from what its volumes hold.
  const holdings = () =>
    JSON.stringify(
      [world.one, world.two].map(({ image, copies }) => ({
        image,
        copies: [...copies.values()].map(
          ({ writes: _, shared: __, starts: ___, partial: ____, remembered: _____, ...rest }) => rest,
        ),
      })),
    )

  const records: Played['records'][number][] = []
  const pauses: Played['pauses'][number][] = []
  const drive = async (id: string): Promise<MigrationRecord> => {
    driven = id
    const before = holdings()
    for (let lives = 0; lives < scenario.faults.length + 3; lives++) {
      const stopping = new AbortController()
      const runner = createRunner({ journal, hosts: world.hosts, clock, events, newId, patienceMs, settleMs: 3_000 })
      life = { runner, stopping }
      await runner.drive(id, stopping.signal)
      const record = await journal.find(id)
      if (record?.state === 'paused') {
        pauses.push({ sourceRuns: world.copyAt(record.request.from, record.members[0]?.containerId ?? '')?.running })
        await journal.requestResume(id)
      }
      if (record === null || record.endedAt === null) continue
      const committed = (await journal.entries(id)).some(({ step, phase }) => step === 'commit' && phase === 'done')
      records.push({ record, committed, before, after: holdings() })
      const next = record.followedBy === null ? null : await journal.find(record.followedBy)
      if (next !== null && !hasEnded(next.state)) await drive(next.id)
      return record
    }
    throw new Error('it never ended')
  }

  const last = () => records.findLast(({ record, committed }) => committed && record.kind !== 'finalize')?.record
  const make = async (wish: Wish): Promise<NewMigration | null> => {
    if (wish === 'move') {
      const owners = world.firsts.map(({ id }) => journal.owner(id) ?? { host: 'host-1', containerId: id })
      return newMove(newId(), owners, scenario)
    }
    const of = wish === 'finalize-the-first' ? records.find(({ committed }) => committed)?.record : last()
    if (of === undefined) return null
    // As the service has it: what was put back or has been followed is nothing to go back from.
    const record = (await journal.find(of.id)) ?? of
    const entries = await journal.entries(of.id)
    const facts = factsOf(entries)
    if (wish === 'finalize' || wish === 'finalize-the-first') {
      const isDue = record.state === 'awaiting-finalize' || (record.state === 'failed' && startHasFailed(entries))
      return isDue || wish === 'finalize-the-first' ? finalizeOf(record, facts, newId(), {}, null) : null
    }
    const owner = journal.owner()
    const isThere = owner?.host === record.request.to && owner.containerId === facts.hold?.[0]?.targetContainerId
    if (!isThere || (record.state !== 'awaiting-finalize' && record.state !== 'failed')) return null
    return wayBack(record, facts, newId(), wish === 'discard' ? { discardWrites: true } : {}, null)
  }

  for (const wish of scenario.wishes) {
    const migration = await make(wish)
    if (migration === null) continue
    await journal.create(migration)
    await drive(migration.id)
  }
  return {
    world,
    journal,
    pauses,
    records: await Promise.all(
      records.map(async (one) => ({ ...one, record: (await journal.find(one.record.id)) ?? one.record })),
    ),
  }
}

const newMove = (
  id: string,
  owners: readonly { readonly host: string; readonly containerId: string }[],
  { onUnhealthy, imageThere }: Scenario,
): NewMigration => {
  const from = owners[0]?.host ?? ''
  const to = from === 'host-1' ? 'host-2' : 'host-1'
  const image = { reference: 'app:1', sizeBytes: 10, presentOnTarget: imageThere }
  const members = owners.map(({ containerId }, index) => ({
    containerId,
    containerName: index === 0 ? 'web' : `web-${index + 1}`,
  }))
  const counted = {
    destination: '/data',
    anonymous: false,
    copied: true,
    traits: [],
    entries: 1,
    contentBytes: 21,
    diskBytes: 4096,
  }
  const volumes = [
    ...members.map((_, index) => (index === 0 ? volumeName : `${volumeName}-${index + 1}`)),
    ...(members.length > 1 ? ['shared'] : []),
  ]
  return {
    id,
    kind: 'move',
    of: null,
    request: accepted({ container: 'web', from, to, options: { onUnhealthy, dependents: 'take' } }),
    terms: {},
    subject: 'web',
    members,
    plan: {
      container: { id: members[0]?.containerId ?? '', name: 'web', state: 'running' },
      members: members.map(({ containerId, containerName }) => ({
        ...{ id: containerId, name: containerName, state: 'running', image, ties: [] },
      })),
      from,
      to,
      image,
      volumes: volumes.map((name) => ({ name, ...counted })),
      ...{ networks: [], ports: [], totalBytes: 21, targetFreeBytes: 1e9, set: [], warnings: [], refusals: [] },
    },
    idempotencyKey: null,
  }
}
