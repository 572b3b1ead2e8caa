import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Clock } from '../migration/ports.ts'
import { createHostStore, type HostStore } from '../store/hosts.ts'
import { openTemporaryDatabase, type TemporaryDatabase } from '../store/testing/temporary-database.ts'
import { createPresence, mayBeOnline, stateOf } from './presence.ts'

const heartbeatMs = 5_000

const silence = fc.integer({ min: 0, max: 100_000 })

describe('a host', () => {
  test('that was never heard of is unknown, however long', () => {
    fc.assert(fc.property(silence, (ms) => stateOf('nobody', ms, heartbeatMs) === 'unknown'))
  })

  test('is lost when it was silent for more than three heartbeats, and online before if this process has heard it', () => {
    fc.assert(
      fc.property(silence, fc.constantFrom('this-process', 'a-former-one'), (ms, by) => {
        const before = by === 'this-process' ? 'online' : 'unknown'
        return stateOf(by, ms, heartbeatMs) === (ms <= 3 * heartbeatMs ? before : 'lost')
      }),
    )
  })

  test('may be online unless it is lost or was never heard of', () => {
    const lastSeen = new Date()
    const states = ['online', 'unknown', 'lost'] as const
    const seen = states.map((state) => mayBeOnline({ state, lastSeen, engineReachable: true }))
    expect(seen).toEqual([true, true, false])
    expect(mayBeOnline({ state: 'unknown', lastSeen: null, engineReachable: false })).toBe(false)
  })
})

describe('presence', () => {
  let temporary: TemporaryDatabase
  let hosts: HostStore
  let nowMs: number
  const said: string[] = []
  const log = {
    info: ({ host }: { host?: string }, message: string) => void said.push(`${host}: ${message}`),
    warn: ({ host }: { host?: string }, message: string) => void said.push(`${host}: ${message}`),
  }
  const clock: Clock = { now: () => new Date(nowMs), sleep: async () => {} }
  const elapsedMs = () => nowMs
  beforeEach(async () => {
    temporary = await openTemporaryDatabase()
    hosts = createHostStore(temporary.db)
    nowMs = Date.UTC(2026, 0, 5, 8)
    said.length = 0
    await hosts.add('host-1', clock.now())
  })
  afterEach(() => temporary.remove())
  const row = async () => {
    const found = await hosts.find('host-1')
    if (found === null) throw new Error('host-1 is missing')
    return found
  }

  test('is not known after a restart until the host is heard again, and when it was last heard of is', async () => {
    const before = createPresence({ hosts, clock, heartbeatMs, elapsedMs, log })
    await before.heard('host-1', true)
    nowMs += 4_000
    await before.heard('host-1', true)
    await before.flush()
    const lastSeen = clock.now()
    nowMs += 1_000
    const after = createPresence({ hosts, clock, heartbeatMs, elapsedMs, log })
    expect(after.of(await row())).toEqual({ state: 'unknown', lastSeen, engineReachable: true })
    nowMs += 15_001
    expect(after.of(await row())).toMatchObject({ state: 'lost', lastSeen })
    await after.heard('host-1', true)
    expect(after.of(await row())).toMatchObject({ state: 'online', lastSeen: clock.now() })
  })

  test('does not follow a clock that is set', async () => {
    let setMs = 0
    const set: Clock = { ...clock, now: () => new Date(nowMs + setMs) }
    const presence = createPresence({ hosts, clock: set, heartbeatMs, elapsedMs, log })
    await presence.heard('host-1', true)
    setMs = 3_600_000
    expect(presence.of(await row()).state).toBe('online')
    setMs = -3_600_000
    nowMs += 15_001
    expect(presence.of(await row()).state).toBe('lost')
  })

  test('does not write every heartbeat, but writes at once that the engine went away', async () => {
    const presence = createPresence({ hosts, clock, heartbeatMs, elapsedMs, log })
    await presence.heard('host-1', true)
    const first = (await row()).lastSeen
    nowMs += heartbeatMs
    await presence.heard('host-1', true)
    expect((await row()).lastSeen).toEqual(first)
    expect(presence.of(await row()).lastSeen).toEqual(clock.now())
    await presence.heard('host-1', false)
    expect(await row()).toMatchObject({ lastSeen: clock.now(), engineReachable: false })
  })

  test('says once that a host is lost, and once that it is back', async () => {
    const stop = new AbortController()
    let rounds = 0
    const presence = createPresence({
      hosts,
      clock: {
        now: () => new Date(nowMs),
        sleep: async () => {
          rounds += 1
          if (rounds === 3) await presence.heard('host-1', true)
          else nowMs += 10_000
          if (rounds === 6) stop.abort()
        },
      },
      heartbeatMs,
      elapsedMs,
      log,
    })
    await presence.heard('host-1', true)
    await presence.watch(stop.signal)
    expect(said).toEqual([
      'host-1: Host is online',
      'host-1: Host is lost: nothing was heard of its agent for three heartbeats',
      'host-1: Host is online',
      'host-1: Host is lost: nothing was heard of its agent for three heartbeats',
    ])
  })
})
