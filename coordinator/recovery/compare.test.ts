import { expect, test } from 'vitest'
import { type Entry, stepOrder } from '../migration/decide.ts'
import type { Standing } from '../migration/ports.ts'
import { compare, withSiblings } from './compare.ts'
import type { Known, KnownMigration, KnownWorkload, SeenContainer } from './ports.ts'
import { type DisputedWorkload, dispute, keptTogether } from './propose.ts'

const none: Standing = { epochs: [], migrations: [], retired: [], broughtBack: [] }
const standing = (over: Partial<Standing>): Standing => ({ ...none, ...over })
const upTo = (last: (typeof stepOrder)[number]): Entry[] =>
  stepOrder
    .slice(0, stepOrder.indexOf(last) + 1)
    .flatMap((step): Entry[] => [
      { step, phase: 'started' },
      ...(step === last ? [] : [{ step, phase: 'done' } as const]),
    ])

const workload: KnownWorkload = {
  ...{ id: 'w', epoch: 1, issuedTo: 'm', owner: { host: 'host-1', containerId: 'c1' } },
  places: [{ host: 'host-1', containerId: 'c1' }],
}
const migration: KnownMigration = {
  ...{ id: 'm', workloadId: 'w', epoch: 1, from: 'host-1', to: 'host-2', containerId: 'c1', containerName: 'web' },
  ...{ kind: 'move', ended: false, entries: upTo('finalcopy') },
}
const known = (one: Partial<KnownWorkload> = {}, other: Partial<KnownMigration> = {}): Known => ({
  workloads: new Map([['w', { ...workload, ...one }]]),
  migrations: new Map([['m', { ...migration, ...other }]]),
  settled: new Map(),
})
const held = { workloadId: 'w', epoch: 1, migrationId: 'm' }
const sourceNote = {
  ...{ ...held, role: 'source', peerHost: 'host-2', containerId: 'c1', containerName: 'web' },
  effects: ['fenced', 'stopped', 'isolated'],
}
const targetNote = {
  ...held,
  role: 'target',
  peerHost: 'host-1',
  containerId: '',
  containerName: '',
  effects: [] as string[],
}
const retired = { ...held, containerId: 'c1', containerName: 'web', movedTo: 'host-2', retiredAt: '', partial: '' }
const byHand = { ...held, containerId: 'c1', containerName: 'web', movedTo: 'host-2', startedAt: 'then', doneAt: '' }
const kinds = (host: string, said: Standing, of: Known) => compare(host, said, of).map(({ kind }) => kind)

test('an agent that knows nothing, or no more than the journal has, does not differ from it', () => {
  expect(compare('host-1', none, known())).toEqual([])
  expect(compare('host-1', standing({ epochs: [held], migrations: [sourceNote] }), known())).toEqual([])
  // Wherever the coordinator died: an effect whose step had begun may have happened or not.
  for (const last of stepOrder) {
    const effects = ['fence', 'stop', 'isolate'].flatMap((step, index) =>
      stepOrder.indexOf(step as never) <= stepOrder.indexOf(last) ? [sourceNote.effects[index] ?? ''] : [],
    )
    const said = standing({ epochs: [held], migrations: [{ ...sourceNote, effects }] })
    expect(compare('host-1', said, known({}, { entries: upTo(last) }))).toEqual([])
  }
  const over = known({ owner: { host: 'host-2', containerId: 'c2' } }, { ended: true, entries: upTo('retain') })
  expect(compare('host-1', standing({ epochs: [held], retired: [retired] }), over)).toEqual([])
  const atTheEnd = known({ owner: { host: 'host-2', containerId: 'c2' } }, { entries: upTo('retain') })
  expect(compare('host-1', standing({ epochs: [held], retired: [retired] }), atTheEnd)).toEqual([])
  expect(compare('host-2', standing({ epochs: [held] }), atTheEnd)).toEqual([])
})

test.each<[string, Partial<Standing>, Known]>([
  ['holds an epoch of a workload that is not known', { epochs: [held] }, { ...known(), workloads: new Map() }],
  ['holds a higher epoch', { epochs: [{ ...held, epoch: 2, migrationId: 'n' }] }, known()],
  ['holds the same epoch by another migration', { epochs: [{ ...held, migrationId: 'n' }] }, known()],
  [
    'has an effect whose step never began',
    { epochs: [held], migrations: [sourceNote] },
    known({}, { entries: upTo('stop') }),
  ],
  ['has retired what was never committed', { epochs: [held], retired: [retired] }, known()],
  ['has ended what has not ended here', { epochs: [held] }, known()],
])('a database is behind an agent that %s', (_, said, of) => {
  expect(kinds('host-1', standing(said), of)).toContain('behind')
})

