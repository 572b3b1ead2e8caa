const barSize = 24

// fraction: 0 to 1.
export const drawnBar = (fraction: number): string => {
  const full = Math.round(fraction * barSize)
  return `${'█'.repeat(full)}${'░'.repeat(barSize - full)} ${String(Math.floor(fraction * 100)).padStart(3)} %`
}
