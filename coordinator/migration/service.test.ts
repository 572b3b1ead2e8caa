import { expect, test } from 'vitest'
import type { MigrationEvent } from '../../shared/api/migrations.ts'
import { AppError } from '../../shared/errors.ts'
import type { Workload } from './record.ts'
import { createMigrationService } from './service.ts'
import { nothingElse } from './testing/inventories.ts'
import { createMemoryJournal } from './testing/memory-journal.ts'
import type { Member } from './testing/model-host.ts'
import { noHooks } from './testing/model-workload.ts'
import { createTwoHosts, type Fault } from './testing/two-hosts.ts'

const request = { container: 'web', from: 'host-1', to: 'host-2' }
const inventories = nothingElse
const log = { info: () => {}, error: () => {} }
const clock = { now: () => new Date(), sleep: async () => {} }

const setUp = (nextFault: (call: string) => Fault = () => 'none', size: Member = 1) => {
  const journal = createMemoryJournal(clock.now)
  const world = createTwoHosts(nextFault, noHooks, size)
  return { journal, world, service: createMigrationService({ journal, hosts: world.hosts, clock, log, inventories }) }
}

const watchToEnd = async (events: AsyncIterable<MigrationEvent>) => {
  const seen: MigrationEvent[] = []
  for await (const event of events) seen.push(event)
  return seen
}

const codeOf = async (attempt: Promise<unknown>): Promise<string> => {
  const thrown = await attempt.then(
    () => null,
    (error: unknown) => error,
  )
  return thrown instanceof AppError ? thrown.code : String(thrown)
}

test('who watches a migration sees it from where it is to its end', async () => {
  const { service } = setUp()
  const { migration } = await service.start(request, null)
  const events = await watchToEnd(service.watch(migration.id, new AbortController().signal))
  const last = events.findLast(({ event }) => event === 'migration')
  expect(last?.data).toMatchObject({ state: 'awaiting-finalize', receipt: { volumes: [{ name: 'data' }] } })
})

test('the same idempotency key gives the same migration, and another request under it is refused', async () => {
  const { service } = setUp()
  const [first, second] = await Promise.all([service.start(request, 'k'), service.start(request, 'k')])
  expect(first.migration.id).toBe(second.migration.id)
  expect([first.created, second.created].toSorted()).toEqual([false, true])
  expect(await codeOf(service.start({ ...request, container: 'other' }, 'k'))).toBe('DRAYAGE_IDEMPOTENCY_KEY_REUSED')
})

test('of two requests for the same container one is refused, with the id of the other', async () => {
  const { service } = setUp()
  const outcomes = await Promise.allSettled([service.start(request, null), service.start(request, null)])
  const accepted = outcomes.find((outcome) => outcome.status === 'fulfilled')
  const refused = outcomes.find((outcome) => outcome.status === 'rejected')
  expect(refused?.reason).toMatchObject({
    code: 'DRAYAGE_MIGRATION_IN_PROGRESS',
    details: { migration: accepted?.value.migration.id },
  })
})

test('source and target must differ', async () => {
  const { service } = setUp()
  expect(await codeOf(service.plan({ ...request, to: 'host-1' }))).toBe('DRAYAGE_SAME_HOST')
})

test('device nodes stand against a move that refuses them, and against no other', async () => {
  const { service } = setUp()
  const refusing = { ...request, options: { devices: 'refuse' as const } }
  await expect(service.start(refusing, null)).rejects.toMatchObject({
    code: 'DRAYAGE_DEVICE_NODES',
    message: expect.stringContaining('dev/null'),
  })
  expect((await service.plan({ ...request, options: { devices: 'skip' } })).refusals).toEqual([])
  expect((await service.plan(request)).refusals).toEqual([])
})

test('what the disk of the target did not give back as it was written is written again, and told', async () => {
  const { service, world } = setUp()
  world.two.badRounds = 1
  const { migration } = await service.start(request, null)
  const events = await watchToEnd(service.watch(migration.id, new AbortController().signal))
  expect(events.findLast(({ event }) => event === 'migration')?.data).toMatchObject({
    state: 'awaiting-finalize',
    receipt: { verified: 'reread' },
    warnings: [{ code: 'target-reread', message: expect.stringContaining('some/file') }],
  })
})

