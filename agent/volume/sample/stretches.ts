export type Stretch = { readonly file: number; readonly offset: number; readonly length: number }

// Up to `count` stretches of at most `length` bytes, evenly over all that files of these sizes hold, as if they were one: a
// large file has many of them, and of small ones most have none. None goes beyond its file; where there is less, all of it.
export const stretchesOver = (sizes: readonly number[], count: number, length: number): readonly Stretch[] => {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const step = Math.max(length, total / count)
  const stretches: Stretch[] = []
  let before = 0
  for (const [file, size] of sizes.entries()) {
    // Those that begin in this file.
    for (let at = Math.ceil(before / step) * step; at < before + size; at += step) {
      const offset = Math.floor(at - before)
      stretches.push({ file, offset, length: Math.min(length, size - offset) })
    }
    before += size
  }
  return stretches
}

// Up to `count` of them, evenly.
export const evenly = <T>(of: readonly T[], count: number): readonly T[] => {
  const step = Math.max(1, of.length / count)
  return Array.from({ length: Math.min(count, of.length) }, (_, index) => of[Math.floor(index * step)] as T)
}
