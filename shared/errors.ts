// Every way in which Drayage says no. The table is the one place that knows what a code means to HTTP, to gRPC, to a
// shell, and whether trying again can help; docs/errors.md explains each to people, and a test holds the two together.

// gRPC status names as in google.rpc.Code.
export type GrpcStatus =
  | 'INVALID_ARGUMENT'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'FAILED_PRECONDITION'
  | 'RESOURCE_EXHAUSTED'
  | 'ABORTED'
  | 'CANCELLED'
  | 'DATA_LOSS'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'INTERNAL'

export type ErrorMeaning = {
  readonly http: number
  readonly grpc: GrpcStatus
  // Exit code of `dray`: 2 the request, 3 not found, 4 refused before anything changed, 5 failed and put back,
  // 6 somebody has to look, 7 out of reach, 8 not allowed, 130 cancelled.
  readonly exit: number
  // Whether the same request may succeed later with nobody changing anything.
  readonly retry: boolean
}

const request = { http: 400, grpc: 'INVALID_ARGUMENT', exit: 2, retry: false } as const
const missing = { http: 404, grpc: 'NOT_FOUND', exit: 3, retry: false } as const
const refused = { http: 409, grpc: 'FAILED_PRECONDITION', exit: 4, retry: false } as const
const notAllowed = { http: 403, grpc: 'PERMISSION_DENIED', exit: 8, retry: false } as const
const unreachable = { http: 503, grpc: 'UNAVAILABLE', exit: 7, retry: true } as const
const failed = { http: 500, grpc: 'INTERNAL', exit: 5, retry: false } as const

