import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Lease } from '../migration/record.ts'
import { migration, rolledBack, temporaryJournal, workload } from './testing/temporary-journal.ts'

const store = temporaryJournal()

describe('a lease', () => {
  test('asked for twice by the same migration is the same', async () => {
    await store.journal.create(migration('m1'))
    const lease = await store.leased('m1', workload('c1', ['data', 'data']))
    expect(lease).toMatchObject({ migrationId: 'm1', epoch: 1 })
    expect(await store.leased('m1', workload('c1', ['data']))).toEqual(lease)
    expect((await store.journal.find('m1'))?.members[0]?.lease).toEqual(lease)
  })

  test('is refused to another migration of the container, or of any of its volumes, by name', async () => {
    for (const id of ['m1', 'm2', 'm3', 'm4']) await store.journal.create(migration(id))
    await store.leased('m1', workload('c1', ['data', 'logs']))
    for (const [id, wanted] of [
      ['m2', workload('c1')],
      ['m3', workload('c7', ['other', 'logs'])],
    ] as const) {
      await expect(store.leased(id, wanted)).rejects.toMatchObject({
        code: 'DRAYAGE_MIGRATION_IN_PROGRESS',
        message: expect.stringContaining('m1'),
        details: { migration: 'm1' },
      })
    }
    // The same names on another host are other things.
    await store.leased('m4', workload('c7', ['logs'], 'host-3'))
  })

  test('that was refused leaves nothing held and no epoch issued', async () => {
    for (const id of ['m1', 'm2', 'm3']) await store.journal.create(migration(id))
    await store.leased('m1', workload('c1', ['data']))
    await expect(store.leased('m2', workload('c2', ['free', 'data']))).rejects.toThrow()
    expect(await store.leased('m3', workload('c3', ['free']))).toMatchObject({ epoch: 1 })
    expect((await store.journal.find('m2'))?.members[0]?.lease).toBeNull()
  })

  test('is given back at the end, and the next one has the next epoch of the same workload', async () => {
    await store.journal.create(migration('m1'))
    const first = await store.leased('m1', workload('c1', ['data']))
    await store.journal.end('m1', rolledBack)
    await store.journal.create(migration('m2'))
    const second = await store.leased('m2', workload('c1', ['data']))
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
        for (const { id } of requests) await store.journal.create(migration(id))
        const outcomes = await Promise.allSettled(
          requests.map(({ id, cid, volumes }) => store.leased(id, workload(cid, volumes))),
        )
        const granted = requests.filter((_, index) => outcomes[index]?.status === 'fulfilled')
        const held = granted.flatMap(({ volumes }) => volumes)
        expect(new Set(held).size).toBe(held.length)
        expect(granted.length).toBeGreaterThan(0)
        // Whoever was refused asked for something that is held.
        for (const { volumes } of requests.filter((request) => !granted.includes(request))) {
          expect(volumes.some((name) => held.includes(name))).toBe(true)
        }
        for (const { id } of requests) await store.journal.end(id, rolledBack)
      }),
      { numRuns: 40 },
    )
  })
})

