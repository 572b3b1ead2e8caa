// Numbers that look random and are the same in every run, so that every run moves the same.

// From 0 to 1, 1 excluded. A linear congruential generator (Knuth, MMIX) of which the upper 32 bits are used.
export const seeded = (seed: number): (() => number) => {
  let state = BigInt(seed)
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn
    return Number(state >> 32n) / 2 ** 32
  }
}
