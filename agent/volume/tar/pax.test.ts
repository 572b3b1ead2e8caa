import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeRecords, decodeTime, encodeRecord, encodeTime } from './pax.ts'

const bytes = (constraints: fc.IntArrayConstraints = {}) =>
  fc.uint8Array(constraints).map((value) => Buffer.from(value).toString('latin1'))
const keyword = bytes({ minLength: 1, maxLength: 300 }).filter((value) => !value.includes('='))
const decode = (text: string) => decodeRecords(Buffer.from(text, 'latin1'))

describe('pax records', () => {
  test('any keyword without an equals sign and any value come back as they were', () => {
    fc.assert(
      fc.property(fc.dictionary(keyword, bytes({ maxLength: 2000 })), (wanted) => {
        const text = Object.entries(wanted)
          .map(([key, value]) => encodeRecord(key, value))
          .join('')
        expect(Object.fromEntries(decode(text))).toEqual(wanted)
      }),
    )
  })

  test('the length counts itself, also where its own digits make it one longer', () => {
    for (let length = 0; length < 1100; length++) {
      const record = encodeRecord('k', 'v'.repeat(length))
      expect(Number(record.split(' ')[0])).toBe(record.length)
    }
  })

  test.each([
    ['a length beyond the end', '99 path=x\n'],
    ['a length that ends within the value', '8 path=xyz\n'],
    ['no length', 'path=x\n'],
    ['a length of zero', '0 path=x\n'],
    ['a negative length', '-9 path=x\n'],
    ['a length of many digits', `${'9'.repeat(400)} path=x\n`],
    ['no equals sign', '7 path\n'],
    ['no keyword', '5 =x\n'],
    ['the same keyword twice', '10 path=x\n10 path=y\n'],
  ])('%s is refused', (_, text) => {
    expect(() => decode(text)).toThrow(expect.objectContaining({ code: 'DRAYAGE_STREAM_DAMAGED' }))
  })

  test('arbitrary bytes are read or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (value) => {
        try {
          decodeRecords(Buffer.from(value))
        } catch (error) {
          expect(error).toMatchObject({ code: 'DRAYAGE_STREAM_DAMAGED' })
        }
      }),
    )
  })
})

describe('pax times', () => {
  test('every time to the nanosecond comes back as it was', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 999_999_999 }), (seconds, nanoseconds) => {
        fc.pre(Math.abs(seconds) < 1e15)
        const time = { seconds: seconds === 0 ? 0 : seconds, nanoseconds }
        expect(decodeTime(encodeTime(time))).toEqual(time)
      }),
    )
  })

  test('half a second before 1970 is written as minus a half', () => {
    expect(encodeTime({ seconds: -1, nanoseconds: 500_000_000 })).toBe('-0.5')
    expect(encodeTime({ seconds: -2, nanoseconds: 999_999_999 })).toBe('-1.000000001')
    expect(decodeTime('-0.5')).toEqual({ seconds: -1, nanoseconds: 500_000_000 })
  })
})
