import { type AppError, type Finding, isErrorCode } from '../../shared/errors.ts'
import { reasonsOf } from '../api/problem.ts'
import { printable } from './printable.ts'

// Reasons that are no code of ours name a field of a request or a setting, which the message says better.
export const findingLine = ({ code, message }: Finding): string =>
  isErrorCode(code) ? `${code}: ${printable(message)}` : printable(message)

// Every reason on its own line with its code. A message may hold them all, one after another, as a program's log wants
// it: then only what stands before them is said here.
export const errorLines = (error: AppError): readonly string[] => {
  const reasons = reasonsOf(error)
  const [first] = reasons
  if (first === undefined || (reasons.length === 1 && error.message.includes(first.message))) {
    return [`dray: ${error.code}: ${printable(error.message)}`]
  }
  const saidAt = error.message.indexOf(first.message)
  const opening = saidAt > 0 ? error.message.slice(0, saidAt).trim() : error.message
  return [`dray: ${error.code}: ${printable(opening)}`, ...reasons.map((reason) => `  ${findingLine(reason)}`)]
}

export const printError = (error: AppError): void => {
  for (const line of errorLines(error)) process.stderr.write(`${line}\n`)
  // An error that nobody foresaw is a defect: where it came from is what a report of it needs.
  if (error.code === 'DRAYAGE_INTERNAL' && error.cause instanceof Error) {
    process.stderr.write(`${error.cause.stack ?? error.cause.message}\n`)
  }
}
