// Medians and ratios of what was measured: pure.
import type { Measured, Row, Run } from './results.ts'

export type Spread = { readonly median: number; readonly lowest: number; readonly highest: number }

// undefined: there is nothing to say.
export const spreadOf = (figures: readonly number[]): Spread | undefined => {
  const sorted = figures.toSorted((a, b) => a - b)
  const [lowest, highest] = [sorted[0], sorted.at(-1)]
  if (lowest === undefined || highest === undefined) return undefined
  const middle = (sorted.length - 1) / 2
  const [below = lowest, above = highest] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]]
  return { median: (below + above) / 2, lowest, highest }
}

export const median = (figures: readonly number[]): number | undefined => spreadOf(figures)?.median

// Run by run: what stood side by side is compared, so that a machine that was busy for a while does not decide.
export const ratioOf = (
  ours: readonly Run[],
  theirs: readonly Run[],
  of: (run: Run) => number | undefined,
): Spread | undefined =>
  spreadOf(
    ours.flatMap((run, index) => {
      const other = theirs[index]
      const [mine, its] = [of(run), other && of(other)]
      return mine === undefined || its === undefined || its <= 0 ? [] : [mine / its]
    }),
  )

export const rowOf = ({ rows }: Measured, way: string): Row | undefined => rows.find((row) => row.way === way)
