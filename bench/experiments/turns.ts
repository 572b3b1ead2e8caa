// Taking turns: whoever was first in one round is last in the next, so that nobody always comes after the same other.
// Rounds count from 1.
export const inOrderOf = <T>(round: number, items: readonly T[]): readonly T[] => {
  const first = (round - 1) % items.length
  return [...items.slice(first), ...items.slice(0, first)]
}
