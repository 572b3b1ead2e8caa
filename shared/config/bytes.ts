const units = {
  ...{ K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 },
  ...{ KB: 1000, MB: 1000 ** 2, GB: 1000 ** 3, TB: 1000 ** 4 },
} as const

// 500K, 1.5M, 100MB, 2T, with rsync's suffixes. null: none of these; a bare number too, since rsync takes it for KiB.
export const bytesIn = (raw: string): number | null => {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,9})?)([KMGT]B?)$/i.exec(raw) ?? []
  if (number === undefined || unit === undefined) return null
  return Math.round(Number(number) * units[unit.toUpperCase() as keyof typeof units])
}
