import { destination, pino } from 'pino'

export type Log = Record<'debug' | 'info' | 'warn' | 'error', (details: object, message: string) => void>
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

// JSON lines on stderr, written before the call returns: the last line before a crash is the one that matters.
export const createLog = (level: LogLevel): Log =>
  pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination({ dest: 2, sync: true }))

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
