import { describe, expect, test } from 'vitest'
import { restInterface } from '../testing/rest-interface.ts'
import { finalized, migration, plan, returned, started } from '../testing/stand-in-parts.ts'

const { call, problem } = restInterface()

describe('migrations', () => {
  const body = { container: 'web', from: 'host-1', to: 'host-2' }

  test('are accepted with 202 and their place, and with 200 when the key was used for it before', async () => {
    const headers = { 'idempotency-key': 'k1' }
    const first = await call('/v1/migrations', { method: 'POST', body, headers })
    const second = await call('/v1/migrations', { method: 'POST', body, headers })
    expect([first.statusCode, second.statusCode]).toEqual([202, 200])
    expect(first.headers['location']).toBe('/v1/migrations/m1')
    expect(first.json()).toEqual(migration)
    expect(second.json()).toEqual(migration)
    // A key counts for the token that it came with.
    expect(started.map(({ key }) => key)).toEqual(['admin/k1', 'admin/k1'])
    await call('/v1/migrations', { method: 'POST', body })
    expect(started.at(-1)).toEqual({ request: body, key: null })
  })

  test('take no key that could not be told from another', async () => {
    for (const key of ['', ' ', 'with space', 'x'.repeat(256)]) {
      const reply = await problem('/v1/migrations', { method: 'POST', body, headers: { 'idempotency-key': key } })
      expect(reply.code).toBe('DRAYAGE_INVALID_REQUEST')
    }
  })

  test('are planned without being made, refusals and all', async () => {
    const reply = await call('/v1/migrations:plan', { method: 'POST', body })
    expect([reply.statusCode, reply.json()]).toEqual([200, plan])
    expect(started).toEqual([])
  })

  test('are listed, read and cancelled', async () => {
    expect((await call('/v1/migrations?state=failed&limit=1')).json().migrations).toHaveLength(1)
    expect((await call('/v1/migrations')).json().migrations).toHaveLength(2)
    expect((await call('/v1/migrations/m1')).json()).toEqual(migration)
    const cancelled = await call('/v1/migrations/m1/cancel', { method: 'POST' })
    expect([cancelled.statusCode, cancelled.json()]).toEqual([202, migration])
  })

  test('are returned and finalized by an address of their own, with a body or without', async () => {
    const returned_ = await call('/v1/migrations/m1:return', {
      ...{ method: 'POST', body: { discardWrites: true }, headers: { 'idempotency-key': 'k1' } },
    })
    expect([returned_.statusCode, returned_.json()]).toMatchObject([202, { kind: 'return', of: 'm1' }])
    expect(returned.at(-1)).toMatchObject({
      id: 'm1',
      request: { discardWrites: true },
      key: expect.stringMatching(/k1$/),
    })
    expect((await call('/v1/migrations/m2:return', { method: 'POST' })).json().code).toBe('DRAYAGE_NOTHING_TO_RETURN')
    const done = await call('/v1/migrations/m1:finalize', { method: 'POST' })
    expect([done.statusCode, done.json()]).toMatchObject([200, { kind: 'finalize', of: 'm1' }])
    expect(finalized.at(-1)).toMatchObject({ id: 'm1', request: {}, key: null })
    const wrong = await call('/v1/migrations/m1:finalize', { method: 'POST', body: { force: true } })
    expect(wrong.json().code).toBe('DRAYAGE_INVALID_REQUEST')
  })

  test('are followed as server-sent events until they have ended', async () => {
    const reply = await call('/v1/migrations/m1/events')
    expect(reply.headers['content-type']).toBe('text/event-stream')
    const events = reply.body.split('\n\n').filter((block) => block.startsWith('event: migration'))
    expect(events.map((block) => JSON.parse(block.split('\ndata: ')[1] ?? '').state)).toEqual(['running', 'completed'])
  })

  test('are verified as server-sent events, the last with the verdict; one without a copy is a problem document', async () => {
    const reply = await call('/v1/migrations/m1:verify', { method: 'POST' })
    expect(reply.headers['content-type']).toBe('text/event-stream')
    const events = reply.body.split('\n\n').filter((block) => block.startsWith('event: '))
    expect(events[0]).toMatch(/^event: progress\n/)
    expect(events.at(-1)).toMatch(/^event: verification\ndata: .*"sourceIsWhole":true/)
    expect(await problem('/v1/migrations/m9:verify', { method: 'POST' })).toMatchObject({
      status: 409,
      code: 'DRAYAGE_NOTHING_TO_VERIFY',
    })
  })
})

describe('pausing', () => {
  test('answers with the migration as it is then, and refuses with why', async () => {
    const paused = await call('/v1/migrations/m1:pause', { method: 'POST' })
    expect([paused.statusCode, paused.json().state, paused.json().pauseRequested]).toEqual([202, 'paused', true])
    const resumed = await call('/v1/migrations/m1:resume', { method: 'POST' })
    expect(resumed.json()).toMatchObject({ state: 'queued', queue: { position: 1, waitsFor: 'host-1 is busy' } })
    expect((await problem('/v1/migrations/m2:pause', { method: 'POST' })).code).toBe('DRAYAGE_NOT_PAUSABLE')
    expect((await problem('/v1/migrations/m2:resume', { method: 'POST' })).code).toBe('DRAYAGE_MIGRATION_ENDED')
  })

  test('hooks of a request are taken as words or as one line', async () => {
    const body = { container: 'web', from: 'host-1', to: 'host-2', options: {} }
    const ask = (preStop: unknown) =>
      call('/v1/migrations', { method: 'POST', body: { ...body, options: { preStop } } })
    for (const command of ['nginx -s quit', ['nginx', '-s', 'quit']])
      expect((await ask({ command })).statusCode).toBe(202)
    expect((await ask(null)).statusCode).toBe(202)
    for (const wrong of [{}, { command: [] }, { command: 'x', onError: 'panic' }, { command: 'x', timeoutMs: 0 }]) {
      expect((await ask(wrong)).statusCode).toBe(400)
    }
  })
})
