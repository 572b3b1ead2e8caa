// Problem documents (RFC 9457) to AppError and back.
import type { Problem } from '../../shared/api/common.ts'
import { AppError, type ErrorCode, type Finding, isErrorCode } from '../../shared/errors.ts'

const isFinding = (value: unknown): value is Finding =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  typeof value.code === 'string' &&
  'message' in value &&
  typeof value.message === 'string'

export const reasonsOf = (error: AppError): readonly Finding[] => {
  const { reasons } = error.details
  return Array.isArray(reasons) ? reasons.filter(isFinding) : []
}

const isProblem = (body: unknown): body is Problem =>
  typeof body === 'object' &&
  body !== null &&
  'code' in body &&
  typeof body.code === 'string' &&
  'detail' in body &&
  typeof body.detail === 'string'

const codeOfStatus = (status: number): ErrorCode => {
  if (status === 401) return 'DRAYAGE_UNAUTHENTICATED'
  if (status === 403) return 'DRAYAGE_ROLE_FORBIDDEN'
  if ([502, 503].includes(status)) return 'DRAYAGE_COORDINATOR_UNREACHABLE'
  if (status === 504) return 'DRAYAGE_TIMEOUT'
  return status >= 400 && status < 500 ? 'DRAYAGE_INVALID_REQUEST' : 'DRAYAGE_INTERNAL'
}

const tokenHint = ' Set DRAYAGE_TOKEN, or give --token-file.'

// body: undefined where the answer was not JSON, which is then somebody else's answer: a proxy's, or another server's.
export const errorOfAnswer = (url: string, status: number, body: unknown): AppError => {
  if (!isProblem(body)) {
    return new AppError(
      codeOfStatus(status),
      `${url} answered ${status}, and not as a coordinator does. Check that DRAYAGE_URL or --url names one, and what is between.`,
    )
  }
  const details = { problem: body, ...(body.reasons === undefined ? {} : { reasons: body.reasons }) }
  if (!isErrorCode(body.code)) {
    // From a newer coordinator: its status still says what kind of error it is.
    return new AppError(codeOfStatus(status), `${body.code}: ${body.detail}`, { details })
  }
  const hint = body.code === 'DRAYAGE_UNAUTHENTICATED' ? tokenHint : ''
  return new AppError(body.code, `${body.detail}${hint}`, { details })
}

// What --json prints for an error: the coordinator's own document where there is one.
export const problemOf = (error: AppError): Problem => {
  const { problem } = error.details
  if (isProblem(problem)) return problem
  const reasons = reasonsOf(error).map(({ code, message }) => ({ code, message }))
  return {
    type: `urn:drayage:error:${error.code}`,
    title: error.code,
    status: error.meaning.http,
    detail: error.message,
    code: error.code,
    retry: error.meaning.retry,
    ...(reasons.length > 0 ? { reasons } : {}),
  }
}
