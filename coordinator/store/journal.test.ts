import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Plan } from '../../shared/api/plan.ts'
import type { Journal } from '../migration/ports.ts'
import type { Lease, NewMigration } from '../migration/record.ts'
import { accepted } from '../migration/record.ts'
import { createHostStore } from './hosts.ts'
import { createJournal } from './journal.ts'
import { readStatistics } from './statistics.ts'
import { openTemporaryDatabase, type TemporaryDatabase } from './testing/temporary-database.ts'

let temporary: TemporaryDatabase
let journal: Journal
let minute: number
beforeEach(async () => {
  temporary = await openTemporaryDatabase()
  minute = 0
  journal = createJournal(temporary.db, { now: () => new Date(Date.UTC(2026, 0, 5, 8, minute++)) })
  for (const host of ['host-1', 'host-2', 'host-3']) await createHostStore(temporary.db).add(host, new Date(0))
})
afterEach(() => temporary.remove())

const plan: Plan = {
  container: { id: 'c1', name: 'web', state: 'running' },
  from: 'host-1',
  to: 'host-2',
  image: { reference: 'web:1', sizeBytes: 1, presentOnTarget: false },
  members: [],
  volumes: [],
  networks: [],
  ports: [],
  totalBytes: 0,
  set: [],
  targetFreeBytes: 1,
  warnings: [],
  refusals: [],
}

const migration = (id: string, over: Partial<NewMigration> = {}): NewMigration => ({
  id,
  kind: 'move',
  of: null,
  terms: {},
  request: accepted({ container: 'web', from: 'host-1', to: 'host-2' }),
  subject: 'web',
  members: [{ containerId: 'c1', containerName: 'web' }],
  plan,
  idempotencyKey: null,
  ...over,
})

const workload = (containerId: string, volumes: readonly string[] = [], host = 'host-1') => ({
  host,
  containerId,
  volumes: volumes.map((name) => ({ name, createdAt: '2026-01-01T00:00:00Z', rootIdentity: '2049:7' })),
})

const leased = async (id: string, wanted: ReturnType<typeof workload>) => {
  const { host, ...member } = wanted
  const [lease] = await journal.acquireLeases(id, { host, members: [member] })
  if (lease === undefined) throw new Error('there is no lease')
  return lease
}
const commit = (id: string, lease: Lease, host: string, containerId: string) =>
  journal.commit(id, host, [{ lease, containerId }])

const rolledBack = { state: 'rolled-back', error: null } as const

