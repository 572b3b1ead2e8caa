import { type AppError, type Finding, isErrorCode } from '../../shared/errors.ts'
import { reasonsOf } from '../api/problem.ts'
import { printable } from './printable.ts'

// Reasons that are no code of ours name a field of a request or a setting, which the message says better.
export const findingLine = ({ code, message }: Finding): string =>
  isErrorCode(code) ? `${code}: ${printable(message)}` : printable(message)

// What a message says before and after the reasons that it holds: a log wants them all in one message, people want each
// on a line of its own.
const around = (message: string, reasons: readonly Finding[]): readonly [string, string] => {
  const places = reasons.flatMap((reason) => {
    const at = message.indexOf(reason.message)
    return at === -1 ? [] : [{ from: at, to: at + reason.message.length }]
  })
  if (places.length < reasons.length) return [message, '']
  const before = message.slice(0, Math.min(...places.map(({ from }) => from)))
  const after = message.slice(Math.max(...places.map(({ to }) => to)))
  return [before.replace(/[\s-]+$/, ''), after.replace(/^[\s.;]+/, '')]
}

// Every reason on its own line with its code.
export const errorLines = (error: AppError): readonly string[] => {
  const reasons = reasonsOf(error)
  const [first] = reasons
  if (first === undefined || (reasons.length === 1 && error.message.includes(first.message))) {
    return [`dray: ${error.code}: ${printable(error.message)}`]
  }
  const [before, after] = around(error.message, reasons)
  return [
    `dray: ${error.code}: ${printable(before)}`,
    ...reasons.map((reason) => `  ${reason.code === error.code ? printable(reason.message) : findingLine(reason)}`),
    ...(after === '' ? [] : [printable(after)]),
  ]
}

export const printError = (error: AppError): void => {
  for (const line of errorLines(error)) process.stderr.write(`${line}\n`)
  // An error that nobody foresaw is a defect: where it came from is what a report of it needs.
  if (error.code === 'DRAYAGE_INTERNAL' && error.cause instanceof Error) {
    process.stderr.write(`${error.cause.stack ?? error.cause.message}\n`)
  }
}
