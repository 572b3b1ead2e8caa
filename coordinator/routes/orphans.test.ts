import { describe, expect, test } from 'vitest'
import { restInterface } from '../testing/rest-interface.ts'
import { time } from '../testing/stand-in-parts.ts'

const { call, problem } = restInterface()

describe('volumes that nothing uses', () => {
  const path = '/v1/volumes/host-1/data/remove'
  const listed = { driver: 'local', mountpoint: '/v/data/_data', createdAt: time }

  test('are listed by what is asked for, several names among it', async () => {
    const reply = await call('/v1/orphans?name=a&name=b')
    expect(reply.json()).toMatchObject({ orphans: [{ name: 'a+b', verdict: 'orphan' }], asOf: [{ reliable: true }] })
    expect(await problem('/v1/orphans?host=host-9')).toMatchObject({ code: 'DRAYAGE_HOST_NOT_FOUND' })
    expect(await problem('/v1/orphans?unusedForSeconds=30d')).toMatchObject({ code: 'DRAYAGE_INVALID_REQUEST' })
  })

  test('are removed as they were listed; what fails after the first word is told within the answer', async () => {
    const removed = await call(path, { method: 'POST', body: listed })
    expect(removed.statusCode).toBe(200)
    expect(removed.payload).toContain('event: removed\ndata: {"host":"host-1","volume":"data"}')
    const breaks = await call('/v1/volumes/host-1/breaks/remove', { method: 'POST', body: listed })
    expect(breaks.payload).toMatch(/event: problem\ndata: .*DRAYAGE_VOLUME_IN_USE/)
    const other = await call(path, { method: 'POST', body: { ...listed, createdAt: null } })
    expect([other.statusCode, other.json().code]).toEqual([409, 'DRAYAGE_VOLUME_CHANGED'])
    for (const body of [{}, { ...listed, force: true }, { ...listed, digest: 'x' }])
      expect((await call(path, { method: 'POST', body })).statusCode).toBe(400)
  })
})
