import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromPathText, toPathText } from './path-text.ts'

test('whatever bytes a path is made of, its text can be shown, and gives the same bytes back', () => {
  const awkward = fc.constantFrom(
    '\\',
    '\\x41',
    'é',
    '\u202e',
    '\u0085',
    '\u2028',
    '👩‍🚀',
    '\ufffd',
    '\ud7ff',
    ' ',
    '\n',
  )
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    awkward.map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const bytes = Buffer.concat(pieces)
      const text = toPathText(bytes)
      expect(fromPathText(text).equals(bytes)).toBe(true)
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      // It goes through JSON and a URL as it is.
      expect(Buffer.from(text).toString()).toBe(text)
    }),
    { numRuns: 2000 },
  )
})

test('what can be read is left as it is, and the rest is said byte by byte', () => {
  expect(toPathText(Buffer.from('logs/täglich'))).toBe('logs/täglich')
  expect(toPathText(Buffer.from([0x61, 0xff, 0x0a, 0x5c]))).toBe('a\\xff\\x0a\\\\')
  expect(toPathText(Buffer.from('a\u202eb'))).toBe('a\\xe2\\x80\\xaeb')
  for (const text of ['\\', 'a\\b', '\\x4', '\\xzz']) expect(() => fromPathText(text)).toThrow('begins neither')
})