describe('a migration', () => {
  test('created twice is one', async () => {
    const first = await journal.create(migration('m1'))
    expect(await journal.create(migration('m1'))).toEqual(first)
    expect(await journal.list({ limit: 10 })).toEqual([first])
    expect(first).toMatchObject({ state: 'planned', members: [{ lease: null }], endedAt: null, plan })
  })

  test('that comes with a key used before is the one it was used for', async () => {
    const first = await journal.create(migration('m1', { idempotencyKey: 'k' }))
    expect(await journal.create(migration('m2', { idempotencyKey: 'k' }))).toEqual(first)
    expect(await journal.findByKey('k')).toEqual(first)
    expect(await journal.findByKey('other')).toBeNull()
    const other = migration('m3', {
      idempotencyKey: 'k',
      request: accepted({ container: 'db', from: 'host-1', to: 'host-2' }),
    })
    await expect(journal.create(other)).rejects.toMatchObject({ code: 'DRAYAGE_IDEMPOTENCY_KEY_REUSED' })
  })

  test('runs from its first entry, and its entries come back in their order with all they hold', async () => {
    await journal.create(migration('m1'))
    await journal.append('m1', { step: 'lock', phase: 'started' })
    await journal.append('m1', { step: 'lock', phase: 'done', facts: { hold: [{ targetContainerId: 'c9' }] } })
    const error = { code: 'DRAYAGE_TIMEOUT', message: 'too slow', details: { reasons: [] } }
    await journal.append('m1', { step: 'plan', phase: 'failed', error })
    expect((await journal.find('m1'))?.state).toBe('running')
    expect(await journal.entries('m1')).toMatchObject([
      { step: 'lock', phase: 'started', facts: null, error: null },
      { step: 'lock', phase: 'done', facts: { hold: [{ targetContainerId: 'c9' }] }, error: null },
      { step: 'plan', phase: 'failed', facts: null, error },
    ])
  })

  test('that has ended is not written to any more', async () => {
    await journal.create(migration('m1'))
    await journal.end('m1', rolledBack)
    const ended = await journal.find('m1')
    await journal.end('m1', rolledBack)
    await journal.requestCancel('m1')
    expect(await journal.find('m1')).toEqual(ended)
    await expect(journal.append('m1', { step: 'lock', phase: 'started' })).rejects.toMatchObject({
      code: 'DRAYAGE_MIGRATION_ENDED',
    })
    await expect(journal.end('m1', { state: 'awaiting-finalize', error: null })).rejects.toMatchObject({
      code: 'DRAYAGE_MIGRATION_ENDED',
    })
    await expect(leased('m1', workload('c1'))).rejects.toMatchObject({ code: 'DRAYAGE_MIGRATION_ENDED' })
  })

  test('that waits to be finalized can still be completed', async () => {
    await journal.create(migration('m1'))
    await journal.end('m1', { state: 'awaiting-finalize', error: null })
    await journal.end('m1', { state: 'completed', error: null })
    expect((await journal.find('m1'))?.state).toBe('completed')
  })

  test('that does not exist is said not to', async () => {
    expect(await journal.find('nope')).toBeNull()
    for (const call of [
      () => journal.append('nope', { step: 'lock', phase: 'started' }),
      () => leased('nope', workload('c1')),
      () => journal.requestCancel('nope'),
      () => journal.addWarnings('nope', []),
      () => journal.end('nope', rolledBack),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'DRAYAGE_MIGRATION_NOT_FOUND' })
    }
  })

  test('keeps each warning once, and each round as it was copied last', async () => {
    await journal.create(migration('m1'))
    const [a, b] = [
      { code: 'a', message: '1' },
      { code: 'b', message: '2' },
    ]
    await journal.addWarnings('m1', [a])
    await journal.addWarnings('m1', [b, a])
    expect((await journal.find('m1'))?.warnings).toEqual([a, b])

    const round = { round: 1, final: true, volume: 'data', entries: 3, bytesSent: 10, contentBytes: 9, durationMs: 5 }
    await journal.addRound('m1', round)
    await journal.addRound('m1', { ...round, bytesSent: 20 })
    expect(await journal.rounds('m1')).toEqual([{ ...round, bytesSent: 20 }])
    expect(await readStatistics(temporary.db)).toEqual({ migrationsByState: { planned: 1 }, bytesSent: 20 })
  })
})

test('migrations are listed newest first, and the unfinished oldest first', async () => {
  for (const id of ['m1', 'm2', 'm3']) await journal.create(migration(id))
  await journal.end('m2', rolledBack)
  expect((await journal.list({ limit: 2 })).map(({ id }) => id)).toEqual(['m3', 'm2'])
  expect((await journal.list({ limit: 9, state: 'planned' })).map(({ id }) => id)).toEqual(['m3', 'm1'])
  expect((await journal.unfinished()).map(({ id }) => id)).toEqual(['m1', 'm3'])
})

test('a migration that begins at the moment in which its host is removed either stands in the way of that, or does not begin', async () => {
  const hosts = createHostStore(temporary.db)
  const outcomes = new Set<string>()
  for (let turn = 0; turn < 20; turn += 1) {
    const host = `host-a${turn}`
    await hosts.add(host, new Date(0))
    const begin = () =>
      journal
        .create(migration(`m${turn}`, { request: accepted({ container: 'web', from: host, to: 'host-2' }) }))
        .then(() => 'begun')
    const remove = () =>
      hosts
        .remove(host, new Date(), ({ underWay }) => {
          if (underWay.length > 0) throw new Error(`in the way: ${underWay.join()}`)
        })
        .then(() => 'removed')
    const said = await Promise.allSettled(turn % 2 === 0 ? [begin(), remove()] : [remove(), begin()])
    const done = said.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const not = said.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : []))
    expect([done.length, not.length]).toEqual([1, 1])
    outcomes.add(done.join())
    expect(not.join()).toContain(done.join() === 'begun' ? `in the way: m${turn}` : 'has just been removed')
    expect((await hosts.find(host)) !== null).toBe(done.join() === 'begun')
    expect((await journal.find(`m${turn}`)) !== null).toBe(done.join() === 'begun')
  }
  expect(outcomes).toEqual(new Set(['begun', 'removed']))
})