test('a target that was asked to start is behind no journal but one without the commit', () => {
  const asked = standing({ epochs: [held], migrations: [{ ...targetNote, effects: ['confirmed', 'start-asked'] }] })
  expect(kinds('host-2', asked, known())).toEqual(['behind'])
  expect(kinds('host-2', asked, known({}, { entries: upTo('start') }))).toEqual([])
})

test('a finalize that was cut off is no older journal: nothing is noted of it on any host', () => {
  const over: Partial<KnownWorkload> = { owner: { host: 'host-2', containerId: 'c2' } }
  const entries: Entry[] = [
    { step: 'lock', phase: 'started' },
    { step: 'lock', phase: 'done' },
    { step: 'remove', phase: 'started' },
  ]
  expect(kinds('host-1', standing({ epochs: [held] }), known(over, { kind: 'finalize', entries }))).toEqual([])
})

test('what was brought back by hand is told until it is settled, or was moved away again from there', () => {
  const said = standing({ epochs: [held], broughtBack: [byHand] })
  const moved: Partial<KnownWorkload> = { owner: { host: 'host-2', containerId: 'c2' } }
  const done: Partial<KnownMigration> = { ended: true, entries: [...upTo('commit'), { step: 'commit', phase: 'done' }] }
  expect(kinds('host-1', said, known(moved, done))).toEqual(['by-hand'])
  const higher = known({ ...moved, epoch: 2, issuedTo: 'n' }, done)
  expect(kinds('host-1', said, { ...higher, settled: new Map([['w', 2]]) })).toEqual([])
  const then = (from: string, containerId: string): Known => ({
    ...higher,
    migrations: new Map([...higher.migrations, ['n', { ...migration, ...done, id: 'n', epoch: 2, from, containerId }]]),
  })
  expect(kinds('host-1', said, then('host-1', 'c1'))).toEqual([])
  // The other copy was moved on before this agent was heard.
  expect(kinds('host-1', said, then('host-2', 'c2'))).toEqual(['by-hand'])
  // Not committed: all that is to be done is to put back what is left of it elsewhere.
  expect(kinds('host-1', said, known())).toEqual(['cancel'])
  expect(kinds('host-1', said, known(moved, { ...done, ended: false }))).toEqual(['by-hand'])
})

const container = (host: string, containerId: string, madeBy: string | null, state = 'running'): SeenContainer => ({
  ...{ host, containerId, madeBy, state, name: 'web' },
})
const settleable = (
  of: Known,
  said: Record<string, Standing>,
  seen: readonly SeenContainer[],
  down: readonly string[] = [],
) => {
  const standings = new Map(Object.entries(said))
  const differences = [...standings].flatMap(([host, one]) => compare(host, one, of))
  return dispute('w', differences, of, standings, seen, new Set(down))
}

test('a finished move that the database never knew is proposed to the host that it went to, by the label of what it made', () => {
  const nothing: Known = { workloads: new Map(), migrations: new Map(), settled: new Map() }
  const found = settleable(
    nothing,
    { 'host-1': standing({ epochs: [held], retired: [retired] }), 'host-2': standing({ epochs: [held] }) },
    [container('host-1', 'c1', null, 'exited'), container('host-2', 'c2', 'm'), container('host-2', 'other', null)],
  )
  expect(found.copies.map(({ containerId, mayRun }) => [containerId, mayRun])).toEqual([
    ['c1', false],
    ['c2', true],
  ])
  expect(found).toMatchObject({
    name: 'web',
    epoch: 1,
    recorded: null,
    proposal: { host: 'host-2', containerId: 'c2' },
  })
})

test('a copy that was half overwritten by a way back is shown as such, and not proposed', () => {
  const of = known({ owner: { host: 'host-2', containerId: 'c2' } }, { ended: true })
  const again = { workloadId: 'w', epoch: 2, migrationId: 'back' }
  const found = settleable(
    of,
    {
      'host-1': standing({ epochs: [again], retired: [{ ...retired, partial: 'back' }] }),
      'host-2': standing({ epochs: [again] }),
    },
    [container('host-1', 'c1', null, 'exited'), container('host-2', 'c2', 'm')],
  )
  expect(found.copies[0]?.is).toBe('moved away to host-2, and half overwritten by a way back (back)')
  expect(found.proposal).toMatchObject({ host: 'host-2' })
})

test('a host that has not been heard holds the proposal back, until it is declared down', () => {
  const said = { 'host-1': standing({ epochs: [{ ...held, epoch: 2, migrationId: 'n' }], migrations: [] }) }
  const of = known({}, { ended: true })
  const seen = [container('host-1', 'c1', null)]
  const peer = {
    'host-1': standing({ ...said['host-1'], migrations: [{ ...sourceNote, migrationId: 'n', epoch: 2 }] }),
  }
  expect(settleable(of, peer, seen)).toMatchObject({ unknown: ['host-2'], proposal: null })
  expect(settleable(of, peer, seen, ['host-2'])).toMatchObject({ unknown: [], proposal: { host: 'host-1' } })
})

