// Which hosts are there. What a host holds can only be relied on while it is online: a lost one is unknown, not empty.
//
// A host is online by what this process has heard itself, on a clock that nobody sets: what a former one has written down says
// when it was last heard of, and nothing of now.
import type { HostState } from '../../shared/api/hosts.ts'
import type { Clock } from '../migration/ports.ts'
import type { HostRow, HostStore } from '../store/hosts.ts'

export type Sighting = {
  readonly state: HostState
  readonly lastSeen: Date | null
  readonly engineReachable: boolean
}

const missedUntilLost = 3

// silentMs: since it was heard by this process; since that has begun, where it was not.
export const stateOf = (
  by: 'this-process' | 'a-former-one' | 'nobody',
  silentMs: number,
  heartbeatMs: number,
): HostState => {
  if (by === 'nobody') return 'unknown'
  if (silentMs > missedUntilLost * heartbeatMs) return 'lost'
  return by === 'this-process' ? 'online' : 'unknown'
}

// It has reported, and may be doing so still: whoever needs it to be down waits.
export const mayBeOnline = ({ state, lastSeen }: Sighting): boolean => state !== 'lost' && lastSeen !== null

export type Presence = {
  heard(host: string, engineReachable: boolean): Promise<void>
  of(row: Pick<HostRow, 'name' | 'lastSeen' | 'engineReachable'>): Sighting
  // Says in the log when a host is lost, and when it is back. Until the signal is aborted.
  watch(signal: AbortSignal): Promise<void>
  // A host that was removed.
  forget(host: string): void
  // Writes down who was heard of when.
  flush(): Promise<void>
}

export type PresenceOptions = {
  readonly hosts: HostStore
  readonly clock: Clock
  readonly heartbeatMs: number
  // Milliseconds since some moment; never set, never backwards.
  readonly elapsedMs?: () => number
  readonly log: {
    info(facts: object, message: string): void
    warn(facts: object, message: string): void
  }
}

// A heartbeat is not worth a sync of the disk. After a crash a host may look as if last heard of this long ago, until
// its next heartbeat.
const writtenEveryMs = 60_000

export const createPresence = ({
  hosts,
  clock,
  heartbeatMs,
  elapsedMs = () => performance.now(),
  log,
}: PresenceOptions): Presence => {
  type Heard = { at: Date; atMs: number; engineReachable: boolean; writtenAt: Date | null }
  const beganMs = elapsedMs()
  const heard = new Map<string, Heard>()
  const lastNoticed = new Map<string, HostState>()

  const notice = (host: string, state: HostState): void => {
    const before = lastNoticed.get(host)
    lastNoticed.set(host, state)
    if (state === before) return
    if (state === 'online') log.info({ host }, 'Host is online')
    else if (state === 'lost') log.warn({ host }, 'Host is lost: nothing was heard of its agent for three heartbeats')
  }

  const write = async (host: string, entry: Heard): Promise<void> => {
    if (entry.writtenAt === entry.at) return
    entry.writtenAt = entry.at
    await hosts.seen(host, entry.engineReachable, entry.at)
  }

  const sighting: Presence['of'] = ({ name, lastSeen, engineReachable }) => {
    const fresh = heard.get(name)
    const by = fresh !== undefined ? 'this-process' : lastSeen === null ? 'nobody' : 'a-former-one'
    return {
      state: stateOf(by, elapsedMs() - (fresh?.atMs ?? beganMs), heartbeatMs),
      lastSeen: fresh?.at ?? lastSeen,
      engineReachable: fresh?.engineReachable ?? engineReachable,
    }
  }

  return {
    heard: async (host, engineReachable) => {
      const before = heard.get(host)
      const entry: Heard = {
        ...{ at: clock.now(), atMs: elapsedMs(), engineReachable },
        writtenAt: before?.writtenAt ?? null,
      }
      heard.set(host, entry)
      notice(host, 'online')
      const due =
        before?.engineReachable !== engineReachable ||
        entry.writtenAt === null ||
        entry.at.getTime() - entry.writtenAt.getTime() >= writtenEveryMs
      if (due) await write(host, entry)
    },

    of: sighting,

    watch: async (signal) => {
      while (!signal.aborted) {
        for (const row of await hosts.list()) notice(row.name, sighting(row).state)
        await clock.sleep(heartbeatMs, signal)
      }
    },

    forget: (host) => {
      heard.delete(host)
      lastNoticed.delete(host)
    },

    flush: async () => {
      for (const [host, entry] of heard) await write(host, entry)
    },
  }
}