describe('a lease', () => {
  test('asked for twice by the same migration is the same', async () => {
    await journal.create(migration('m1'))
    const lease = await leased('m1', workload('c1', ['data', 'data']))
    expect(lease).toMatchObject({ migrationId: 'm1', epoch: 1 })
    expect(await leased('m1', workload('c1', ['data']))).toEqual(lease)
    expect((await journal.find('m1'))?.members[0]?.lease).toEqual(lease)
  })

  test('is refused to another migration of the container, or of any of its volumes, by name', async () => {
    for (const id of ['m1', 'm2', 'm3', 'm4']) await journal.create(migration(id))
    await leased('m1', workload('c1', ['data', 'logs']))
    for (const [id, wanted] of [
      ['m2', workload('c1')],
      ['m3', workload('c7', ['other', 'logs'])],
    ] as const) {
      await expect(leased(id, wanted)).rejects.toMatchObject({
        code: 'DRAYAGE_MIGRATION_IN_PROGRESS',
        message: expect.stringContaining('m1'),
        details: { migration: 'm1' },
      })
    }
    // The same names on another host are other things.
    await leased('m4', workload('c7', ['logs'], 'host-3'))
  })

  test('that was refused leaves nothing held and no epoch issued', async () => {
    for (const id of ['m1', 'm2', 'm3']) await journal.create(migration(id))
    await leased('m1', workload('c1', ['data']))
    await expect(leased('m2', workload('c2', ['free', 'data']))).rejects.toThrow()
    expect(await leased('m3', workload('c3', ['free']))).toMatchObject({ epoch: 1 })
    expect((await journal.find('m2'))?.members[0]?.lease).toBeNull()
  })

  test('is given back at the end, and the next one has the next epoch of the same workload', async () => {
    await journal.create(migration('m1'))
    const first = await leased('m1', workload('c1', ['data']))
    await journal.end('m1', rolledBack)
    await journal.create(migration('m2'))
    const second = await leased('m2', workload('c1', ['data']))
    expect(second).toMatchObject({ workloadId: first.workloadId, epoch: first.epoch + 1 })
  })

  test('is held by one migration at a time, however many ask at once', async () => {
    const asked = fc.array(fc.uniqueArray(fc.constantFrom('v1', 'v2', 'v3'), { minLength: 1 }), {
      minLength: 2,
      maxLength: 5,
    })
    let run = 0
    await fc.assert(
      fc.asyncProperty(asked, async (volumesOfEach) => {
        run += 1
        const requests = volumesOfEach.map((volumes, index) => ({
          id: `m${run}-${index}`,
          cid: `c${run}-${index}`,
          volumes,
        }))
        for (const { id } of requests) await journal.create(migration(id))
        const outcomes = await Promise.allSettled(
          requests.map(({ id, cid, volumes }) => leased(id, workload(cid, volumes))),
        )
        const granted = requests.filter((_, index) => outcomes[index]?.status === 'fulfilled')
        const held = granted.flatMap(({ volumes }) => volumes)
        expect(new Set(held).size).toBe(held.length)
        expect(granted.length).toBeGreaterThan(0)
        // Whoever was refused asked for something that is held.
        for (const { volumes } of requests.filter((request) => !granted.includes(request))) {
          expect(volumes.some((name) => held.includes(name))).toBe(true)
        }
        for (const { id } of requests) await journal.end(id, rolledBack)
      }),
      { numRuns: 40 },
    )
  })
})