test.each([
  ['was not asked to start: the source', [], 'host-1'],
  ['was asked to start: the target', ['confirmed', 'start-asked'], 'host-2'],
])('of a move that was cut off half way, and whose target %s, is proposed', (_, effects, host) => {
  const found = settleable(
    known({}, { entries: upTo('precopy') }),
    {
      'host-1': standing({ epochs: [held], migrations: [sourceNote] }),
      'host-2': standing({ epochs: [held], migrations: [{ ...targetNote, effects }] }),
    },
    [container('host-1', 'c1', null, 'exited'), container('host-2', 'c2', 'm', 'created')],
  )
  expect(found.proposal).toMatchObject({ host })
})

test('what was brought back by hand is proposed, though the other copy may run too', () => {
  const of = known(
    {
      owner: { host: 'host-2', containerId: 'c2' },
      places: [...workload.places, { host: 'host-2', containerId: 'c2' }],
    },
    { ended: true, entries: [{ step: 'commit', phase: 'done' }] },
  )
  const found = settleable(
    of,
    { 'host-1': standing({ epochs: [held], broughtBack: [byHand] }), 'host-2': standing({ epochs: [held] }) },
    [container('host-1', 'c1', null), container('host-2', 'c2', 'm')],
  )
  expect(found.proposal).toMatchObject({ host: 'host-1', why: expect.stringContaining('by hand') })
})

test('between two copies that may run nobody is guessed at', () => {
  const of = known({ places: [...workload.places, { host: 'host-2', containerId: 'c2' }] }, { ended: true })
  const found = settleable(
    of,
    { 'host-1': standing({ epochs: [{ ...held, epoch: 5, migrationId: 'x' }] }), 'host-2': none },
    [container('host-1', 'c1', null), container('host-2', 'c2', null)],
  )
  expect(found.proposal).toBeNull()
})

test('what is settled about one that moves together with others is settled about all, and once', () => {
  const of = known()
  const part = (id: string, workloadId: string, ended = false): [string, KnownMigration] => [
    id,
    { ...migration, id, workloadId, ended, containerName: `of-${workloadId}` },
  ]
  const several = { ...of, migrations: new Map([part('m', 'w'), part('m.2', 'v'), part('m.3', 'u'), part('n', 'x')]) }
  const byHandHere = { kind: 'by-hand', host: 'host-1', workloadId: 'w', migrationId: 'm', message: 'it' } as const
  const own = { ...byHandHere, workloadId: 'u', migrationId: 'm.3' }
  expect(withSiblings([byHandHere, own], several).map(({ workloadId }) => workloadId)).toEqual(['w', 'u', 'v'])
  const over = { ...of, migrations: new Map([part('m', 'w', true), part('m.2', 'v', true)]) }
  expect(withSiblings([byHandHere], over)).toEqual([byHandHere])
})

test('those that move together are proposed to one host, or none of them is proposed', () => {
  const of = known()
  const part = (id: string, workloadId: string, ended = false): [string, KnownMigration] => [
    id,
    { ...migration, id, workloadId, ended },
  ]
  const proposed = (id: string, host: string | null): DisputedWorkload => ({
    ...{ id, name: id, recorded: null, differences: [], copies: [], epoch: 1, hosts: [], unknown: [] },
    proposal: host === null ? null : { host, containerId: 'c', why: '' },
  })
  const hostsOf = (migrations: [string, KnownMigration][], ...asked: [string, string | null][]) =>
    keptTogether(
      asked.map(([id, host]) => proposed(id, host)),
      { ...of, migrations: new Map(migrations) },
    ).map(({ proposal }) => proposal?.host ?? null)
  const [w, v, other] = [part('m', 'w'), part('m.2', 'v'), part('n', 'x')]
  expect(hostsOf([w, v, other], ['w', 'host-1'], ['v', 'host-2'], ['x', 'host-2'])).toEqual([null, null, 'host-2'])
  expect(hostsOf([w, v], ['w', 'host-1'], ['v', null])).toEqual([null, null])
  expect(hostsOf([w, v], ['w', 'host-1'], ['v', 'host-1'])).toEqual(['host-1', 'host-1'])
  // One that has ended ties nobody any more.
  expect(hostsOf([part('m', 'w', true), part('m.2', 'v', true)], ['w', 'host-1'], ['v', 'host-2'])).toEqual([
    ...['host-1', 'host-2'],
  ])
})
