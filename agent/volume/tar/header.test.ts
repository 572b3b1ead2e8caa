import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readNumber } from './header.ts'

const read = (field: string): number =>
  readNumber(Buffer.from(`before${field}after`, 'latin1'), 6, field.length, 'size')

describe('a number in a header', () => {
  test('is octal, whatever spaces stand before it, and spaces or NULs after it', () => {
    const blanks = fc.string({ unit: fc.constantFrom(' ', '\0'), maxLength: 4 })
    fc.assert(
      fc.property(fc.nat(0o77777777777), fc.nat(4), blanks, (value, spaces, after) => {
        expect(read(`${' '.repeat(spaces)}${value.toString(8)}${after}`)).toBe(value)
        expect(read(`${value.toString(8).padStart(12, '0')}${after}`)).toBe(value)
      }),
    )
  })

  test('is zero where its field is empty', () => {
    for (const field of ['', ' ', '\0', '   \0\0', '\0 \0']) expect(read(field)).toBe(0)
  })

  test('is refused where anything else stands in its field', () => {
    for (const field of ['8', '12 3', '12\x003', '-1', '0x1', '\x001', 'a', '7a', ' \0 7']) {
      expect(() => read(field)).toThrow(/octal/)
    }
  })
})
