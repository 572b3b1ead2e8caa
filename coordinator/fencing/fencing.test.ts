import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HostState } from '../../shared/api/hosts.ts'
import { AppError, type ErrorCode } from '../../shared/errors.ts'
import type { Sighting } from '../agents/presence.ts'
import { type Entry, stepOrder } from '../migration/decide.ts'
import type { AgentPort, Hosts, JournalPhase } from '../migration/ports.ts'
import { accepted } from '../migration/record.ts'
import { createFenceStore } from '../store/fences.ts'
import { createHostStore } from '../store/hosts.ts'
import { createJournal } from '../store/journal.ts'
import { openTemporaryDatabase, type TemporaryDatabase } from '../store/testing/temporary-database.ts'
import { plan } from '../testing/stand-in-parts.ts'
import { consequenceOf } from './consequence.ts'
import { createFencing } from './fencing.ts'
import { createGuardedHosts } from './guarded-hosts.ts'

const request = accepted({ container: 'web', from: 'host-1', to: 'host-2' })
const upTo = (last: (typeof stepOrder)[number], ...more: Entry[]): Entry[] => [
  ...stepOrder.slice(0, stepOrder.indexOf(last) + 1).map((step): Entry => ({ step, phase: 'done' })),
  ...more,
]
const phases: readonly JournalPhase[] = ['started', 'done', 'failed', 'undo-started', 'undone']

test('the target of a source that is down goes on only with a last copy that was verified and that nothing has turned back', () => {
  const entry = fc.record({ step: fc.constantFrom(...stepOrder), phase: fc.constantFrom(...phases) })
  fc.assert(
    fc.property(
      fc.constantFrom(...stepOrder),
      fc.array(entry, { maxLength: 4 }),
      fc.boolean(),
      (last, more, cancel) => {
        const entries = upTo(last, ...more)
        const record = { kind: 'move' as const, request, cancelRequested: cancel }
        const committed = entries.some(({ step, phase }) => step === 'commit' && phase === 'done')
        const source = consequenceOf(record, entries, 'host-1')
        if (committed) expect(source).toBe('retired-later')
        else if (source === 'goes-on') {
          expect(cancel).toBe(false)
          expect(entries.findLast(({ step }) => step === 'finalcopy')?.phase).toBe('done')
          expect(entries.every(({ phase }) => phase === 'started' || phase === 'done')).toBe(true)
        } else expect(source).toBe('put-back-later')
        expect(consequenceOf(record, entries, 'host-2')).toBe(committed ? 'owner-down' : 'put-back-now')
        expect(consequenceOf(record, entries, 'host-3')).toBeNull()
      },
    ),
  )
})

// Two hosts whose agents note what they are asked; each may be away, and any call may be refused.
let temporary: TemporaryDatabase
let asked: string[]
// The part of a migration that each was about.
let about: (string | undefined)[]
let away: Set<string>
let refuses: Map<string, ErrorCode>
beforeEach(async () => {
  temporary = await openTemporaryDatabase()
  ;[asked, about, away, refuses] = [[], [], new Set(), new Map()]
})
afterEach(() => temporary.remove())

const clock = { now: () => new Date('2026-01-05T08:00:00Z'), sleep: async () => {} }
const quiet = { info: () => {}, warn: () => {}, error: () => {} }

const agentOf = (host: string): AgentPort =>
  new Proxy({} as AgentPort, {
    get: (_, method: string) => async (request?: { lease?: { migrationId: string } }) => {
      if (away.has(host)) throw new AppError('DRAYAGE_AGENT_UNREACHABLE', `${host} is away`)
      const refusal = refuses.get(`${host} ${method}`)
      if (refusal !== undefined) throw new AppError(refusal, 'refused')
      asked.push(`${host} ${method}`)
      about.push(request?.lease?.migrationId)
      return {}
    },
  })

const seen = (state: HostState): Sighting => ({ state, lastSeen: clock.now(), engineReachable: true })

const setUp = async () => {
  const hostStore = createHostStore(temporary.db)
  for (const name of ['host-1', 'host-2']) await hostStore.add(name, clock.now())
  const fences = createFenceStore(temporary.db, clock)
  const journal = createJournal(temporary.db, clock)
  const hosts: Hosts = {
    online: async (host) => ({ agent: agentOf(host), address: '' }),
    known: async (host) => ({ agent: agentOf(host), address: '' }),
  }
  const guarded = createGuardedHosts({ hosts, fences, journal, heard: async () => {} })
  const fencing = createFencing({
    ...{ hosts, fences, journal, clock, log: quiet, onHold: () => false },
    sighting: async (host) => seen(away.has(host) ? 'lost' : 'online'),
  })
  await journal.create({
    ...{
      id: 'm1',
      kind: 'move',
      of: null,
      terms: {},
      request,
      subject: 'web',
      members: [{ containerId: 'c1', containerName: 'web' }],
      plan,
      idempotencyKey: null,
    },
  })
  const [lease] = await journal.acquireLeases('m1', { host: 'host-1', members: [{ containerId: 'c1', volumes: [] }] })
  if (lease === undefined) throw new Error('there is no lease')
  const [source, target] = [(await guarded.known('host-1')).agent, (await guarded.known('host-2')).agent]
  // As the steps undo a migration that came as far as the last copy.
  const undo = async () => {
    await source.restoreSource({ lease, containerId: 'c1' })
    await source.restartSource({ lease, containerId: 'c1' })
    await source.unfenceSource({ lease, containerId: 'c1' })
    await source.releaseSource({ lease })
    await target.discardTarget({ lease })
    await target.removeImage({ lease, imageId: 'i' })
    await target.forgetMigration({ lease, movedHere: '' })
    await source.forgetMigration({ lease, movedHere: '' })
  }
  return { fences, journal, hosts, guarded, fencing, lease, source, target, undo }
}
const ofSource = ['restoreSource', 'restartSource', 'unfenceSource', 'releaseSource', 'forgetMigration']
const ofTarget = ['discardTarget', 'removeImage', 'forgetMigration']
const calls = (host: string, methods: string[]) => methods.map((method) => `${host} ${method}`)

