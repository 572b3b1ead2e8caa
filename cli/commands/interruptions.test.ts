import { expect, test, vi } from 'vitest'
import { AppError, type ErrorCode } from '../../shared/errors.ts'
import { createInterruptions } from './interruptions.ts'

const begin = (answers: readonly (ErrorCode | 'accepted')[]) => {
  const said: string[] = []
  const left: string[] = []
  const cancelled: string[] = []
  let next = 0
  const interruptions = createInterruptions({
    cancel: async (id) => {
      cancelled.push(id)
      const answer = answers[Math.min(next, answers.length - 1)] ?? 'accepted'
      next += 1
      if (answer !== 'accepted') throw new AppError(answer, `because ${answer}.`)
    },
    say: (text) => said.push(text),
    leave: (text) => left.push(text),
    retryEveryMs: 1,
  })
  return { interruptions, said, left, cancelled }
}

test('before anything is started, one leaves at once', () => {
  const { interruptions, left, cancelled } = begin([])
  interruptions.interrupt()
  expect(left).toEqual(['Cancelled. Nothing was started.'])
  expect(cancelled).toEqual([])
})

test('the first cancels and stays, the second leaves and says that the cancel goes on', async () => {
  const { interruptions, said, left, cancelled } = begin(['accepted'])
  interruptions.starting()
  interruptions.started('m1')
  interruptions.interrupt()
  await vi.waitFor(() => expect(said.at(-1)).toContain('puts everything back'))
  expect(cancelled).toEqual(['m1'])
  expect(left).toEqual([])
  interruptions.interrupt()
  expect(left).toEqual(['Leaving. The cancel goes on: dray migrations m1 tells how it ended.'])
  expect(cancelled).toEqual(['m1'])
})

test('one while it is being started cancels as soon as the id is known', async () => {
  const { interruptions, cancelled } = begin(['accepted'])
  interruptions.starting()
  interruptions.interrupt()
  expect(cancelled).toEqual([])
  expect(interruptions.wanted()).toBe(true)
  interruptions.started('m1')
  expect(cancelled).toEqual(['m1'])
})

test('past the commit it says that it can no longer be cancelled, and does not claim that a cancel goes on', async () => {
  const { interruptions, said, left } = begin(['DRAYAGE_PAST_COMMIT'])
  interruptions.started('m1')
  interruptions.interrupt()
  await vi.waitFor(() => expect(said.at(-1)).toContain('can no longer be cancelled'))
  expect(left).toEqual([])
  interruptions.interrupt()
  expect(left[0]).toContain('The migration goes on')
})

test('a cancel that does not arrive is tried until it does', async () => {
  const unreachable = 'DRAYAGE_COORDINATOR_UNREACHABLE'
  const { interruptions, said, cancelled } = begin([unreachable, unreachable, 'accepted'])
  interruptions.started('m1')
  interruptions.interrupt()
  await vi.waitFor(() => expect(said.at(-1)).toContain('puts everything back'))
  expect(cancelled).toHaveLength(3)
  expect(said.filter((text) => text.includes('has not arrived'))).toHaveLength(1)
})

test('leaving before the cancel has arrived says so', async () => {
  const { interruptions, left, said } = begin(['DRAYAGE_COORDINATOR_UNREACHABLE'])
  interruptions.started('m1')
  interruptions.interrupt()
  await vi.waitFor(() => expect(said.at(-1)).toContain('has not arrived'))
  interruptions.interrupt()
  expect(left[0]).toContain('dray cancel m1 asks again')
  interruptions.close()
})
