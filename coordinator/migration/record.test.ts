import { expect, test } from 'vitest'
import { accepted } from './record.ts'

test('the same wish compares equal, whatever was left to the defaults and in whatever order it came', () => {
  const spoken = { to: 'b', options: { maxRounds: 8, maxDowntimeMs: 1_000 }, from: 'a', container: 'web' }
  expect(JSON.stringify(accepted(spoken))).toBe(JSON.stringify(accepted({ container: 'web', from: 'a', to: 'b' })))
  const other = accepted({ container: 'web', from: 'a', to: 'b', options: { maxRounds: 9 } })
  expect(JSON.stringify(other)).not.toBe(JSON.stringify(accepted(spoken)))
})
