import { expect, test } from 'vitest'
import { AppError } from '../errors.ts'
import { hostPort, oneOf, positiveInteger, readSettings, text } from './settings.ts'

const definitions = {
  dataDir: { env: 'T_DATA', flag: 'dataDir', default: '/var/lib/drayage', parse: text },
  listen: { env: 'T_LISTEN', flag: 'listen', parse: hostPort },
  level: { env: 'T_LEVEL', flag: 'level', default: 'info', parse: oneOf('info', 'debug') },
  token: { env: 'T_TOKEN', flag: 'token', optional: true, parse: text },
} as const

test('a flag goes before the environment, the environment before the default', () => {
  const settings = readSettings(definitions, { listen: '127.0.0.1:1' }, { T_LISTEN: '127.0.0.1:2', T_LEVEL: 'debug' })
  expect(settings).toEqual({ dataDir: '/var/lib/drayage', listen: '127.0.0.1:1', level: 'debug' })
  expect(Object.isFrozen(settings)).toBe(true)
})

test('every fault is named at once', () => {
  const attempt = () => readSettings(definitions, { level: 'loud' }, {})
  expect(attempt).toThrow(AppError)
  expect(attempt).toThrow(/--listen \(T_LISTEN\) is missing.*"loud" is none of info, debug/)
})

test('an empty environment variable is as good as none', () => {
  expect(readSettings(definitions, { listen: 'h:1' }, { T_TOKEN: '' }).token).toBeUndefined()
})

test('addresses and numbers are checked', () => {
  expect(hostPort('[::1]:8442')).toBe('[::1]:8442')
  for (const wrong of ['', 'host', 'host:', 'host:70000', '::1:8442', 'a b:1']) expect(() => hostPort(wrong)).toThrow()
  for (const wrong of ['0', '-1', '1.5', 'x', '']) expect(() => positiveInteger(wrong)).toThrow()
})
