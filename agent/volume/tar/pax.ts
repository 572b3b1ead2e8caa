// The records of a pax extended header: "LENGTH KEYWORD=VALUE\n", LENGTH counting the whole record in decimal, its own
// digits included. Values are bytes. Source: POSIX.1-2017, pax, "pax Extended Header".
import type { ByteString } from '../byte-string.ts'
import { damaged } from '../damaged.ts'

export type PaxRecords = Map<ByteString, ByteString>

export const encodeRecord = (keyword: ByteString, value: ByteString): ByteString => {
  // Space, equals sign and newline, then as many digits as the sum with those digits has.
  const rest = keyword.length + value.length + 3
  let digits = String(rest).length
  if (String(rest + digits).length > digits) digits++
  return `${rest + digits} ${keyword}=${value}\n`
}

const longestLength = 8

export const decodeRecords = (body: Buffer): PaxRecords => {
  const records: PaxRecords = new Map()
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(32, at)
    const digits = space < 0 || space - at > longestLength ? '' : body.toString('latin1', at, space)
    const end = at + (/^[1-9][0-9]*$/.test(digits) ? Number(digits) : Number.NaN)
    if (!(end <= body.length) || body[end - 1] !== 10) throw damaged('a pax record has a wrong length')
    const equals = body.indexOf(61, space + 1)
    if (equals < 0 || equals >= end) throw damaged('a pax record has no value')
    const keyword = body.toString('latin1', space + 1, equals)
    if (keyword === '') throw damaged('a pax record has no keyword')
    if (records.has(keyword)) throw damaged(`the pax record ${JSON.stringify(keyword)} stands twice in one header`)
    records.set(keyword, body.toString('latin1', equals + 1, end - 1))
    at = end
  }
  return records
}

export type PaxTime = { readonly seconds: number; readonly nanoseconds: number }

// Decimal seconds, the sign before the whole: half a second before 1970 is "-0.5", which as a timespec is (-1, 5e8).
export const encodeTime = ({ seconds, nanoseconds }: PaxTime): string => {
  if (nanoseconds === 0) return String(seconds)
  const negative = seconds < 0
  const whole = negative ? -seconds - 1 : seconds
  const fraction = String(negative ? 1e9 - nanoseconds : nanoseconds).padStart(9, '0')
  return `${negative ? '-' : ''}${whole}.${fraction.replace(/0+$/, '')}`
}

// Digits beyond the ninth are dropped towards the past, as GNU tar does.
export const decodeTime = (value: string): PaxTime => {
  const match = /^(-?)([0-9]{1,16})(?:\.([0-9]*))?$/.exec(value)
  const whole = Number(match?.[2])
  if (match === null || !Number.isSafeInteger(whole)) throw damaged('a pax time is not a number of seconds')
  const digits = match[3] ?? ''
  const nanoseconds = Number(digits.slice(0, 9).padEnd(9, '0'))
  if (match[1] === '') return { seconds: whole, nanoseconds }
  const rounded = nanoseconds + (/[1-9]/.test(digits.slice(9)) ? 1 : 0)
  if (rounded === 0) return { seconds: whole === 0 ? 0 : -whole, nanoseconds: 0 }
  return { seconds: -whole - 1, nanoseconds: 1e9 - rounded }
}

export const decodeNumber = (value: string, what: string): number => {
  const number = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(number)) throw damaged(`${what} is not a number`)
  return number
}
