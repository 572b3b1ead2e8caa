import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createQueue, takeTurns } from './queue.ts'

const limits = { total: 4, perHost: 2 }
const one = (id: string, from: string, to: string, overtaken = 0) => ({ id, hosts: [from, to], overtaken })

describe('turns', () => {
  test('are taken in the order of coming, and one that waits for a busy host does not hold up those who do not need it', () => {
    const running = [one('m1', 'a', 'b'), one('m2', 'a', 'c')]
    const turns = takeTurns([one('m3', 'a', 'd'), one('m4', 'b', 'c'), one('m5', 'd', 'e')], running, limits)
    expect(turns.admitted).toEqual(['m4', 'm5'])
    expect(turns.waiting).toMatchObject([
      { id: 'm3', overtaken: 1, waitsFor: { kind: 'host', host: 'a', limit: 2, ids: ['m1', 'm2'] } },
    ])
  })

  test('come to an end for others once somebody was passed over often enough', () => {
    const running = [one('m1', 'a', 'b'), one('m2', 'a', 'c')]
    const turns = takeTurns([one('m3', 'a', 'd', 4), one('m4', 'd', 'e'), one('m5', 'e', 'f')], running, limits)
    expect(turns.admitted).toEqual(['m5'])
    expect(turns.waiting).toMatchObject([{ id: 'm3' }, { id: 'm4', waitsFor: { kind: 'turn', host: 'd', id: 'm3' } }])
  })

  test('are no more than there may be in all', () => {
    const wish = ['m1', 'm2', 'm3'].map((id, index) => one(id, `a${index}`, `b${index}`))
    const turns = takeTurns(wish, [], { total: 2, perHost: 9 })
    expect(turns.admitted).toEqual(['m1', 'm2'])
    expect(turns.waiting).toMatchObject([{ id: 'm3', waitsFor: { kind: 'total', limit: 2 } }])
  })
})

const host = fc.constantFrom('a', 'b', 'c', 'd')
const pair = fc.tuple(host, host).filter(([from, to]) => from !== to)
const bounds = fc.record({ total: fc.integer({ min: 1, max: 4 }), perHost: fc.integer({ min: 1, max: 3 }) })

test('whoever comes and goes, no limit is passed, nobody waits without a reason that is true, and everybody gets a turn', () => {
  fc.assert(
    fc.property(
      fc.array(pair, { minLength: 1, maxLength: 40 }),
      bounds,
      fc.infiniteStream(fc.nat()),
      (all, most, draw) => {
        const queue = createQueue(most)
        const running = new Map<string, readonly string[]>()
        const hosts = new Map(all.map((hosts, index) => [`m${String(index).padStart(3, '0')}`, hosts]))
        const coming = [...hosts.keys()]
        const drawn = (below: number) => (draw.next().value ?? 0) % below
        let had = 0
        for (let turn = 0; had < all.length; turn++) {
          if (turn > 1_000) throw new Error('somebody waits for ever')
          const next = coming[0]
          if (next !== undefined && (drawn(2) === 0 || running.size === 0)) {
            coming.shift()
            queue.wait(next, hosts.get(next) ?? [])
          } else {
            const gone = [...running.keys()][drawn(Math.max(running.size, 1))]
            if (gone !== undefined) {
              running.delete(gone)
              queue.leave(gone)
            }
          }
          for (const id of queue.admit()) {
            had += 1
            running.set(id, hosts.get(id) ?? [])
          }
          expect(running.size).toBeLessThanOrEqual(most.total)
          for (const name of ['a', 'b', 'c', 'd']) {
            const there = [...running.values()].filter((its) => its.includes(name))
            expect(there.length).toBeLessThanOrEqual(most.perHost)
          }
          const [first] = queue.waiting()
          if (first !== undefined) {
            expect(queue.placeOf(first)).toMatchObject({ position: 1 })
            const full = (hosts.get(first) ?? []).some(
              (name) => [...running.values()].filter((its) => its.includes(name)).length >= most.perHost,
            )
            expect(full || running.size >= most.total).toBe(true)
          }
        }
      },
    ),
  )
})

test('while others never stop coming, one that needs two busy hosts is passed over some times, and then has its turn', () => {
  const queue = createQueue({ total: 9, perHost: 1 })
  queue.wait('m000', ['a', 'x'])
  queue.wait('m001', ['b', 'y'])
  queue.admit()
  queue.wait('m002', ['a', 'b'])
  // Each of the two is taken by a newcomer as soon as it is free, in turns, so that both are never free at once.
  let [next, passes] = [3, 0]
  const held: Record<'a' | 'b', string> = { a: 'm000', b: 'm001' }
  for (let turn = 0; ; turn++) {
    expect(turn).toBeLessThan(20)
    const side = turn % 2 === 0 ? 'a' : 'b'
    const newcomer = `m${String(next++).padStart(3, '0')}`
    queue.wait(newcomer, [side, `z${newcomer}`])
    queue.leave(held[side])
    const admitted = queue.admit()
    if (admitted.includes('m002')) break
    if (!admitted.includes(newcomer)) continue
    passes += 1
    held[side] = newcomer
  }
  expect(passes).toBeLessThanOrEqual(4)
})
