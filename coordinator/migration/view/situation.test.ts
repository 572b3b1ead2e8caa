// What is said of a migration is what the model of its journal makes true: never that something runs which may not.
import { expect, test } from 'vitest'
import type { MigrationError, StepName } from '../../../shared/api/migrations.ts'
import { stepOrder } from '../decide.ts'
import type { JournalEntry, JournalPhase } from '../ports.ts'
import { accepted, type Facts, type MigrationRecord } from '../record.ts'
import { nextOf, situationOf } from './situation.ts'

const member = { containerId: 'c1', containerName: 'web', lease: null, settledBy: null }
const record = (changes: Partial<MigrationRecord> = {}): MigrationRecord => ({
  id: 'm-1',
  kind: 'move',
  of: null,
  terms: {},
  followedBy: null,
  request: accepted({ container: 'web', from: 'host-1', to: 'host-2' }),
  subject: 'web',
  members: [member],
  plan: { container: { id: 'c1', name: 'web' }, members: [{ state: 'running' }] } as MigrationRecord['plan'],
  idempotencyKey: null,
  state: 'running',
  cancelRequested: false,
  pauseRequested: false,
  warnings: [],
  error: null,
  createdAt: new Date(0),
  updatedAt: new Date(0),
  endedAt: null,
  ...changes,
})

const entry = (step: StepName, phase: JournalPhase): JournalEntry => ({
  ...{ seq: 0, step, phase, at: new Date(0), facts: null, error: null },
})
// Everything before `step` is done, and `step` itself is in `phase`.
const upTo = (step: StepName, phase: JournalPhase): JournalEntry[] => [
  ...stepOrder.slice(0, (stepOrder as readonly StepName[]).indexOf(step)).map((name) => entry(name, 'done')),
  entry(step, phase),
]
const inTheWay = (code: string): MigrationError => ({ code, message: 'It is in the way.', step: null, reasons: [] })
const facts: Facts = { stop: [{ wasRunning: true, exitCode: 0, killed: false }] }
const say = (entries: JournalEntry[], of = record(), known = facts) => situationOf(of, entries, known)

test('before it is told to stop, the container runs where it was', () => {
  expect(say([])).toBe('web runs on host-1, untouched; host-2 has nothing of it.')
  expect(say(upTo('precopy', 'started'))).toBe(
    'web runs on host-1, untouched; host-2 has an unfinished copy, which is not in use.',
  )
})

test('a stop whose end is not known is said to be unknown', () => {
  expect(say(upTo('stop', 'started'))).toContain('whether it has is not known')
  expect(say(upTo('stop', 'failed'))).toContain('whether it has is not known')
})

test('between stop and commit it runs nowhere, and its data is named by its place', () => {
  expect(say(upTo('isolate', 'started'))).toContain('web is stopped on host-1 and runs nowhere')
  expect(say(upTo('commit', 'started'))).toBe(
    'web is stopped on host-1 and runs nowhere; all of its data is there, set aside so that nothing starts on it; host-2 has a whole copy, which is not in use.',
  )
})

test('after the commit the target owns it, and runs it only when that is known', () => {
  expect(say(upTo('start', 'started'))).toContain('host-2 owns web and has all of its data; it is being started there')
  const started = { ...facts, start: [{ verdict: 'settled', upAt: null }] }
  expect(say(upTo('retain', 'started'), record(), started)).toContain('host-2 owns web, and it runs there')
})

test('while it is put back, what runs again and what is left are said', () => {
  const entries = [...upTo('isolate', 'failed'), entry('isolate', 'undone'), entry('stop', 'undone')]
  expect(say(entries)).toBe('web runs on host-1 again; host-2 has an unfinished copy, which is not in use.')
  expect(say([...entries, entry('precopy', 'undone'), entry('hold', 'undone')])).toBe(
    'web runs on host-1 again; host-2 has nothing of it.',
  )
})

test('a container that did not run when it was found is never said to run', () => {
  const stopped = { plan: { container: { id: 'c1' }, members: [{ state: 'exited' }] } as MigrationRecord['plan'] }
  for (const step of stepOrder.slice(0, stepOrder.indexOf('commit'))) {
    for (const phase of ['started', 'done', 'failed', 'undo-started', 'undone'] as const) {
      expect(say(upTo(step, phase), record(stopped))).not.toMatch(/web runs on/)
    }
  }
})

test('cancelling is offered exactly as long as it is possible', () => {
  const offered = (entries: JournalEntry[], waiting: MigrationError | null) =>
    nextOf(record(), entries, waiting).includes('dray cancel')
  for (const waiting of [null, inTheWay('DRAYAGE_TIMEOUT')]) {
    expect(offered(upTo('finalcopy', 'started'), waiting)).toBe(true)
    expect(offered(upTo('finalcopy', 'failed'), waiting)).toBe(false)
    expect(offered([...upTo('commit', 'done')], waiting)).toBe(false)
  }
})

test('what waits after the commit is not to be started on the source by hand', () => {
  const next = nextOf(record(), upTo('commit', 'done'), inTheWay('DRAYAGE_TIMEOUT'))
  expect(next).toContain('Do not start web on host-1')
})

test('who waits for a host is told how to go on without it, on either side of the commit', () => {
  const next = (entries: JournalEntry[]) => nextOf(record(), entries, inTheWay('DRAYAGE_AGENT_UNREACHABLE'))
  expect(next(upTo('stop', 'failed'))).toMatch(/Bring back the host.*dray fence host-2/)
  expect(next(upTo('retain', 'started'))).toMatch(/Bring back the host.*dray fence host-1/)
})

test('what has become of it since is said, and not that it is where this migration left it', () => {
  const notUp = [...upTo('start', 'failed'), entry('retain', 'done')]
  const since = (changes: Partial<MigrationRecord>) =>
    situationOf(record({ endedAt: new Date(1) }), notUp, facts, [], record({ id: 'm-2', kind: 'return', ...changes }))
  const left = 'host-2 owns web and has all of its data; it did not come up there'
  expect(since({ state: 'running' })).toContain('on its way from host-2 to host-1: migration m-2')
  expect(since({ state: 'awaiting-finalize', members: [{ ...member, start: true }] })).toContain(
    'web is back on host-1, and runs there',
  )
  expect(since({ state: 'completed' })).toContain('m-2 says what became of it')
  for (const state of ['rolled-back', 'cancelled'] as const) expect(since({ state })).toContain(left)
  expect(since({ kind: 'finalize', state: 'completed' })).toBe('host-2 owns web. Nothing of it is left on host-1.')
})

test('a way back that has not begun to write leaves the old copy where it goes', () => {
  expect(say([], record({ kind: 'return' }))).toBe(
    'web runs on host-1, untouched; host-2 keeps its old copy, set aside.',
  )
})

test('of several that were put back, those are named that somebody removed, and no others', () => {
  const message = 'The container db was removed from host-1 while it was being moved.'
  const members = [member, { ...member, containerId: 'c2', containerName: 'db' }]
  const ended = { endedAt: new Date(1), state: 'rolled-back', subject: 'web with db' } as const
  const told = say([], record({ ...ended, members, warnings: [{ code: 'source-removed', message }] }))
  expect(told).toBe(`${message} All else of it is on host-1 as it was. host-2 has nothing of it.`)
})
