import { expect, test } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import { errorLines } from './error.ts'

const reasons = [
  { code: 'DRAYAGE_PORT_TAKEN', message: 'Port 8080 is taken.' },
  { code: 'DRAYAGE_BIND_MOUNT', message: '/etc is a bind mount.' },
]

test('every reason has its own line with its code', () => {
  const error = new AppError('DRAYAGE_PLAN_REFUSED', 'web cannot move, for 2 reasons.', { details: { reasons } })
  expect(errorLines(error)).toEqual([
    'dray: DRAYAGE_PLAN_REFUSED: web cannot move, for 2 reasons.',
    '  DRAYAGE_PORT_TAKEN: Port 8080 is taken.',
    '  DRAYAGE_BIND_MOUNT: /etc is a bind mount.',
  ])
})

test('reasons that the message holds are not said twice', () => {
  const all = `web cannot move. ${reasons.map(({ message }) => message).join(' ')}`
  const error = new AppError('DRAYAGE_PLAN_REFUSED', all, { details: { reasons } })
  expect(errorLines(error)[0]).toBe('dray: DRAYAGE_PLAN_REFUSED: web cannot move.')
  expect(errorLines(error)).toHaveLength(3)
  const only = new AppError('DRAYAGE_PORT_TAKEN', 'Port 8080 is taken.', { details: { reasons: reasons.slice(0, 1) } })
  expect(errorLines(only)).toEqual(['dray: DRAYAGE_PORT_TAKEN: Port 8080 is taken.'])
})

test('what a message says after its reasons is said after them', () => {
  const faults = ['--rest-listen: in use', '--grpc-listen: in use']
  const error = new AppError(
    'DRAYAGE_CONFIG_INVALID',
    `It cannot listen: ${faults.join('; ')}. Is another program there?`,
    {
      details: { reasons: faults.map((message) => ({ code: 'not-listening', message })) },
    },
  )
  expect(errorLines(error)).toEqual([
    'dray: DRAYAGE_CONFIG_INVALID: It cannot listen:',
    '  --rest-listen: in use',
    '  --grpc-listen: in use',
    'Is another program there?',
  ])
})

test('a list within a message is not listed twice, nor its code repeated', () => {
  const faults = ['--coordinator is missing', 'no engine answers']
  const message = `The agent cannot start:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`
  const error = new AppError('DRAYAGE_CONFIG_INVALID', message, {
    details: { reasons: faults.map((fault) => ({ code: 'DRAYAGE_CONFIG_INVALID', message: fault })) },
  })
  expect(errorLines(error)).toEqual([
    'dray: DRAYAGE_CONFIG_INVALID: The agent cannot start:',
    '  --coordinator is missing',
    '  no engine answers',
  ])
})