test('a target whose disk does so twice in a row gets nothing', async () => {
  const { service, world } = setUp()
  world.two.badRounds = 2
  const { migration } = await service.start(request, null)
  const events = await watchToEnd(service.watch(migration.id, new AbortController().signal))
  expect(events.findLast(({ event }) => event === 'migration')?.data).toMatchObject({
    state: 'rolled-back',
    error: { code: 'DRAYAGE_DIGEST_MISMATCH', step: 'precopy' },
  })
  expect(world.first.running).toBe(true)
})

test('a copy whose digest is not that of the original is never committed, and the source runs on', async () => {
  const { service, world, journal } = setUp()
  world.two.wrongCopies = true
  const { migration } = await service.start(request, null)
  const events = await watchToEnd(service.watch(migration.id, new AbortController().signal))
  expect(events.findLast(({ event }) => event === 'migration')?.data).toMatchObject({
    state: 'rolled-back',
    error: { code: 'DRAYAGE_DIGEST_MISMATCH', step: 'finalcopy' },
  })
  expect((await journal.entries(migration.id)).filter(({ step }) => step === 'commit')).toEqual([])
  expect(world.first.running).toBe(true)
  expect([...world.two.copies.values()]).toEqual([])
})

// As one is: what can be tried again later is told as that.
test.each([
  ['DRAYAGE_HOST_OFFLINE', 'DRAYAGE_HOST_OFFLINE'],
  ['DRAYAGE_HOST_NOT_FOUND', 'DRAYAGE_PLAN_REFUSED'],
] as const)('two hosts that are not there (%s) are two reasons in one answer, of %s', async (each, both) => {
  const journal = createMemoryJournal(clock.now)
  const offline = async (host: string) => {
    throw new AppError(each, `${host} is lost`)
  }
  const service = createMigrationService({
    journal,
    hosts: { online: offline, known: offline },
    clock,
    log,
    inventories,
  })
  await expect(service.start(request, null)).rejects.toMatchObject({
    code: both,
    details: { reasons: [{ message: 'host-1 is lost' }, { message: 'host-2 is lost' }] },
  })
  expect(await journal.list({ limit: 10 })).toEqual([])
})

test('a cancel before the commit puts everything back; one after it is refused', async () => {
  const reached = Promise.withResolvers<void>()
  const { service, world } = setUp((call) => {
    if (call === 'copy') reached.resolve()
    return call === 'copy' && !cancelled ? 'lost-reply' : 'none'
  })
  let cancelled = false
  const { migration } = await service.start(request, null)
  await reached.promise
  await service.cancel(migration.id)
  cancelled = true
  const events = await watchToEnd(service.watch(migration.id, new AbortController().signal))
  expect(events.at(-1)?.data).toMatchObject({ state: 'cancelled' })
  expect(world.first.running).toBe(true)
  expect(await codeOf(service.cancel(migration.id))).toBe('DRAYAGE_MIGRATION_ENDED')

  const second = setUp((call) => (call === 'start' && !letStart ? 'lost-request' : 'none'))
  let letStart = false
  const { migration: moving } = await second.service.start(request, null)
  for await (const { event, data } of second.service.watch(moving.id, new AbortController().signal)) {
    if (event === 'migration' && data.steps.some(({ name, state }) => name === 'start' && state === 'running')) break
  }
  expect(await codeOf(second.service.cancel(moving.id))).toBe('DRAYAGE_PAST_COMMIT')
  letStart = true
  const end = await watchToEnd(second.service.watch(moving.id, new AbortController().signal))
  expect(end.at(-1)?.data).toMatchObject({ state: 'awaiting-finalize' })
})

