import { windowFor } from '../../shared/rpc/flow.ts'
import { measureRoundTrip } from '../../shared/rpc/round-trip.ts'

const measuredAgainAfterMs = 10 * 60_000

// How much may be on its way from each peer: asked for by address. A line is measured in the first round to a peer, not while
// a container is down.
export const rememberedWindows = (): ((address: string) => Promise<number>) => {
  const known = new Map<string, { readonly bytes: number; readonly atMs: number }>()
  return async (address) => {
    const found = known.get(address)
    if (found !== undefined && performance.now() - found.atMs < measuredAgainAfterMs) return found.bytes
    const roundTripMs = await measureRoundTrip(address)
    const bytes = windowFor(roundTripMs)
    if (roundTripMs !== undefined) known.set(address, { bytes, atMs: performance.now() })
    return bytes
  }
}