describe('the commit', () => {
  const committed = async () => {
    await journal.create(migration('m1'))
    const lease = await leased('m1', workload('c1', ['data']))
    await journal.append('m1', { step: 'commit', phase: 'started' })
    await commit('m1', lease, 'host-2', 'c2')
    return lease
  }
  const owner = (id: string) =>
    temporary.db
      .selectFrom('workloads')
      .select(['host', 'containerId', 'epoch'])
      .where('id', '=', id)
      .executeTakeFirst()
  const commitsDone = async (id: string) =>
    (await journal.entries(id)).filter(({ step, phase }) => step === 'commit' && phase === 'done').length

  test('makes the target the owner and the step done, and done twice is done once', async () => {
    const lease = await committed()
    await commit('m1', lease, 'host-2', 'c2')
    expect(await owner(lease.workloadId)).toEqual({ host: 'host-2', containerId: 'c2', epoch: 1 })
    expect(await commitsDone('m1')).toBe(1)
  })

  test('is refused under another epoch, workload, migration, or after the lease was given back', async () => {
    await journal.create(migration('m1'))
    await journal.create(migration('m2'))
    const lease = await leased('m1', workload('c1', ['data']))
    await leased('m2', workload('c5'))
    for (const wrong of [
      { ...lease, epoch: lease.epoch - 1 },
      { ...lease, epoch: lease.epoch + 1 },
      { ...lease, workloadId: 'another' },
      { ...lease, migrationId: 'm2' },
    ]) {
      await expect(commit('m1', wrong, 'host-2', 'c2')).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
    }
    await expect(commit('m2', lease, 'host-2', 'c2')).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
    await journal.end('m1', rolledBack)
    await expect(commit('m1', lease, 'host-2', 'c2')).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
    expect(await owner(lease.workloadId)).toMatchObject({ host: 'host-1', containerId: 'c1' })
    expect(await commitsDone('m1')).toBe(0)
  })

  test('is refused a second time for another place', async () => {
    const lease = await committed()
    for (const [host, id] of [
      ['host-3', 'c2'],
      ['host-2', 'c3'],
    ] as const) {
      await expect(commit('m1', lease, host, id)).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
    }
  })

  test('hands the lineage on: the copy left behind is retired, and the next move is of the owner, with the next epoch', async () => {
    const lease = await committed()
    await journal.end('m1', { state: 'awaiting-finalize', error: null })
    await journal.create(migration('m2'))
    await expect(leased('m2', workload('c1', ['data']))).rejects.toMatchObject({
      code: 'DRAYAGE_WORKLOAD_RETIRED',
      message: expect.stringContaining('host-2'),
    })
    expect(await leased('m2', workload('c2', ['data'], 'host-2'))).toEqual({
      migrationId: 'm2',
      workloadId: lease.workloadId,
      epoch: 2,
    })
  })
})

