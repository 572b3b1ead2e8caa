import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { checkLedger } from './ledger.ts'

const line = (number: number, uptime: string) =>
  `${number} ${uptime} ${createHash('sha256').update(`${number} ${uptime}`).digest('hex')}\n`

test('a whole ledger tells how long it is, and where its longest gap was', () => {
  const text = line(1, '10.00') + line(2, '10.02') + line(3, '11.50') + line(4, '11.51')
  expect(checkLedger(text)).toEqual({ lines: 4, longestGapMs: 1480, gapBefore: 3 })
})

test('a line that is missing, doubled, damaged or cut is found', () => {
  const whole = line(1, '1.00') + line(2, '2.00') + line(3, '3.00')
  expect(() => checkLedger(line(1, '1.00') + line(3, '3.00'))).toThrow(/Line 2 .*"3"/)
  expect(() => checkLedger(line(1, '1.00') + line(1, '1.00'))).toThrow(/Line 2 .*"1"/)
  expect(() => checkLedger(whole.replace('2.00', '2.01'))).toThrow(/Line 2 .*damaged/)
  expect(() => checkLedger(whole.slice(0, -5))).toThrow(/Line 3 .*damaged/)
  expect(() => checkLedger('')).toThrow(/Line 1/)
})