export const errorTable = {
  // The request itself
  DRAYAGE_INVALID_REQUEST: request,
  DRAYAGE_BODY_TOO_LARGE: { ...request, http: 413 },
  DRAYAGE_UNSUPPORTED_MEDIA_TYPE: { ...request, http: 415 },
  DRAYAGE_ROUTE_NOT_FOUND: { ...missing, exit: 2 },
  DRAYAGE_METHOD_NOT_ALLOWED: { ...request, http: 405 },
  DRAYAGE_SAME_HOST: request,
  DRAYAGE_CONTAINER_AMBIGUOUS: { ...request, http: 409, grpc: 'FAILED_PRECONDITION' },
  DRAYAGE_IDEMPOTENCY_KEY_REUSED: { ...request, http: 422 },
  DRAYAGE_CONFIG_INVALID: request,

  // Who asks
  DRAYAGE_UNAUTHENTICATED: { http: 401, grpc: 'UNAUTHENTICATED', exit: 8, retry: false },
  DRAYAGE_ROLE_FORBIDDEN: notAllowed,
  DRAYAGE_RATE_LIMITED: { http: 429, grpc: 'RESOURCE_EXHAUSTED', exit: 8, retry: true },
  DRAYAGE_TOKEN_EXISTS: { ...refused, grpc: 'ALREADY_EXISTS' },
  DRAYAGE_TOKEN_NOT_FOUND: missing,
  DRAYAGE_LAST_ADMIN: refused,
  DRAYAGE_ROTATION_WAITS: { ...refused, retry: true },
  DRAYAGE_TRANSFER_FORBIDDEN: notAllowed,
  DRAYAGE_TICKET_REFUSED: notAllowed,
  DRAYAGE_TICKET_EXPIRED: { ...notAllowed, retry: true },
  DRAYAGE_JOIN_TOKEN_INVALID: notAllowed,
  DRAYAGE_AUTHORITY_MISMATCH: notAllowed,
  DRAYAGE_AGENT_REPLACED: notAllowed,
  DRAYAGE_CERTIFICATE_REVOKED: notAllowed,
  DRAYAGE_HOST_EXISTS: { ...refused, grpc: 'ALREADY_EXISTS' },

  // What is asked about
  DRAYAGE_HOST_NOT_FOUND: missing,
  DRAYAGE_CONTAINER_NOT_FOUND: missing,
  DRAYAGE_VOLUME_NOT_FOUND: missing,
  DRAYAGE_PATH_NOT_FOUND: missing,
  DRAYAGE_MIGRATION_NOT_FOUND: missing,
  DRAYAGE_TRANSFER_NOT_FOUND: missing,

  // Refused by the plan, before anything has changed
  DRAYAGE_PLAN_REFUSED: refused,
  DRAYAGE_HOST_OFFLINE: { ...unreachable, exit: 4 },
  DRAYAGE_HOST_FENCED: refused,
  DRAYAGE_HOST_ANSWERS: refused,
  DRAYAGE_HOST_IN_USE: refused,
  DRAYAGE_RECOVERY_NEEDED: { ...refused, exit: 6 },
  DRAYAGE_RECOVERY_BLOCKED: refused,
  DRAYAGE_MIGRATION_IN_PROGRESS: { ...refused, retry: true },
  DRAYAGE_MIGRATION_ENDED: refused,
  DRAYAGE_NOTHING_TO_VERIFY: refused,
  DRAYAGE_PAST_COMMIT: refused,
  DRAYAGE_NOT_PAUSABLE: refused,
  DRAYAGE_CONTAINER_EXISTS: { ...refused, grpc: 'ALREADY_EXISTS' },
  DRAYAGE_VOLUME_EXISTS: { ...refused, grpc: 'ALREADY_EXISTS' },
  DRAYAGE_HOOK_INVALID: refused,
  DRAYAGE_NETWORK_CONFLICT: refused,
  DRAYAGE_PORT_TAKEN: refused,
  DRAYAGE_PORT_NOT_PUBLISHED: refused,
  DRAYAGE_ARCHITECTURE_MISMATCH: refused,
  DRAYAGE_ID_SHIFT_MISMATCH: refused,
  DRAYAGE_ENGINE_TOO_OLD: refused,
  DRAYAGE_TARGET_LACKS: refused,
  DRAYAGE_TARGET_TOO_SMALL: refused,
  DRAYAGE_SWARM_TASK: refused,
  DRAYAGE_BIND_MOUNT: refused,
  DRAYAGE_HOST_POWER: refused,
  DRAYAGE_FORBIDDEN_BY_HOST: refused,
  DRAYAGE_MOUNT_UNSUPPORTED: refused,
  DRAYAGE_VOLUME_OPTIONS: refused,
  DRAYAGE_VOLUME_DRIVER: refused,
  DRAYAGE_SET_LARGER: refused,
  DRAYAGE_SET_CIRCULAR: refused,
  DRAYAGE_VOLUME_SHARED: refused,
  DRAYAGE_VOLUME_IN_USE: refused,
  DRAYAGE_PATH_REFUSED: refused,
  DRAYAGE_VOLUME_NOT_ORPHANED: refused,
  DRAYAGE_VOLUME_CHANGED: refused,
  DRAYAGE_VOLUME_BUSY: { ...refused, retry: true },
  DRAYAGE_VOLUME_UNREADABLE: refused,
  DRAYAGE_DEVICE_NODES: refused,
  DRAYAGE_AUTO_REMOVE: refused,
  DRAYAGE_WRITABLE_LAYER: refused,
  DRAYAGE_NAMESPACE_SHARED: refused,
  DRAYAGE_NETWORK_UNSUPPORTED: refused,
  DRAYAGE_CONTAINER_STATE: refused,
  DRAYAGE_WORKLOAD_RETIRED: refused,
  DRAYAGE_RETAINED_CHANGED: refused,
  DRAYAGE_NOTHING_TO_RETURN: refused,
  DRAYAGE_NOTHING_TO_FINALIZE: refused,

  // Failed on the way; what had been done was undone
  DRAYAGE_EPOCH_STALE: { ...failed, http: 409, grpc: 'ABORTED' },
  DRAYAGE_CONTAINER_CHANGED: { ...failed, http: 409, grpc: 'FAILED_PRECONDITION' },
  DRAYAGE_CONTAINER_NOT_STOPPED: failed,
  DRAYAGE_IMAGE_EXPORT_FAILED: failed,
  DRAYAGE_IMAGE_MISMATCH: { ...failed, grpc: 'DATA_LOSS' },
  DRAYAGE_TARBALL_REFUSED: { ...failed, http: 422, grpc: 'INVALID_ARGUMENT' },
  DRAYAGE_STREAM_DAMAGED: { ...failed, grpc: 'DATA_LOSS', retry: true },
  DRAYAGE_DIGEST_MISMATCH: { ...failed, grpc: 'DATA_LOSS' },
  DRAYAGE_SOURCE_CHANGED: { ...failed, grpc: 'ABORTED', retry: true },
  DRAYAGE_VOLUME_ROOT_CHANGED: { ...failed, grpc: 'ABORTED' },
  DRAYAGE_TARGET_FULL: { ...failed, http: 507, grpc: 'RESOURCE_EXHAUSTED' },
  DRAYAGE_UNREPRESENTABLE: { ...failed, grpc: 'FAILED_PRECONDITION' },
  DRAYAGE_TARGET_CHANGED: { ...failed, http: 409, grpc: 'ABORTED' },
  DRAYAGE_HOOK_FAILED: failed,
  DRAYAGE_ENGINE_REFUSED: failed,
  DRAYAGE_CANCELLED: { http: 409, grpc: 'CANCELLED', exit: 130, retry: false },

  // Past the commit: the target owns the workload
  DRAYAGE_TARGET_NOT_STARTED: { ...failed, exit: 6 },
  DRAYAGE_TARGET_UNHEALTHY: { ...failed, exit: 6 },
  DRAYAGE_RECOVERED: { ...failed, exit: 6 },
  DRAYAGE_FENCE_CONFLICT: { ...failed, http: 409, grpc: 'FAILED_PRECONDITION', exit: 6 },

  // Out of reach
  DRAYAGE_COORDINATOR_UNREACHABLE: unreachable,
  DRAYAGE_AGENT_UNREACHABLE: unreachable,
  DRAYAGE_PEER_UNREACHABLE: unreachable,
  DRAYAGE_ENGINE_UNREACHABLE: unreachable,
  DRAYAGE_TIMEOUT: { http: 504, grpc: 'DEADLINE_EXCEEDED', exit: 7, retry: true },
  DRAYAGE_BACKUP_DAMAGED: { ...failed, grpc: 'DATA_LOSS', exit: 4 },
  DRAYAGE_STATE_DAMAGED: { ...failed, exit: 6 },
  DRAYAGE_INTERNAL: { ...failed, exit: 6 },
} as const satisfies Record<string, ErrorMeaning>

export type ErrorCode = keyof typeof errorTable

// One reason among several: what the plan finds, and what an agent reports to it.
export type Finding = { readonly code: string; readonly message: string }

export type ErrorDetails = Readonly<Record<string, unknown>>

export class AppError extends Error {
  readonly code: ErrorCode
  // JSON-serialisable. `reasons: Finding[]` where there is more than one.
  readonly details: ErrorDetails

  // message: what was refused, why, and what to do.
  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.details = options.details ?? {}
  }

  get meaning(): ErrorMeaning {
    return errorTable[this.code]
  }
}

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorTable, code)

// What was thrown, as an AppError: anything unforeseen becomes DRAYAGE_INTERNAL with the original as its cause.
export const asAppError = (thrown: unknown, context = 'Something unforeseen went wrong'): AppError => {
  if (thrown instanceof AppError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new AppError('DRAYAGE_INTERNAL', `${context}: ${message}`, { cause: thrown })
}