describe('containers that move together', () => {
  const both = { members: ['c1', 'c2'].map((containerId) => ({ containerId, containerName: `of-${containerId}` })) }
  const wanted = (...volumes: string[][]) => ({
    host: 'host-1',
    members: volumes.map((names, index) => {
      const { host: _, ...member } = workload(`c${index + 1}`, names)
      return member
    }),
  })
  const place = async (id: string) => (await journal.ownerOf(id))?.host

  test('have all their leases or none, on a volume that they share as well', async () => {
    await journal.create(migration('m1', both))
    await journal.create(migration('m2', both))
    await journal.create(migration('m3'))
    await leased('m3', workload('c2'))
    await expect(journal.acquireLeases('m1', wanted(['data'], ['data']))).rejects.toMatchObject({
      code: 'DRAYAGE_MIGRATION_IN_PROGRESS',
      details: { migration: 'm3' },
    })
    expect((await journal.find('m1'))?.members.map(({ lease }) => lease)).toEqual([null, null])
    await journal.end('m3', rolledBack)
    const leases = await journal.acquireLeases('m2', wanted(['data'], ['data']))
    expect(leases).toMatchObject([
      { migrationId: 'm2', epoch: 1 },
      { migrationId: 'm2.2', epoch: 2 },
    ])
    expect(await journal.acquireLeases('m2', wanted(['data'], ['data']))).toEqual(leases)
    await expect(journal.acquireLeases('m1', wanted(['data'], []))).rejects.toMatchObject({
      details: { migration: 'm2' },
    })
  })

  test('have one commit: where one may not be handed over, none is', async () => {
    await journal.create(migration('m1', both))
    const [one, two] = await journal.acquireLeases('m1', wanted(['data'], ['data']))
    if (one === undefined || two === undefined) throw new Error('there are two')
    const to = (second: Lease) => [
      { lease: one, containerId: 't1' },
      { lease: second, containerId: 't2' },
    ]
    for (const wrong of [
      { ...two, epoch: two.epoch + 1 },
      { ...two, migrationId: 'm1' },
    ]) {
      await expect(journal.commit('m1', 'host-2', to(wrong))).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
      expect([await place(one.workloadId), await place(two.workloadId)]).toEqual(['host-1', 'host-1'])
    }
    await journal.commit('m1', 'host-2', to(two))
    await journal.commit('m1', 'host-2', to(two))
    expect([await place(one.workloadId), await place(two.workloadId)]).toEqual(['host-2', 'host-2'])
  })

  test('keep what they have left until each of them has come back or been removed', async () => {
    await journal.create(migration('m1', both))
    await journal.end('m1', { state: 'awaiting-finalize', error: null })
    await journal.create(migration('m2'))
    await journal.end('m2', {
      ...{ state: 'awaiting-finalize', error: null },
      settles: { parts: ['m1.2'], failedBecomes: 'completed' },
    })
    expect(await journal.find('m1')).toMatchObject({
      ...{ state: 'awaiting-finalize', followedBy: null },
      members: [{ settledBy: null }, { settledBy: 'm2' }],
    })
    await journal.create(migration('m3'))
    await journal.end('m3', {
      ...{ state: 'completed', error: null },
      settles: { parts: ['m1'], failedBecomes: 'completed' },
    })
    expect(await journal.find('m1')).toMatchObject({ state: 'completed', followedBy: 'm3' })
  })
})

describe('a pause', () => {
  test('comes before the fence or is refused: one transaction decides', async () => {
    await journal.create(migration('m1'))
    const fence = { step: 'fence', phase: 'started' } as const
    await journal.requestPause('m1', () => {})
    expect(await journal.appendUnlessPaused('m1', fence)).toBe(false)
    expect(await journal.entries('m1')).toEqual([])
    await journal.requestResume('m1')
    expect(await journal.appendUnlessPaused('m1', fence)).toBe(true)
    const refuse = (_: unknown, entries: readonly unknown[]) => {
      throw new Error(`after ${entries.length}`)
    }
    await expect(journal.requestPause('m1', refuse)).rejects.toThrow('after 1')
    expect(await journal.find('m1')).toMatchObject({ pauseRequested: false })
  })

  test('is in force as long as it is asked for, and what is resumed waits for its turn', async () => {
    await journal.create(migration('m1'))
    expect(await journal.standStill('m1', 'paused')).toBe(false)
    await journal.requestPause('m1', () => {})
    expect(await journal.standStill('m1', 'paused')).toBe(true)
    expect(await journal.list({ state: 'paused', limit: 9 })).toMatchObject([{ id: 'm1', pauseRequested: true }])
    await journal.requestResume('m1')
    expect(await journal.find('m1')).toMatchObject({ state: 'queued', pauseRequested: false })
    await journal.end('m1', rolledBack)
    await journal.standStill('m1', 'queued')
    expect(await journal.find('m1')).toMatchObject({ state: 'rolled-back' })
  })
})

test('a hook that was begun is of unknown outcome until its end is written', async () => {
  await journal.create(migration('m1'))
  const begun = {
    hook: 'pre-stop' as const,
    container: 'web',
    host: 'host-1',
    command: ['sync', ''],
    onError: 'fail' as const,
  }
  const number = await journal.beginHook('m1', begun)
  expect(await journal.hookRuns('m1')).toMatchObject([{ ...begun, outcome: 'unknown', endedAt: null, output: '' }])
  const again = await journal.beginHook('m1', begun)
  await journal.endHook(again, { outcome: 'failed', exitCode: 3, output: 'no\n', truncated: true })
  expect(await journal.hookRuns('m1')).toMatchObject([
    { outcome: 'unknown' },
    { outcome: 'failed', exitCode: 3, output: 'no\n', truncated: true, endedAt: expect.any(String) },
  ])
  expect(again).toBeGreaterThan(number)
})
