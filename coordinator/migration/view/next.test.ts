// What an operator is told to do is never to look where the container is not.
import { expect, test } from 'vitest'
import { accepted, type MigrationRecord } from '../record.ts'
import { nextFor, type Standing } from './next.ts'

const member = { containerId: 'c1', containerName: 'web', lease: null, settledBy: null }
const record = (changes: Partial<MigrationRecord> = {}): MigrationRecord => ({
  ...{ id: 'm-1', kind: 'move', of: null, terms: {}, followedBy: 'm-2', state: 'failed' },
  request: accepted({ container: 'web', from: 'host-1', to: 'host-2' }),
  ...{ subject: 'web', members: [member], idempotencyKey: null, warnings: [], error: null },
  plan: { container: { id: 'c1', name: 'web', state: 'running' } } as MigrationRecord['plan'],
  ...{ cancelRequested: false, pauseRequested: false },
  ...{ createdAt: new Date(0), updatedAt: new Date(0), endedAt: new Date(1) },
  ...changes,
})
const next = (follower: Partial<MigrationRecord>): string => {
  const standing: Omit<Standing, 'follower'> = { record: record(), entries: [], facts: {}, waiting: null, place: null }
  return nextFor({ ...standing, follower: record({ id: 'm-2', kind: 'return', of: 'm-1', ...follower }) })
}

test('of one that did not come up: its way back is pointed at as long as that has the container', () => {
  expect(next({ state: 'running', endedAt: null })).toBe('It goes back to host-1 by itself: see migration m-2.')
  expect(next({ state: 'failed' })).toBe(
    'The way back (m-2) did not come up either: see there where web is, and what to do.',
  )
})

test('of one that did not come up: where its way back was put back, it is with the target still', () => {
  expect(next({ state: 'rolled-back' })).toMatch(/^host-2 owns web .* The way back \(m-2\) did not succeed/)
})

test('several that did not come up are all named in what is to be typed, by their project where they moved as one', () => {
  const members = [member, { ...member, containerId: 'c2', containerName: 'db' }]
  const stuck = (changes: Partial<MigrationRecord>): string =>
    nextFor({
      ...{
        record: record({ members, ...changes }),
        entries: [],
        facts: {},
        waiting: null,
        place: null,
        follower: null,
      },
    })
  expect(stuck({ kind: 'return' })).toContain('dray migrate web --from host-2 --to host-1 --with-dependents.')
  expect(stuck({ kind: 'return', terms: { project: 'blog' } })).toContain(
    'dray migrate --project blog --from host-2 --to host-1.',
  )
})

test('every container that keeps another name on the source is told', () => {
  const isolate = ['', 'web-moved-1', 'db-moved-1'].map((renamedTo) => ({ volumes: [], renamedTo }))
  const told = nextFor({
    ...{
      record: record({ state: 'awaiting-finalize', plan: { volumes: [] } as unknown as MigrationRecord['plan'] }),
      entries: [],
      facts: { isolate },
      waiting: null,
      place: null,
    },
    follower: null,
  })
  expect(told).toContain('host-1 keeps the stopped containers as web-moved-1, db-moved-1.')
})