test('a host is fenced only while it is silent, and asked for nothing from then on', async () => {
  const { fencing, guarded, source, lease } = await setUp()
  await expect(fencing.fence('host-1', 'admin')).rejects.toMatchObject({ code: 'DRAYAGE_HOST_ANSWERS' })
  away.add('host-1')
  expect((await fencing.fence('host-1', 'admin')).migrations).toMatchObject([
    { id: 'm1', consequence: 'put-back-later' },
  ])
  away.clear()
  await expect(guarded.online('host-1')).rejects.toMatchObject({ code: 'DRAYAGE_HOST_FENCED' })
  await expect(source.stopSource({ lease, containerId: 'c1', stopTimeoutSeconds: 1 })).rejects.toMatchObject({
    code: 'DRAYAGE_HOST_FENCED',
  })
  expect(asked).toEqual([])
})

test('one whose agent answers though it does not report is not fenced', async () => {
  const { fences, journal, hosts } = await setUp()
  const deaf = createFencing({
    ...{ hosts, fences, journal, clock, log: quiet, onHold: () => false, sighting: async () => seen('lost') },
  })
  await expect(deaf.fence('host-1', 'admin')).rejects.toMatchObject({ code: 'DRAYAGE_HOST_ANSWERS' })
})

test('one that a coordinator has not heard since it started is not fenced before it counts as lost', async () => {
  const { fences, journal, hosts } = await setUp()
  away.add('host-1')
  let state: HostState = 'unknown'
  const young = createFencing({
    ...{ hosts, fences, journal, clock, log: quiet, onHold: () => false, sighting: async () => seen(state) },
  })
  await expect(young.fence('host-1', 'admin')).rejects.toMatchObject({
    code: 'DRAYAGE_HOST_ANSWERS',
    message: expect.stringContaining('has only just started'),
  })
  state = 'lost'
  expect((await young.fence('host-1', 'admin')).migrations).toHaveLength(1)
})

test('what has crossed is thrown away only when the source is back, has the original, and was put back', async () => {
  const { fencing, fences, undo } = await setUp()
  away.add('host-1')
  await fencing.fence('host-1', 'admin')
  await undo()
  await undo()
  expect(asked).toEqual([])
  // The target registers, which changes nothing.
  await fencing.isBack('host-2')
  expect(asked).toEqual([])
  away.clear()
  refuses.set('host-1 unfenceSource', 'DRAYAGE_ENGINE_UNREACHABLE')
  await fencing.isBack('host-1')
  expect(asked).toEqual(calls('host-1', ofSource.slice(0, 2)))
  expect(await fences.current('host-1')).not.toBeNull()
  refuses.clear()
  await fencing.isBack('host-1')
  await fencing.isBack('host-2')
  expect(asked).toEqual([
    ...calls('host-1', ofSource),
    'host-1 describeWorkloads',
    'host-2 discardTarget',
    'host-1 describeWorkloads',
    ...calls('host-2', ofTarget.slice(1)),
  ])
  expect(await fences.current('host-1')).toBeNull()
  expect(await fences.owed()).toEqual([])
})

test('a source that comes back without the original leaves what has crossed as it is, and says so', async () => {
  const { fencing, fences, journal, undo } = await setUp()
  away.add('host-1')
  await fencing.fence('host-1', 'admin')
  await undo()
  away.clear()
  refuses.set('host-1 describeWorkloads', 'DRAYAGE_CONTAINER_NOT_FOUND')
  await fencing.isBack('host-1')
  await fencing.isBack('host-2')
  expect(asked).toEqual([...calls('host-1', ofSource), 'host-2 forgetMigration'])
  expect(await fences.owed()).toEqual([])
  expect((await journal.find('m1'))?.warnings.map(({ code }) => code)).toEqual(['host-fenced', 'kept-on-target'])
})

test('a target that is down is owed the clearing up, and the source is put back at once', async () => {
  const { fencing, fences, undo } = await setUp()
  away.add('host-2')
  await fencing.fence('host-2', 'admin')
  await undo()
  expect(asked).toEqual(calls('host-1', ofSource))
  away.clear()
  await fencing.isBack('host-2')
  expect(asked.slice(ofSource.length)).toEqual(calls('host-2', ofTarget))
  expect(await fences.current('host-2')).toBeNull()
})

test('what is owed of several that move together is done step by step, and one that cannot be holds up no other', async () => {
  const { fencing, source, lease } = await setUp()
  const parts = [lease, { ...lease, migrationId: 'm1.2' }]
  away.add('host-1')
  await fencing.fence('host-1', 'admin')
  for (const part of parts.toReversed()) await source.restoreSource({ lease: part, containerId: part.migrationId })
  for (const part of parts) await source.restartSource({ lease: part, containerId: part.migrationId })
  away.clear()
  await fencing.isBack('host-1')
  expect(asked).toEqual(calls('host-1', ['restoreSource', 'restoreSource', 'restartSource', 'restartSource']))
  expect(about).toEqual(['m1.2', 'm1', 'm1', 'm1.2'])
})
