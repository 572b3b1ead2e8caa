// A duration as people write it in a setting or a label.
const milliseconds = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

// 90s, 30m, 12h, 7d; in milliseconds.
export const duration = (raw: string): number => {
  const [, number, unit] = /^(\d+)([smhd])$/.exec(raw) ?? []
  const ms = Number(number) * (milliseconds[unit as keyof typeof milliseconds] ?? Number.NaN)
  if (!Number.isSafeInteger(ms) || ms <= 0) throw new Error(`"${raw}" is not a duration such as 90s, 30m, 12h or 7d`)
  return ms
}
