import { expect, test } from 'vitest'
import type { Migration, MigrationEvent } from '../../shared/api/migrations.ts'
import { AppError } from '../../shared/errors.ts'
import { moved, running } from '../testing/samples.ts'
import { type Followed, follow } from './follow.ts'

type Scripted = {
  readonly streams: readonly (readonly MigrationEvent[])[]
  readonly polls: readonly (Migration | AppError)[]
}

const away = new AppError('DRAYAGE_COORDINATOR_UNREACHABLE', 'nobody there')
const whole = (data: Migration): MigrationEvent => ({ event: 'migration', data })

// Streams that are given end cut; where none is left, they do not come at all. The last poll is repeated.
const play = async ({ streams, polls }: Scripted) => {
  let clock = 0
  let streamed = 0
  let polled = 0
  const seen: Followed[] = []
  const followed = follow(
    {
      events: async function* () {
        const events = streams[streamed]
        streamed += 1
        if (events === undefined) throw away
        yield* events
        throw away
      },
      migration: async () => {
        const answer = polls[Math.min(polled, polls.length - 1)] ?? away
        polled += 1
        if (answer instanceof AppError) throw answer
        return answer
      },
    },
    'm',
    {
      giveUpAfterMs: 300_000,
      now: () => clock,
      pause: async (ms) => {
        clock += ms
      },
    },
  )
  for (;;) {
    const { done, value } = await followed.next()
    if (done) return { ended: value, seen, polled, clock: () => clock }
    seen.push(value)
  }
}

test('the stream alone is enough', async () => {
  const { ended, polled } = await play({ streams: [[whole(running('stop')), whole(moved())]], polls: [] })
  expect(ended.state).toBe('awaiting-finalize')
  expect(polled).toBe(0)
})

test('asking alone is enough', async () => {
  const { ended, seen } = await play({ streams: [], polls: [running('image'), running('stop'), moved()] })
  expect(ended.state).toBe('awaiting-finalize')
  expect(seen).toHaveLength(3)
})

test('a coordinator that is away is told once, and once that it is back', async () => {
  const { ended, seen } = await play({
    streams: [[whole(running('image'))], [], []],
    polls: [away, away, away, running('stop'), moved()],
  })
  expect(ended.state).toBe('awaiting-finalize')
  expect(seen.map(({ event }) => event)).toEqual(['migration', 'away', 'back', 'migration', 'migration'])
})

test('it gives up when the coordinator stays away, and says that the end is not known', async () => {
  await expect(play({ streams: [[whole(running('image'))]], polls: [away] })).rejects.toMatchObject({
    code: 'DRAYAGE_COORDINATOR_UNREACHABLE',
    message: expect.stringMatching(/away for 300 s, so how migration m ended is not known here.*dray migrations m/),
  })
})

test('an answer that cannot change ends it at once', async () => {
  const missing = new AppError('DRAYAGE_MIGRATION_NOT_FOUND', 'no such')
  await expect(play({ streams: [], polls: [missing] })).rejects.toBe(missing)
})