test('what a stopped coordinator left unfinished goes on in the next one', async () => {
  const { journal, world, service } = setUp((call) => (call === 'copy' && !alive ? 'lost-request' : 'none'))
  let alive = false
  const { migration } = await service.start(request, null)
  await service.stop()
  alive = true
  const next = createMigrationService({ journal, hosts: world.hosts, clock, log, inventories })
  await next.resumeUnfinished()
  const events = await watchToEnd(next.watch(migration.id, new AbortController().signal))
  expect(events.at(-1)?.data).toMatchObject({ state: 'awaiting-finalize' })
})

test('a journal that cannot be written for a while stops a migration, and does not end it', async () => {
  const { journal, world } = setUp()
  let full = true
  const refusing: typeof journal = {
    ...journal,
    append: async (id, entry) => {
      if (full && entry.step === 'finalcopy') throw new Error('database or disk is full')
      await journal.append(id, entry)
    },
  }
  const stoodStill = Promise.withResolvers<void>()
  const telling = { info: () => {}, error: () => stoodStill.resolve() }
  const service = createMigrationService({ journal: refusing, hosts: world.hosts, clock, log: telling, inventories })
  const { migration } = await service.start(request, null)
  await stoodStill.promise
  full = false
  const events = await watchToEnd(service.watch(migration.id, new AbortController().signal))
  expect(events.at(-1)?.data).toMatchObject({ state: 'awaiting-finalize', error: null })
})

// Other containers of the same hosts, each with a volume of its own.
const queuedBehind = async (journal: ReturnType<typeof createMemoryJournal>, id: string, over = {}) => {
  const { service, journal: own } = setUp()
  const { migration } = await service.start(request, null)
  const like = await own.find(migration.id)
  if (like === null) throw new Error('it was not accepted')
  const plan = { ...like.plan, volumes: [] }
  return journal.create({ ...like, id, members: [{ containerId: `of-${id}`, containerName: 'web' }], plan, ...over })
}

test('more than may be under way wait in the order of their coming, also for the next process', async () => {
  const { journal, world } = setUp()
  for (const id of ['a', 'b']) await queuedBehind(journal, id)
  await journal.append('a', { step: 'lock', phase: 'started' })
  await journal.standStill('b', 'queued')
  const limits = { total: 4, perHost: 1 }
  const unreachable = { ...world.hosts, known: () => new Promise<never>(() => {}) }
  const service = createMigrationService({ journal, hosts: unreachable, clock, log, limits, inventories })
  await service.resumeUnfinished()
  expect(await service.get('b')).toMatchObject({
    ...{ state: 'queued', queue: { position: 1, waitsFor: expect.stringContaining('host-1') } },
    next: expect.stringContaining('Wait for its turn'),
  })
  expect(await service.get('a')).toMatchObject({ queue: null })
})

test('one that waits for its turn can be paused, gives up its place, and has it again when it is resumed', async () => {
  const { journal, world } = setUp()
  for (const id of ['a', 'b', 'c']) await queuedBehind(journal, id)
  await journal.append('a', { step: 'lock', phase: 'started' })
  const unreachable = { ...world.hosts, known: () => new Promise<never>(() => {}) }
  const service = createMigrationService({
    ...{ journal, hosts: unreachable, clock, log, inventories, limits: { total: 1, perHost: 1 } },
  })
  await service.resumeUnfinished()
  expect(await service.pause('b')).toMatchObject({ state: 'paused', queue: null, pauseRequested: true })
  expect(await service.pause('b')).toMatchObject({ state: 'paused' })
  expect(await service.get('c')).toMatchObject({ queue: { position: 1 } })
  expect(await service.resume('b')).toMatchObject({ state: 'queued', queue: { position: 1 }, pauseRequested: false })
  expect(await service.get('c')).toMatchObject({ queue: { position: 2 } })
})

test('a volume that a migration moves is moved by no other', async () => {
  const { journal, service } = setUp()
  const plan = await service.plan(request)
  const held = await queuedBehind(journal, 'holds', { plan })
  const refusal = await service.start(request, null).catch((thrown: unknown) => thrown)
  expect(refusal).toMatchObject({ code: 'DRAYAGE_MIGRATION_IN_PROGRESS', details: { migration: held.id } })
  expect(String(refusal)).toContain('has a volume in common')
})

const together = { ...request, options: { dependents: 'take' as const } }

