// How fast bytes leave this host for one migration: over all of its volumes and its image together, however many are on
// their way at a time.
//
// Who wants to send waits until what was sent before has had its time, and then takes the time of its own bytes. Time in
// which nothing was sent is not saved up. So within any time from the first byte on no more has left than the rate gives,
// and one piece.

export type BandwidthClock = {
  nowMs(): number
  // Rejects when the signal is aborted.
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export type Bandwidth = {
  // The pieces, each held back until it may leave. `bytesPerSecond` 0: no limit. The migration's latest rate holds.
  limited<T>(
    migrationId: string,
    bytesPerSecond: number,
    pieces: AsyncIterable<T>,
    bytesOf: (piece: T) => number,
    signal: AbortSignal,
  ): AsyncIterable<T>
}

type Line = { bytesPerSecond: number; freeAtMs: number; users: number }

export const createBandwidth = (clock: BandwidthClock): Bandwidth => {
  const lines = new Map<string, Line>()

  const take = async (line: Line, bytes: number, signal: AbortSignal): Promise<void> => {
    const now = clock.nowMs()
    const mayLeaveAtMs = Math.max(now, line.freeAtMs)
    line.freeAtMs = mayLeaveAtMs + (bytes / line.bytesPerSecond) * 1000
    if (mayLeaveAtMs > now) await clock.sleep(mayLeaveAtMs - now, signal)
  }

  return {
    limited: async function* (migrationId, bytesPerSecond, pieces, bytesOf, signal) {
      if (bytesPerSecond === 0) {
        yield* pieces
        return
      }
      const line = lines.get(migrationId) ?? { bytesPerSecond, freeAtMs: 0, users: 0 }
      lines.set(migrationId, line)
      line.bytesPerSecond = bytesPerSecond
      line.users += 1
      try {
        for await (const piece of pieces) {
          await take(line, bytesOf(piece), signal)
          yield piece
        }
        // The last piece has its time too, before the next round or the next volume begins.
        await take(line, 0, signal)
      } finally {
        line.users -= 1
        if (line.users === 0) lines.delete(migrationId)
      }
    },
  }
}
