// What is written after a flag, read.
import { AppError } from '../../shared/errors.ts'

const milliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

// 500ms, 2s, 1.5m, 1h.
export const parseDuration = (flag: string, raw: string): number => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(raw) ?? []
  if (number !== undefined && unit !== undefined) {
    return Math.round(Number(number) * milliseconds[unit as keyof typeof milliseconds])
  }
  throw new AppError('DRAYAGE_CONFIG_INVALID', `${flag} "${raw}" is not a duration such as 500ms, 2s, 1.5m or 1h.`)
}

export const parseCount = (flag: string, raw: string): number => {
  if (/^[1-9]\d{0,8}$/.test(raw)) return Number(raw)
  throw new AppError('DRAYAGE_CONFIG_INVALID', `${flag} "${raw}" is not a whole number above 0.`)
}