test('what belongs together is refused until it is asked for, and is then planned with all that it is', async () => {
  const { service } = setUp(undefined, 3)
  expect(await codeOf(service.start(request, null))).toBe('DRAYAGE_SET_LARGER')
  const plan = await service.plan(together)
  expect(plan).toMatchObject({ refusals: [], set: [], container: { name: 'web' } })
  expect(plan.members.map(({ name }) => name)).toEqual(['web', 'web-2', 'web-3'])
  expect(plan.volumes.map(({ name, entries }) => [name, entries])).toEqual([
    ...[
      ['data', 1],
      ['shared', 1],
    ],
    ...[
      ['data-2', 1],
      ['data-3', 1],
    ],
  ])
})

test('while several are moved no other migration of any of them begins, and it names the one under way', async () => {
  const { service } = setUp((call) => (call === 'start' ? 'lost-request' : 'none'), 3)
  const { migration } = await service.start(together, null)
  expect(migration.members.map(({ name }) => name)).toEqual(['web', 'web-2', 'web-3'])
  for (const container of ['web', 'web-2', 'web-3']) {
    await expect(service.start({ ...together, container }, null)).rejects.toMatchObject({
      code: 'DRAYAGE_MIGRATION_IN_PROGRESS',
      details: { migration: migration.id },
    })
  }
  await service.stop()
})

test('several go there, back again, and are finalized, each with what it had', async () => {
  const { service, world, journal } = setUp(undefined, 3)
  const ended = async (id: string) => {
    const events = await watchToEnd(service.watch(id, new AbortController().signal))
    return events.findLast(({ event }) => event === 'migration')?.data
  }
  const { migration } = await service.start(together, null)
  expect(await ended(migration.id)).toMatchObject({ state: 'awaiting-finalize', receipt: { volumes: { length: 4 } } })
  const back = await service.return(migration.id, {}, null)
  expect(await ended(back.migration.id)).toMatchObject({ state: 'awaiting-finalize' })
  expect(await service.get(migration.id)).toMatchObject({ state: 'completed' })
  const end = await service.finalize(back.migration.id, {}, null)
  expect(await ended(end.migration.id)).toMatchObject({ state: 'completed' })
  expect(world.two.copies.size).toBe(0)
  expect(world.firsts.map(({ running, retiredBy }) => [running, retiredBy])).toEqual(
    world.firsts.map(() => [true, null]),
  )
  expect(world.violations()).toEqual([])
  expect(journal.owner('c3')).toEqual({ host: 'host-1', containerId: 'c3' })
})

test('one that came to belong to them, or a volume that went, between plan and move puts everything back', async () => {
  for (const change of ['came', 'went'] as const) {
    const { world, service } = setUp(undefined, 2)
    const known = world.hosts.known
    world.hosts.known = async (host) => {
      const side = await known(host)
      const describeWorkloads: typeof side.agent.describeWorkloads = async (asked, options) => {
        const { workloads, moveSet } = await side.agent.describeWorkloads(asked, options)
        const newcomer = { containerId: 'new', name: 'new', state: 'running', ties: [], separable: false }
        if (change === 'came') return { workloads, moveSet: [...moveSet, newcomer] }
        const left = (workload: Workload) => workload.volumes.filter(({ name }) => name !== 'shared')
        return { workloads: workloads.map((workload) => ({ ...workload, volumes: left(workload) })), moveSet }
      }
      return { ...side, agent: { ...side.agent, describeWorkloads } }
    }
    world.hosts.online = async (host) => known(host)
    const { migration } = await service.start(together, null)
    const events = await watchToEnd(service.watch(migration.id, new AbortController().signal))
    expect(events.findLast(({ event }) => event === 'migration')?.data).toMatchObject({
      ...{ state: 'rolled-back' },
      error: { step: 'plan', code: change === 'came' ? 'DRAYAGE_SET_LARGER' : 'DRAYAGE_CONTAINER_CHANGED' },
    })
    expect(world.firsts.map(({ running }) => running)).toEqual([true, true])
    expect(world.two.copies.size).toBe(0)
  }
})

