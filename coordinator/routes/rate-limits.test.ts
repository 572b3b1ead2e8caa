import { describe, expect, test } from 'vitest'
import { restInterface } from '../testing/rest-interface.ts'
import { audited } from '../testing/stand-in-parts.ts'

const { call, reopen } = restInterface()

describe('how much may be asked', () => {
  const limited = (perCallerAndMinute: number, perStrangerAndMinute: number) =>
    reopen({ rateLimits: { perCallerAndMinute, perStrangerAndMinute } })
  const refused = { status: 429, code: 'DRAYAGE_RATE_LIMITED', retry: true }

  test('a caller has his share, whatever the others do', async () => {
    await limited(2, 100)
    for (const _ of [1, 2]) expect((await call('/v1/hosts')).statusCode).toBe(200)
    const reply = await call('/v1/migrations', { method: 'POST', body: {} })
    expect(reply.json()).toMatchObject(refused)
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    expect((await call('/v1/hosts', { headers: { authorization: 'Bearer viewer' } })).statusCode).toBe(200)
    // A flood is not put on record line by line.
    expect(audited).toEqual([])
  })

  test('who guesses tokens is stopped, and those who have one at the same address are not', async () => {
    await limited(100, 3)
    const guess = () => call('/v1/hosts', { headers: { authorization: 'Bearer guess' } })
    for (const _ of [1, 2, 3]) expect((await guess()).statusCode).toBe(401)
    expect((await guess()).json()).toMatchObject(refused)
    expect((await call('/v1/hosts')).statusCode).toBe(200)
    expect(audited).toHaveLength(3)
  })
})
