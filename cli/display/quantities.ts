// Sizes, rates, durations and ages for people. JSON has the exact numbers.

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

// Three significant digits: 999 B, 1.50 KiB, 12.3 MiB, 120 GiB.
export const formatBytes = (bytes: number): string => {
  let unit = 0
  let value = bytes
  // 1023.5 would round to 1024 of the smaller unit.
  while (unit < byteUnits.length - 1 && (unit === 0 ? value >= 1024 : Math.round(value) >= 1024)) {
    value /= 1024
    unit += 1
  }
  if (unit === 0) return `${value} B`
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${byteUnits[unit]}`
}

export const formatRate = (bytesPerSecond: number): string => `${formatBytes(Math.round(bytesPerSecond))}/s`

// Groups of three, the same wherever it is read.
export const formatCount = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`

const pad = (value: number): string => String(value).padStart(2, '0')

// 820 ms, 4.25 s, 42.0 s, 3 min 07 s, 2 h 05 min, 3 d 04 h.
export const formatDuration = (ms: number): string => {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
  const hours = Math.round(minutes / 60)
  return `${Math.floor(hours / 24)} d ${pad(hours % 24)} h`
}

// 0:09, 12:05, 3:00:12.
export const formatEta = (ms: number): string => {
  const seconds = Math.ceil(ms / 1000)
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`
}

const steps = [
  { ms: 86_400_000, word: 'day' },
  { ms: 3_600_000, word: 'hour' },
  { ms: 60_000, word: 'minute' },
  { ms: 1_000, word: 'second' },
] as const

// "3 hours ago". Clocks of two machines differ a little: what lies just ahead is "just now".
export const formatAge = (at: string | null, now: Date): string => {
  if (at === null) return 'never'
  const ms = now.getTime() - new Date(at).getTime()
  const step = steps.find((unit) => ms >= unit.ms)
  return step === undefined ? 'just now' : `${plural(Math.floor(ms / step.ms), step.word)} ago`
}