test('a project is moved with all its containers, unless it has got another since it was planned', async () => {
  const { container: _, ...hosts } = request
  const project = { ...hosts, project: 'blog' }
  for (const grows of [false, true]) {
    const { service, world } = setUp(undefined, 2)
    const known = world.hosts.known
    world.hosts.known = async (host) => {
      const side = await known(host)
      const describeProject: typeof side.agent.describeProject = async (asked, options) => {
        const { containers, volumes } = await side.agent.describeProject(asked, options)
        return { containers: [...containers, ...(grows ? [{ containerId: 'new', name: 'blog-new-1' }] : [])], volumes }
      }
      return { ...side, agent: { ...side.agent, describeProject } }
    }
    world.hosts.online = async (host) => known(host)
    const { migration } = await service.start(project, null)
    expect(migration).toMatchObject({ members: { length: 2 }, situation: expect.stringContaining('the project blog') })
    const events = await watchToEnd(service.watch(migration.id, new AbortController().signal))
    expect(events.findLast(({ event }) => event === 'migration')?.data).toMatchObject(
      grows
        ? {
            state: 'rolled-back',
            error: { code: 'DRAYAGE_CONTAINER_CHANGED', message: expect.stringContaining('blog-new-1') },
          }
        : { state: 'awaiting-finalize' },
    )
  }
})

test('of a move that was put back it is told what has happened, and not what would have become of it on the target', async () => {
  for (const isPutBack of [true, false]) {
    const { service, world } = setUp()
    world.two.wrongCopies = isPutBack
    world.two.badRounds = 1
    const { known } = world.hosts
    const foreseen = { code: 'memory-limit-above-target', message: 'It may have more memory than there is.' }
    const warning: typeof known = async (host) => {
      const side = await known(host)
      const checkTargets: typeof side.agent.checkTargets = async (asked, options) => {
        const { checks } = await side.agent.checkTargets(asked, options)
        return { checks: checks.map((check) => ({ ...check, warnings: [foreseen] })) }
      }
      return { ...side, agent: { ...side.agent, checkTargets } }
    }
    Object.assign(world.hosts, { known: warning, online: warning })
    const { migration } = await service.start(request, null)
    await watchToEnd(service.watch(migration.id, new AbortController().signal))
    const { state, warnings } = await service.get(migration.id)
    expect(state).toBe(isPutBack ? 'rolled-back' : 'awaiting-finalize')
    expect(warnings.map(({ code }) => code)).toEqual([...(isPutBack ? [] : [foreseen.code]), 'target-reread'])
  }
})

test('either a container or a project is asked for, and of a project no hook that needs a container', async () => {
  const { service } = setUp()
  const { container: _, ...hosts } = request
  for (const wrong of [
    hosts,
    { ...request, project: 'blog' },
    { ...hosts, project: 'blog', options: { preStop: { command: 'sync' } } },
  ]) {
    expect(await codeOf(service.start(wrong, null))).toBe('DRAYAGE_INVALID_REQUEST')
  }
})

test('hosts are measured for a plan that somebody asked for, and not for a migration', async () => {
  const calls: string[] = []
  const { service } = setUp((call) => {
    calls.push(call)
    return 'none'
  })
  const { forecast, refusals } = await service.plan(request)
  expect(refusals).toEqual([])
  expect(forecast).toMatchObject({ basedOn: 0, measured: { lineBytesPerSecond: 1_000_000 } })
  expect(calls.filter((call) => call === 'measure')).toHaveLength(3)
  calls.length = 0
  await service.start(request, null)
  expect(calls).not.toContain('measure')
  await service.stop()
})

test('a plan is made although nothing can be measured, and says why the time is not known', async () => {
  const { service } = setUp((call) => (call === 'measure' ? 'refused' : 'none'))
  const { forecast, refusals } = await service.plan(request)
  expect(refusals).toEqual([])
  expect(forecast?.measured).toEqual({
    ...{ lineBytesPerSecond: null, readBytesPerSecond: null, readFilesPerSecond: null },
    ...{ writeBytesPerSecond: null, writeFilesPerSecond: null },
  })
})
