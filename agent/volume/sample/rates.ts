// How fast something went. 0: not known, there was too little to say it by.
export type Rates = { readonly bytesPerSecond: number; readonly filesPerSecond: number }

// Of little that took long it is known how slow it was; of little that was over at once, nothing.
const tellingMs = 20

export const rateOf = (amount: number, durationMs: number, least: number): number =>
  amount >= least || (amount > 0 && durationMs >= tellingMs)
    ? Math.max(1, Math.round((amount * 1000) / Math.max(durationMs, 0.001)))
    : 0
