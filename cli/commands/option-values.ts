// What is written after a flag, read.
import { type HostPower, parseHostPowers } from '../../shared/api/host-powers.ts'
import { bytesIn } from '../../shared/config/bytes.ts'
import { AppError } from '../../shared/errors.ts'
import { parseWanted } from '../../shared/ports/publish.ts'

const milliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

// 500ms, 2s, 1.5m, 1h, 30d.
export const parseDuration = (flag: string, raw: string): number => {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(raw) ?? []
  if (number !== undefined && unit !== undefined) {
    return Math.round(Number(number) * milliseconds[unit as keyof typeof milliseconds])
  }
  throw new AppError('DRAYAGE_CONFIG_INVALID', `${flag} "${raw}" is not a duration such as 500ms, 2s, 1.5m, 1h or 30d.`)
}

export const parseCount = (flag: string, raw: string): number => {
  if (/^[1-9]\d{0,8}$/.test(raw)) return Number(raw)
  throw new AppError('DRAYAGE_CONFIG_INVALID', `${flag} "${raw}" is not a whole number above 0.`)
}

// Directories that are taken off the front of a path, as tar counts them.
export const parseComponents = (flag: string, raw: string): number => {
  if (/^\d{1,2}$/.test(raw)) return Number(raw)
  throw new AppError('DRAYAGE_CONFIG_INVALID', `${flag} "${raw}" is not a whole number from 0 to 99.`)
}

// Bytes per second.
export const parseRate = (flag: string, raw: string): number => {
  const bytes = bytesIn(raw)
  if (bytes !== null && bytes >= 1024) return bytes
  throw new AppError(
    'DRAYAGE_CONFIG_INVALID',
    `${flag} "${raw}" is not a rate of at least 1K in bytes per second, such as 500K, 100M or 1G (of 1024), or 100MB (of 1000).`,
  )
}

// Bytes, with the same suffixes; a bare number is bytes.
export const parseSize = (flag: string, raw: string): number => {
  const bytes = /^\d{1,15}$/.test(raw) ? Number(raw) : bytesIn(raw)
  if (bytes !== null) return bytes
  throw new AppError(
    'DRAYAGE_CONFIG_INVALID',
    `${flag} "${raw}" is not a size in bytes, such as 4096, 500K, 100M or 1G (of 1024), or 100MB (of 1000).`,
  )
}

// Each is sent as it was written.
export const parsePublished = (flag: string, raw: readonly string[]): string[] => {
  try {
    for (const port of raw) parseWanted(port)
    return [...raw]
  } catch (thrown) {
    throw new AppError('DRAYAGE_CONFIG_INVALID', `${flag} is wrong: ${(thrown as Error).message}.`)
  }
}

// privileged,devices.
export const parsePowers = (flag: string, raw: string): HostPower[] => {
  try {
    return parseHostPowers(raw)
  } catch (thrown) {
    throw new AppError('DRAYAGE_CONFIG_INVALID', `${flag} is wrong: ${(thrown as Error).message}.`)
  }
}
