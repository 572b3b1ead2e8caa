import { describe, expect, test } from 'vitest'
import { accepted } from '../migration/record.ts'
import { emptyPlan } from '../testing/empty-plan.ts'
import { createHostStore } from './hosts.ts'
import { readStatistics } from './statistics.ts'
import { migration, rolledBack, temporaryJournal, workload } from './testing/temporary-journal.ts'

const store = temporaryJournal()

describe('a migration', () => {
  test('created twice is one', async () => {
    const first = await store.journal.create(migration('m1'))
    expect(await store.journal.create(migration('m1'))).toEqual(first)
    expect(await store.journal.list({ limit: 10 })).toEqual([first])
    expect(first).toMatchObject({ state: 'planned', members: [{ lease: null }], endedAt: null, plan: emptyPlan })
  })

  test('that comes with a key used before is the one it was used for', async () => {
    const first = await store.journal.create(migration('m1', { idempotencyKey: 'k' }))
    expect(await store.journal.create(migration('m2', { idempotencyKey: 'k' }))).toEqual(first)
    expect(await store.journal.findByKey('k')).toEqual(first)
    expect(await store.journal.findByKey('other')).toBeNull()
    const other = migration('m3', {
      idempotencyKey: 'k',
      request: accepted({ container: 'db', from: 'host-1', to: 'host-2' }),
    })
    await expect(store.journal.create(other)).rejects.toMatchObject({ code: 'DRAYAGE_IDEMPOTENCY_KEY_REUSED' })
  })

  test('runs from its first entry, and its entries come back in their order with all they hold', async () => {
    await store.journal.create(migration('m1'))
    await store.journal.append('m1', { step: 'lock', phase: 'started' })
    await store.journal.append('m1', { step: 'lock', phase: 'done', facts: { hold: [{ targetContainerId: 'c9' }] } })
    const error = { code: 'DRAYAGE_TIMEOUT', message: 'too slow', details: { reasons: [] } }
    await store.journal.append('m1', { step: 'plan', phase: 'failed', error })
    expect((await store.journal.find('m1'))?.state).toBe('running')
    expect(await store.journal.entries('m1')).toMatchObject([
      { step: 'lock', phase: 'started', facts: null, error: null },
      { step: 'lock', phase: 'done', facts: { hold: [{ targetContainerId: 'c9' }] }, error: null },
      { step: 'plan', phase: 'failed', facts: null, error },
    ])
  })

  test('that has ended is not written to any more', async () => {
    await store.journal.create(migration('m1'))
    await store.journal.end('m1', rolledBack)
    const ended = await store.journal.find('m1')
    await store.journal.end('m1', rolledBack)
    await store.journal.requestCancel('m1')
    expect(await store.journal.find('m1')).toEqual(ended)
    await expect(store.journal.append('m1', { step: 'lock', phase: 'started' })).rejects.toMatchObject({
      code: 'DRAYAGE_MIGRATION_ENDED',
    })
    await expect(store.journal.end('m1', { state: 'awaiting-finalize', error: null })).rejects.toMatchObject({
      code: 'DRAYAGE_MIGRATION_ENDED',
    })
    await expect(store.leased('m1', workload('c1'))).rejects.toMatchObject({ code: 'DRAYAGE_MIGRATION_ENDED' })
  })

  test('that waits to be finalized can still be completed', async () => {
    await store.journal.create(migration('m1'))
    await store.journal.end('m1', { state: 'awaiting-finalize', error: null })
    await store.journal.end('m1', { state: 'completed', error: null })
    expect((await store.journal.find('m1'))?.state).toBe('completed')
  })

  test('that does not exist is said not to', async () => {
    expect(await store.journal.find('nope')).toBeNull()
    for (const call of [
      () => store.journal.append('nope', { step: 'lock', phase: 'started' }),
      () => store.leased('nope', workload('c1')),
      () => store.journal.requestCancel('nope'),
      () => store.journal.addWarnings('nope', []),
      () => store.journal.end('nope', rolledBack),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'DRAYAGE_MIGRATION_NOT_FOUND' })
    }
  })

  test('keeps each warning once, and each round as it was copied last', async () => {
    await store.journal.create(migration('m1'))
    const [a, b] = [
      { code: 'a', message: '1' },
      { code: 'b', message: '2' },
    ]
    await store.journal.addWarnings('m1', [a])
    await store.journal.addWarnings('m1', [b, a])
    expect((await store.journal.find('m1'))?.warnings).toEqual([a, b])

    const round = { round: 1, final: true, volume: 'data', entries: 3, bytesSent: 10, contentBytes: 9, durationMs: 5 }
    await store.journal.addRound('m1', round)
    await store.journal.addRound('m1', { ...round, bytesSent: 20 })
    expect(await store.journal.rounds('m1')).toEqual([{ ...round, bytesSent: 20 }])
    expect(await readStatistics(store.db)).toEqual({ migrationsByState: { planned: 1 }, bytesSent: 20 })
  })
})

