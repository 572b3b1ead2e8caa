// How long to wait before the next try: exponential, with full jitter, so that a hundred agents whose coordinator comes
// back do not all call in the same moment (Exponential Backoff And Jitter, AWS Architecture Blog, 2015).

export type Backoff = { readonly baseMs: number; readonly capMs: number }

// attempt: from 0. random: from [0, 1). At least 1 ms, at most capMs, and on average twice as long each time until then.
export const backoffMs = (attempt: number, { baseMs, capMs }: Backoff, random: () => number = Math.random): number => {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30))
  return Math.max(1, Math.floor(random() * ceiling))
}
