// An AppError across gRPC: the status for gRPC's sake, and the code, message and details in a trailer.
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js'
import { AppError, asAppError, type ErrorCode, type ErrorDetails, isErrorCode } from '../errors.ts'
import type { ErrorDetail, ErrorDetail__Output } from './generated/drayage/v1/ErrorDetail.ts'
import { errorDetailType } from './services.ts'

const trailer = 'drayage-error-bin'

// gRPC's own failures, for calls that never reached a handler of ours.
const foreign: Partial<Record<status, ErrorCode>> = {
  [status.DEADLINE_EXCEEDED]: 'DRAYAGE_TIMEOUT',
  [status.CANCELLED]: 'DRAYAGE_CANCELLED',
  [status.UNAUTHENTICATED]: 'DRAYAGE_UNAUTHENTICATED',
  [status.PERMISSION_DENIED]: 'DRAYAGE_ROLE_FORBIDDEN',
}

const { serialize, deserialize } = errorDetailType as unknown as {
  serialize: (detail: ErrorDetail) => Buffer
  deserialize: (bytes: Buffer) => ErrorDetail__Output
}

// Node's HTTP/2 takes no headers of more than 64 KiB and resets the stream instead: the error would be lost. The trailer
// becomes 4/3 of itself in base64; the status's text, up to three times in percent signs.
const mostDetailBytes = 24 * 1024
const longestMessage = 8 * 1024
const longestStatusText = 1024

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most)}…`)

// Lists in it are cut until all of it fits.
const fittingJson = (details: ErrorDetails): string => {
  for (let most = Number.POSITIVE_INFINITY; most >= 1; most = Math.min(128, most / 2)) {
    const json = JSON.stringify(details, (_, value) => (Array.isArray(value) ? value.slice(0, most) : value))
    if (Buffer.byteLength(json) <= mostDetailBytes) return json
  }
  return '{}'
}

export const toStatus = (thrown: unknown): StatusObject => {
  const error = asAppError(thrown)
  const message = cut(error.message, longestMessage)
  const metadata = new Metadata()
  metadata.add(trailer, serialize({ code: error.code, message, detailsJson: fittingJson(error.details) }))
  return { code: status[error.meaning.grpc], details: cut(message, longestStatusText), metadata }
}

const isServiceError = (thrown: unknown): thrown is ServiceError =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'number' && 'metadata' in thrown

// whenUnreachable: what it means that this peer does not answer.
export const fromStatus = (thrown: unknown, peer: string, whenUnreachable: ErrorCode): AppError => {
  if (thrown instanceof AppError || !isServiceError(thrown)) return asAppError(thrown, `The call to ${peer} failed`)
  const [bytes] = thrown.metadata?.get(trailer) ?? []
  if (Buffer.isBuffer(bytes)) {
    const detail = deserialize(bytes)
    if (isErrorCode(detail.code)) {
      return new AppError(detail.code, detail.message, { cause: thrown, details: JSON.parse(detail.detailsJson) })
    }
  }
  const code = foreign[thrown.code] ?? (thrown.code === status.UNAVAILABLE ? whenUnreachable : 'DRAYAGE_INTERNAL')
  const why = wordsOf(thrown)
  const message =
    thrown.code === status.UNAVAILABLE
      ? `${peer} cannot be reached: ${why}. See whether that host is up, and its agent runs.`
      : `${peer} did not answer as it should: ${why}`
  return new AppError(code, message, { cause: thrown })
}

// Without what grpc-js puts around the words of the system (load-balancer-pick-first.ts, "No connection established").
const wordsOf = ({ details, message }: ServiceError): string =>
  (details || message)
    .replace(/^No connection established\. Last error: (?:Error: )?/, '')
    .replace(/\.? Resolution note:.*$/s, '')
