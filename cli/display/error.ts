import type { AppError, Finding } from '../../shared/errors.ts'
import { printable } from './printable.ts'

const isFinding = (value: unknown): value is Finding =>
  typeof value === 'object' && value !== null && 'code' in value && 'message' in value

export const reasonsOf = (error: AppError): readonly Finding[] => {
  const { reasons } = error.details
  return Array.isArray(reasons) ? reasons.filter(isFinding) : []
}

// Each reason on its own line with its code, unless the message has already said it.
export const errorLines = (error: AppError): readonly string[] => [
  `dray: ${error.code}: ${printable(error.message)}`,
  ...reasonsOf(error)
    .filter(({ message }) => !error.message.includes(message))
    .map(({ code, message }) => `  ${code}: ${printable(message)}`),
]

export const printError = (error: AppError): void => {
  for (const line of errorLines(error)) process.stderr.write(`${line}\n`)
  // An error that nobody foresaw is a defect: where it came from is what a report of it needs.
  if (error.code === 'DRAYAGE_INTERNAL' && error.cause instanceof Error) {
    process.stderr.write(`${error.cause.stack ?? error.cause.message}\n`)
  }
}
