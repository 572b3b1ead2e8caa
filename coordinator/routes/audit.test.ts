import { describe, expect, test } from 'vitest'
import { restInterface } from '../testing/rest-interface.ts'
import { audited } from '../testing/stand-in-parts.ts'

const { call, problem } = restInterface()

describe('what goes on record', () => {
  const admin = { actor: 'admin', role: 'admin', address: '127.0.0.1', code: null }

  test('all that takes more than reading, with what it was about; nothing that only reads', async () => {
    await call('/v1/hosts')
    await call('/v1/migrations:plan', { method: 'POST', body: { container: 'web', from: 'host-1', to: 'host-2' } })
    expect(audited).toEqual([])
    await call('/v1/migrations', { method: 'POST', body: { container: 'web', from: 'host-1', to: 'host-2' } })
    await call('/v1/migrations/m1/cancel?x', { method: 'POST' })
    expect(audited).toEqual([
      {
        ...admin,
        action: 'startMigration',
        subject: 'web from host-1 to host-2, migration m1',
        outcome: 'allowed',
        requestId: expect.any(String),
      },
      expect.objectContaining({ action: 'cancelMigration', subject: '/v1/migrations/m1/cancel' }),
    ])
  })

  test('what failed, with why', async () => {
    await call('/v1/hosts', { method: 'POST', body: { name: 'host-1' } })
    expect(audited).toEqual([
      expect.objectContaining({
        action: 'addHost',
        subject: 'host-1',
        outcome: 'failed',
        code: 'DRAYAGE_HOST_EXISTS',
      }),
    ])
  })

  test('whoever asked and may not, also for what only reads, and without what he sent', async () => {
    await call('/v1/hosts?secret=x', { headers: { authorization: 'Bearer wrong-token' } })
    await call('/v1/tokens', { headers: { authorization: 'Bearer operator' } })
    expect(audited).toMatchObject([
      { actor: null, role: null, action: 'listHosts', outcome: 'refused', code: 'DRAYAGE_UNAUTHENTICATED' },
      { actor: 'operator', role: 'operator', action: 'listTokens', outcome: 'refused', code: 'DRAYAGE_ROLE_FORBIDDEN' },
    ])
    expect(JSON.stringify(audited)).not.toMatch(/secret|wrong-token/)
  })

  test('it is read by admins, newest first', async () => {
    await call('/v1/migrations/m1/cancel', { method: 'POST' })
    const { entries } = (await call('/v1/audit?limit=10&outcome=allowed')).json()
    expect(entries).toEqual([expect.objectContaining({ seq: 1, action: 'cancelMigration' })])
    expect((await problem('/v1/audit?limit=1001')).code).toBe('DRAYAGE_INVALID_REQUEST')
  })
})
