import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Clock } from '../migration/ports.ts'
import { createHostStore, type HostStore } from '../store/hosts.ts'
import { openTemporaryDatabase, type TemporaryDatabase } from '../store/testing/temporary-database.ts'
import { createPresence, stateOf } from './presence.ts'

const heartbeatMs = 5_000

describe('a host', () => {
  test('that was never heard of is unknown, whatever the time', () => {
    fc.assert(fc.property(fc.date({ noInvalidDate: true }), (now) => stateOf(null, now, heartbeatMs) === 'unknown'))
  })

  test('is online for three heartbeats after it was heard of, and lost from then on', () => {
    const heard = new Date('2026-01-05T08:00:00Z')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), (ms) => {
        const state = stateOf(heard, new Date(heard.getTime() + ms), heartbeatMs)
        return state === (ms <= 3 * heartbeatMs ? 'online' : 'lost')
      }),
    )
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

  test('outlives the process: what was heard of shortly before a restart is online after it', async () => {
    const before = createPresence({ hosts, clock, heartbeatMs, log })
    await before.heard('host-1', true)
    nowMs += 4_000
    await before.heard('host-1', true)
    await before.flush()
    nowMs += 14_000
    const after = createPresence({ hosts, clock, heartbeatMs, log })
    expect(after.of(await row())).toMatchObject({ state: 'online', engineReachable: true })
    nowMs += 2_000
    expect(after.of(await row()).state).toBe('lost')
  })

  test('does not write every heartbeat, but writes at once that the engine went away', async () => {
    const presence = createPresence({ hosts, clock, heartbeatMs, log })
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
