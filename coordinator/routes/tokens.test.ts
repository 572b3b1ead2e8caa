import { describe, expect, test } from 'vitest'
import { restInterface } from '../testing/rest-interface.ts'
import { audited, time } from '../testing/stand-in-parts.ts'

const { call, problem } = restInterface()

describe('tokens', () => {
  test('are made, listed without their secrets, and taken back', async () => {
    const added = await call('/v1/tokens', { method: 'POST', body: { name: 'ci', role: 'operator' } })
    expect([added.statusCode, added.json()]).toEqual([
      201,
      { name: 'ci', role: 'operator', expiresAt: time, token: 'dray_x' },
    ])
    expect((await call('/v1/tokens')).json().tokens).toMatchObject([{ name: 'night-shift', role: 'operator' }])
    expect((await call('/v1/tokens/night-shift', { method: 'DELETE' })).statusCode).toBe(204)
    expect(await problem('/v1/tokens/nobody', { method: 'DELETE' })).toMatchObject({ status: 404 })
    expect(audited.map(({ action, subject }) => [action, subject])).toEqual([
      ['addToken', 'ci, operator'],
      ['listTokens', '/v1/tokens'],
      ['removeToken', 'night-shift'],
      ['removeToken', 'nobody'],
    ])
  })

  test('have names and lives within bounds', async () => {
    for (const body of [
      { name: 'Two Words', role: 'viewer' },
      { name: 'ci', role: 'root' },
      { name: 'ci', role: 'viewer', lifetimeSeconds: 1 },
      { name: 'ci' },
    ]) {
      expect((await problem('/v1/tokens', { method: 'POST', body })).code).toBe('DRAYAGE_INVALID_REQUEST')
    }
  })
})
