// How fast a line is, by when pieces came in whole. Pure.
export type Arrival = { readonly atMs: number; readonly bytes: number }

// What comes at first is what was on its way before the line was full, or before it was known how much it takes.
const warmUp = 1 / 3
const leastPieces = 3
const piecesToWarmUpFrom = 6

// Bytes in a second; 0: too little came to say.
export const lineRate = (arrivals: readonly Arrival[]): number => {
  const [first] = arrivals
  const last = arrivals.at(-1)
  if (first === undefined || last === undefined || arrivals.length < leastPieces) return 0
  const steadyFrom = arrivals.length < piecesToWarmUpFrom ? first.atMs : first.atMs + (last.atMs - first.atMs) * warmUp
  // A piece took from the one before it until it was there.
  const start = arrivals.findIndex(({ atMs }) => atMs >= steadyFrom)
  const bytes = arrivals.slice(start + 1).reduce((sum, arrival) => sum + arrival.bytes, 0)
  const tookMs = last.atMs - (arrivals[start]?.atMs ?? first.atMs)
  return tookMs <= 0 ? 0 : Math.max(1, Math.round((bytes * 1000) / tookMs))
}
