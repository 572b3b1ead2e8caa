import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AppError } from '../errors.ts'
import { formatJoinToken, parseJoinToken } from './join-token.ts'

const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 })
const secrets = fc.uint8Array({ minLength: 12, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('base64url'))
const hosts = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
const tokens = fc.record({ host: hosts, fingerprint: hex, secret: secrets })

test('a token that was formatted is read back as it was, however it was pasted', () => {
  fc.assert(
    fc.property(tokens, fc.constantFrom('', ' ', '\n', '\r\n\t'), (token, around) => {
      expect(parseJoinToken(`${around}${formatJoinToken(token)}${around}`)).toEqual(token)
    }),
  )
})

test('a token that lost its start or its end is refused, and the message does not repeat it', () => {
  fc.assert(
    fc.property(tokens, fc.nat(), (token, at) => {
      const whole = formatJoinToken(token)
      const secretStart = whole.length - token.secret.length
      const cut = whole.slice(0, at % (secretStart + 16))
      for (const damaged of [cut, whole.slice(1 + (at % secretStart))]) {
        try {
          parseJoinToken(damaged)
          expect.unreachable()
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AppError)
          expect(thrown).toMatchObject({ code: 'DRAYAGE_JOIN_TOKEN_INVALID' })
          expect((thrown as AppError).message).not.toContain(token.secret)
        }
      }
    }),
  )
})

test('a host that is no DNS label, and anything beyond the four parts, is refused', () => {
  const fingerprint = 'a'.repeat(64)
  const secret = 's'.repeat(32)
  for (const host of ['', 'A', 'a.b', '-a', '../a']) {
    expect(() => formatJoinToken({ host, fingerprint, secret })).toThrow(/no join token/)
  }
  expect(() => parseJoinToken(`dray1.host.${fingerprint}.${secret}.more`)).toThrow(/no join token/)
  expect(() => parseJoinToken(`dray2.host.${fingerprint}.${secret}`)).toThrow(/no join token/)
  expect(() => parseJoinToken(`dray1.host.${'A'.repeat(64)}.${secret}`)).toThrow(/no join token/)
})
