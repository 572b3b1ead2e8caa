import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

const never = new AbortController().signal

test('calls for one workload never overlap and keep their order, whatever they do; other workloads do not wait', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ key: fc.constantFrom('a', 'b'), ticks: fc.nat({ max: 5 }), fails: fc.boolean() }), {
        maxLength: 20,
      }),
      async (calls) => {
        const turns = createTurns()
        const running = new Map<string, number>()
        const order: number[] = []
        await Promise.allSettled(
          calls.map(async ({ key, ticks, fails }, index) => {
            const end = await turns.take(key, never)
            try {
              expect(running.get(key) ?? 0).toBe(0)
              running.set(key, 1)
              for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve()
              order.push(index)
              running.set(key, 0)
              if (fails) throw new Error('failed')
            } finally {
              end()
            }
          }),
        )
        expect(order).toHaveLength(calls.length)
        for (const key of ['a', 'b']) {
          const mine = order.filter((index) => calls[index]?.key === key)
          expect(mine).toEqual(mine.toSorted((one, other) => one - other))
        }
      },
    ),
  )
})

test('a call whose caller has gone gives its turn to the next', async () => {
  const turns = createTurns()
  const first = await turns.take('w', never)
  const gone = turns.take('w', AbortSignal.abort())
  const next = turns.take('w', never)
  first()
  await expect(gone).rejects.toMatchObject({ code: 'DRAYAGE_CANCELLED' })
  ;(await next)()
})
