// Every error of the REST interface is a problem document (RFC 9457), whoever raised it: a route, the validation, or
// Fastify before a route was found.
import type { FastifyError, FastifySchemaValidationError } from 'fastify'
import { Problem } from '../../shared/api/common.ts'
import { AppError, asAppError, type ErrorCode, errorTable, type Finding } from '../../shared/errors.ts'

export const problemMediaType = 'application/problem+json'

// What Fastify itself refuses, by its error codes (fastify.dev/docs/latest/Reference/Errors).
const raisedByFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'DRAYAGE_BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'DRAYAGE_UNSUPPORTED_MEDIA_TYPE',
}

export const toAppError = (error: FastifyError | AppError): AppError => {
  if (error instanceof AppError) return error
  if (error.validation !== undefined) return validationError(error.validation, error.validationContext ?? 'request')
  const code = raisedByFastify[error.code]
  if (code !== undefined) return new AppError(code, `${error.message}. Nothing was done.`, { cause: error })
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new AppError('DRAYAGE_INVALID_REQUEST', `The request cannot be read: ${error.message}.`, { cause: error })
  }
  return asAppError(error)
}

const validationError = (faults: readonly FastifySchemaValidationError[], where: string): AppError => {
  const reasons = describeFaults(faults, where)
  return new AppError(
    'DRAYAGE_INVALID_REQUEST',
    `The request is not what this route takes: ${reasons.map(({ message }) => message).join('; ')}.`,
    { details: { reasons } },
  )
}

const describeFaults = (faults: readonly FastifySchemaValidationError[], where: string): Finding[] => {
  // A value outside a list of constants is one fault for each of them and one for the list: said as one.
  const listsAt = new Set(faults.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath))
  const constantsAt = Map.groupBy(
    faults.filter(({ keyword, instancePath }) => keyword === 'const' && listsAt.has(instancePath)),
    ({ instancePath }) => instancePath,
  )
  return faults
    .filter(({ keyword, instancePath }) => keyword !== 'const' || !listsAt.has(instancePath))
    .map(({ keyword, instancePath, message, params }) => {
      const at = `${where}${instancePath}`
      const constants = constantsAt.get(instancePath) ?? []
      const what =
        keyword === 'anyOf' && constants.length > 0
          ? `must be one of ${constants.map(({ params: { allowedValue } }) => String(allowedValue)).join(', ')}`
          : keyword === 'additionalProperties'
            ? `must not have "${String(params['additionalProperty'])}"`
            : (message ?? 'is wrong')
      return { code: kebab(keyword), message: `${at} ${what}` }
    })
}

const kebab = (word: string): string => word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

// What is unforeseen is told to the log, under the request's id, and not to the caller.
const unforeseen = (requestId: string): string =>
  `Something unforeseen went wrong in the coordinator. Its log says more, under request ${requestId}.`

// instance: the request's path; null where there was no request.
export const toProblem = (error: AppError, instance: string | null, requestId: string): Problem => {
  const { http, retry } = error.meaning
  const { reasons } = error.details
  return {
    type: `urn:drayage:error:${error.code}`,
    title: titleOf(error.code),
    status: http,
    detail: error.code === 'DRAYAGE_INTERNAL' ? unforeseen(requestId) : error.message,
    ...(instance === null ? {} : { instance }),
    code: error.code,
    retry,
    ...(Array.isArray(reasons) ? { reasons: reasons as Finding[] } : {}),
  }
}

// The same for every occurrence, as RFC 9457 asks: "DRAYAGE_HOST_NOT_FOUND" is "Host not found".
const titleOf = (code: ErrorCode): string => {
  const words = code.slice('DRAYAGE_'.length).toLowerCase().replaceAll('_', ' ')
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}

// As bytes for a connection that has no request to answer.
export const rawProblem = (problem: Problem): string => {
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    `content-type: ${problemMediaType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

// For a route's `response`: the errors that it answers with, by status; those of every route that asks for a token are
// added.
export const problems = (...codes: readonly ErrorCode[]) => {
  const everywhere: ErrorCode[] = [
    'DRAYAGE_UNAUTHENTICATED',
    'DRAYAGE_ROLE_FORBIDDEN',
    'DRAYAGE_RATE_LIMITED',
    'DRAYAGE_INTERNAL',
  ]
  const byStatus = Map.groupBy([...codes, ...everywhere], (code) => errorTable[code].http)
  return Object.fromEntries(
    [...byStatus].map(([status, grouped]) => [
      status,
      {
        description: [...new Set(grouped)].join(', '),
        content: { [problemMediaType]: { schema: Problem } },
      },
    ]),
  )
}