test('migrations are listed newest first, and the unfinished oldest first', async () => {
  for (const id of ['m1', 'm2', 'm3']) await store.journal.create(migration(id))
  await store.journal.end('m2', rolledBack)
  expect((await store.journal.list({ limit: 2 })).map(({ id }) => id)).toEqual(['m3', 'm2'])
  expect((await store.journal.list({ limit: 9, state: 'planned' })).map(({ id }) => id)).toEqual(['m3', 'm1'])
  expect((await store.journal.unfinished()).map(({ id }) => id)).toEqual(['m1', 'm3'])
})

test('a migration that begins at the moment in which its host is removed either stands in the way of that, or does not begin', async () => {
  const hosts = createHostStore(store.db)
  const outcomes = new Set<string>()
  for (let turn = 0; turn < 20; turn += 1) {
    const host = `host-a${turn}`
    await hosts.add(host, new Date(0))
    const begin = () =>
      store.journal
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
    expect((await store.journal.find(`m${turn}`)) !== null).toBe(done.join() === 'begun')
  }
  expect(outcomes).toEqual(new Set(['begun', 'removed']))
})

describe('a pause', () => {
  test('comes before the fence or is refused: one transaction decides', async () => {
    await store.journal.create(migration('m1'))
    const fence = { step: 'fence', phase: 'started' } as const
    await store.journal.requestPause('m1', () => {})
    expect(await store.journal.appendUnlessPaused('m1', fence)).toBe(false)
    expect(await store.journal.entries('m1')).toEqual([])
    await store.journal.requestResume('m1')
    expect(await store.journal.appendUnlessPaused('m1', fence)).toBe(true)
    const refuse = (_: unknown, entries: readonly unknown[]) => {
      throw new Error(`after ${entries.length}`)
    }
    await expect(store.journal.requestPause('m1', refuse)).rejects.toThrow('after 1')
    expect(await store.journal.find('m1')).toMatchObject({ pauseRequested: false })
  })

  test('is in force as long as it is asked for, and what is resumed waits for its turn', async () => {
    await store.journal.create(migration('m1'))
    expect(await store.journal.standStill('m1', 'paused')).toBe(false)
    await store.journal.requestPause('m1', () => {})
    expect(await store.journal.standStill('m1', 'paused')).toBe(true)
    expect(await store.journal.list({ state: 'paused', limit: 9 })).toMatchObject([{ id: 'm1', pauseRequested: true }])
    await store.journal.requestResume('m1')
    expect(await store.journal.find('m1')).toMatchObject({ state: 'queued', pauseRequested: false })
    await store.journal.end('m1', rolledBack)
    await store.journal.standStill('m1', 'queued')
    expect(await store.journal.find('m1')).toMatchObject({ state: 'rolled-back' })
  })
})

test('a hook that was begun is of unknown outcome until its end is written', async () => {
  await store.journal.create(migration('m1'))
  const begun = {
    hook: 'pre-stop' as const,
    container: 'web',
    host: 'host-1',
    command: ['sync', ''],
    onError: 'fail' as const,
  }
  const number = await store.journal.beginHook('m1', begun)
  expect(await store.journal.hookRuns('m1')).toMatchObject([
    { ...begun, outcome: 'unknown', endedAt: null, output: '' },
  ])
  const again = await store.journal.beginHook('m1', begun)
  await store.journal.endHook(again, { outcome: 'failed', exitCode: 3, output: 'no\n', truncated: true })
  expect(await store.journal.hookRuns('m1')).toMatchObject([
    { outcome: 'unknown' },
    { outcome: 'failed', exitCode: 3, output: 'no\n', truncated: true, endedAt: expect.any(String) },
  ])
  expect(again).toBeGreaterThan(number)
})
