// A representative part of the fault matrix (`npm run test:faults` is the whole), and what shows that it is not blind.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bug, deliberateBugs } from './bugs.ts'
import { casesOf } from './matrix.ts'
import { type Case, play } from './play.ts'
import { ledgerFaults } from './workload.ts'
import { openWorld, type World } from './world.ts'

let world: World
let cases: readonly Case[]

beforeAll(async () => {
  world = await openWorld()
  cases = await casesOf(world, { only: ['move', 'undo', 'return/start'], everyPoint: false })
})
afterAll(() => world?.stop())

const caseCalled = (id: string): Case => {
  const found = cases.find((one) => one.id === id)
  if (found === undefined) throw new Error(`There is no case ${id}; there are ${cases.map((one) => one.id).join(', ')}`)
  return found
}

describe('the invariants hold when', () => {
  test.each([
    'move/stop/middle/kill-coordinator',
    'move/isolate/middle/reboot-source',
    'return/start/middle/container-dies',
    'undo/stop/middle/kill-source-agent',
  ])('%s', async (id) => {
    const { breaches } = await play(world, caseCalled(id))
    expect(breaches).toEqual([])
  })
})

const buggy = ({ journey, step, fault }: Bug): Case => {
  const { id, ...found } = caseCalled(`${journey}/${step}/before/kill-coordinator`)
  return { ...found, id: `bug/${id}`, fault }
}

describe('the matrix is red when', () => {
  test.each(deliberateBugs.map((bug) => [bug.breaks, bug.what, bug] as const))('%s: %s', async (breaks, _, bug) => {
    const { bugs, deadlines = {} } = bug
    const { breaches } = await play(world, buggy(bug), { bugs, deadlines })
    expect(breaches.map(({ invariant }) => invariant)).toContain(breaks)
  })
})

test('every step of the protocol is struck, before it and in its middle', () => {
  const struck = new Set(cases.map(({ id }) => id.split('/').slice(0, 3).join('/')))
  expect([...struck].filter((id) => id.startsWith('move/'))).toHaveLength(24)
  expect([...struck]).toContain('undo/isolate/middle')
})

describe('of a ledger', () => {
  const line = (number: number) => `${number} 1 a`
  const acknowledged = (number: number) => ({ number, epoch: 1, hostname: 'a', uptimeMs: number })

  test('a write that was acknowledged and is not there is told, and one that was not acknowledged may be there', () => {
    expect(ledgerFaults(`${line(1)}\n${line(2)}\n`, [acknowledged(1)])).toEqual([])
    expect(ledgerFaults(`${line(1)}\n`, [acknowledged(1), acknowledged(2)])).toEqual([
      expect.stringContaining('1 of 2 acknowledged writes'),
    ])
  })

  test('a number that is missing or there twice is told', () => {
    expect(ledgerFaults(`${line(1)}\n${line(3)}\n`, [])).toEqual([expect.stringContaining('line 2')])
    expect(ledgerFaults(`${line(1)}\n${line(1)}\n`, [])).toEqual([expect.stringContaining('line 2')])
  })
})
