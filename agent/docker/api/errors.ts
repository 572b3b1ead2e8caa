// What Docker or the way to it said, as an AppError. Status codes are those of the Docker Engine API.
import { AppError, type ErrorCode } from '../../../shared/errors.ts'

export type RequestContext = {
  readonly address: string
  readonly method: string
  readonly path: string
  readonly timeoutMs: number
}

const asked = ({ method, path }: RequestContext) => `${method} ${decodeURIComponent(path)}`

export const engineTimeout = (context: RequestContext): AppError =>
  new AppError(
    'DRAYAGE_TIMEOUT',
    `The Docker engine at ${context.address} has not answered ${asked(context)} within ${context.timeoutMs / 1000} s. ` +
      'It may be overloaded or stuck: look at its log, and try again.',
    { details: { asked: asked(context) } },
  )

const field = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined

const wordsOf = (thrown: unknown): string => {
  const words = field(field(thrown, 'json'), 'message')
  if (typeof words === 'string') return words.trim()
  return thrown instanceof Error ? thrown.message.trim() : String(thrown)
}

// dockerode's error carries `statusCode` and the decoded body in `json` where the engine answered, and is Node's own
// (ECONNREFUSED, ENOENT, ECONNRESET, EACCES, …) where none did.
export const engineError = (thrown: unknown, context: RequestContext): AppError => {
  const status = field(thrown, 'statusCode')
  if (typeof status === 'number') {
    return new AppError('DRAYAGE_ENGINE_REFUSED', `Docker refused ${asked(context)}: ${wordsOf(thrown)}`, {
      cause: thrown,
      details: { status, asked: asked(context), engine: wordsOf(thrown) },
    })
  }
  const code = field(thrown, 'code')
  const hint =
    code === 'EACCES' || code === 'EPERM'
      ? 'This process may not open the socket: run the agent as root.'
      : 'Check that the engine runs and that DOCKER_HOST is right.'
  return new AppError(
    'DRAYAGE_ENGINE_UNREACHABLE',
    `The Docker engine at ${context.address} does not answer (${typeof code === 'string' ? code : wordsOf(thrown)}). ${hint}`,
    { cause: thrown, details: { asked: asked(context) } },
  )
}

export const hasStatus = (thrown: unknown, ...statuses: number[]): boolean =>
  thrown instanceof AppError &&
  thrown.code === 'DRAYAGE_ENGINE_REFUSED' &&
  statuses.some((status) => thrown.details['status'] === status)

// Docker's own words; '' where it said nothing.
export const engineWords = (thrown: unknown): string => {
  const words = thrown instanceof AppError ? thrown.details['engine'] : undefined
  return typeof words === 'string' ? words : ''
}

// The same refusal under a code that says what it means here.
export const refusedAs = (code: ErrorCode, message: string, cause: unknown): AppError =>
  new AppError(code, message, { cause, details: cause instanceof AppError ? cause.details : {} })

// null where Docker says 404.
export const orNull = async <T>(answer: Promise<T>): Promise<T | null> => {
  try {
    return await answer
  } catch (error) {
    if (hasStatus(error, 404)) return null
    throw error
  }
}