describe('the commit', () => {
  const committed = async () => {
    await store.journal.create(migration('m1'))
    const lease = await store.leased('m1', workload('c1', ['data']))
    await store.journal.append('m1', { step: 'commit', phase: 'started' })
    await store.commit('m1', lease, 'host-2', 'c2')
    return lease
  }
  const owner = (id: string) =>
    store.db.selectFrom('workloads').select(['host', 'containerId', 'epoch']).where('id', '=', id).executeTakeFirst()
  const commitsDone = async (id: string) =>
    (await store.journal.entries(id)).filter(({ step, phase }) => step === 'commit' && phase === 'done').length

  test('makes the target the owner and the step done, and done twice is done once', async () => {
    const lease = await committed()
    await store.commit('m1', lease, 'host-2', 'c2')
    expect(await owner(lease.workloadId)).toEqual({ host: 'host-2', containerId: 'c2', epoch: 1 })
    expect(await commitsDone('m1')).toBe(1)
  })

  test('is refused under another epoch, workload, migration, or after the lease was given back', async () => {
    await store.journal.create(migration('m1'))
    await store.journal.create(migration('m2'))
    const lease = await store.leased('m1', workload('c1', ['data']))
    await store.leased('m2', workload('c5'))
    for (const wrong of [
      { ...lease, epoch: lease.epoch - 1 },
      { ...lease, epoch: lease.epoch + 1 },
      { ...lease, workloadId: 'another' },
      { ...lease, migrationId: 'm2' },
    ]) {
      await expect(store.commit('m1', wrong, 'host-2', 'c2')).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
    }
    await expect(store.commit('m2', lease, 'host-2', 'c2')).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
    await store.journal.end('m1', rolledBack)
    await expect(store.commit('m1', lease, 'host-2', 'c2')).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
    expect(await owner(lease.workloadId)).toMatchObject({ host: 'host-1', containerId: 'c1' })
    expect(await commitsDone('m1')).toBe(0)
  })

  test('is refused a second time for another place', async () => {
    const lease = await committed()
    for (const [host, id] of [
      ['host-3', 'c2'],
      ['host-2', 'c3'],
    ] as const) {
      await expect(store.commit('m1', lease, host, id)).rejects.toMatchObject({ code: 'DRAYAGE_EPOCH_STALE' })
    }
  })

  test('hands the lineage on: the copy left behind is retired, and the next move is of the owner, with the next epoch', async () => {
    const lease = await committed()
    await store.journal.end('m1', { state: 'awaiting-finalize', error: null })
    await store.journal.create(migration('m2'))
    await expect(store.leased('m2', workload('c1', ['data']))).rejects.toMatchObject({
      code: 'DRAYAGE_WORKLOAD_RETIRED',
      message: expect.stringContaining('host-2'),
    })
    expect(await store.leased('m2', workload('c2', ['data'], 'host-2'))).toEqual({
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
  const place = async (id: string) => (await store.journal.ownerOf(id))?.host

  test('have all their leases or none, on a volume that they share as well', async () => {
    await store.journal.create(migration('m1', both))
    await store.journal.create(migration('m2', both))
    await store.journal.create(migration('m3'))
    await store.leased('m3', workload('c2'))
    await expect(store.journal.acquireLeases('m1', wanted(['data'], ['data']))).rejects.toMatchObject({
      code: 'DRAYAGE_MIGRATION_IN_PROGRESS',
      details: { migration: 'm3' },
    })
    expect((await store.journal.find('m1'))?.members.map(({ lease }) => lease)).toEqual([null, null])
    await store.journal.end('m3', rolledBack)
    const leases = await store.journal.acquireLeases('m2', wanted(['data'], ['data']))
    expect(leases).toMatchObject([
      { migrationId: 'm2', epoch: 1 },
      { migrationId: 'm2.2', epoch: 2 },
    ])
    expect(await store.journal.acquireLeases('m2', wanted(['data'], ['data']))).toEqual(leases)
    await expect(store.journal.acquireLeases('m1', wanted(['data'], []))).rejects.toMatchObject({
      details: { migration: 'm2' },
    })
  })

  test('have one commit: where one may not be handed over, none is', async () => {
    await store.journal.create(migration('m1', both))
    const [one, two] = await store.journal.acquireLeases('m1', wanted(['data'], ['data']))
    if (one === undefined || two === undefined) throw new Error('there are two')
    const to = (second: Lease) => [
      { lease: one, containerId: 't1' },
      { lease: second, containerId: 't2' },
    ]
    for (const wrong of [
      { ...two, epoch: two.epoch + 1 },
      { ...two, migrationId: 'm1' },
    ]) {
      await expect(store.journal.commit('m1', 'host-2', to(wrong))).rejects.toMatchObject({
        code: 'DRAYAGE_EPOCH_STALE',
      })
      expect([await place(one.workloadId), await place(two.workloadId)]).toEqual(['host-1', 'host-1'])
    }
    await store.journal.commit('m1', 'host-2', to(two))
    await store.journal.commit('m1', 'host-2', to(two))
    expect([await place(one.workloadId), await place(two.workloadId)]).toEqual(['host-2', 'host-2'])
  })

  test('keep what they have left until each of them has come back or been removed', async () => {
    await store.journal.create(migration('m1', both))
    await store.journal.end('m1', { state: 'awaiting-finalize', error: null })
    await store.journal.create(migration('m2'))
    await store.journal.end('m2', {
      ...{ state: 'awaiting-finalize', error: null },
      settles: { parts: ['m1.2'], failedBecomes: 'completed' },
    })
    expect(await store.journal.find('m1')).toMatchObject({
      ...{ state: 'awaiting-finalize', followedBy: null },
      members: [{ settledBy: null }, { settledBy: 'm2' }],
    })
    await store.journal.create(migration('m3'))
    await store.journal.end('m3', {
      ...{ state: 'completed', error: null },
      settles: { parts: ['m1'], failedBecomes: 'completed' },
    })
    expect(await store.journal.find('m1')).toMatchObject({ state: 'completed', followedBy: 'm3' })
  })
})
