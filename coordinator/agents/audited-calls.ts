// What is written down of agents' calls: who was enrolled, and whoever called and may not. What else fails is the log's.
import { type AppError, asAppError, type ErrorCode } from '../../shared/errors.ts'
import { anonymous, type Identity, tlsHandshake } from '../../shared/identity/names.ts'
import type { Clock } from '../migration/ports.ts'
import type { AuditStore } from '../store/audit.ts'

export type AuditedCalls = {
  // By TLS, before any call.
  turnedAway(error: AppError, address: string): void
  failed(thrown: unknown, method: string, caller: Identity, address: string): void
  enrolled(host: string, address: string): Promise<void>
}

type Options = {
  readonly audit: Pick<AuditStore, 'append'>
  readonly clock: Pick<Clock, 'now'>
  readonly log: {
    warn(facts: object, message: string): void
    error(facts: object, message: string): void
  }
}

const notAllowed: ReadonlySet<ErrorCode> = new Set([
  'DRAYAGE_UNAUTHENTICATED',
  'DRAYAGE_ROLE_FORBIDDEN',
  'DRAYAGE_JOIN_TOKEN_INVALID',
  'DRAYAGE_AUTHORITY_MISMATCH',
  'DRAYAGE_AGENT_REPLACED',
  'DRAYAGE_CERTIFICATE_REVOKED',
  'DRAYAGE_TICKET_REFUSED',
])

// Anyone may knock at the port for enrolment, as often as he likes; what is more than this is in the log alone.
const linesPerMinute = 60

export const auditCalls = ({ audit, clock, log }: Options): AuditedCalls => {
  let minute = 0
  let lines = 0
  const isRoomForAnother = (): boolean => {
    const now = Math.floor(clock.now().getTime() / 60_000)
    if (now !== minute) [minute, lines] = [now, 0]
    lines += 1
    return lines <= linesPerMinute
  }
  const refused = async ({ code, details }: AppError, method: string, { host }: Identity, address: string) =>
    audit.append({
      actor: host === null ? null : `agent ${host}`,
      role: null,
      address,
      action: method,
      subject: typeof details.subject === 'string' ? details.subject : null,
      outcome: 'refused',
      code,
      requestId: null,
    })
  const failed: AuditedCalls['failed'] = (thrown, path, caller, address) => {
    const method = path.slice(path.lastIndexOf('/') + 1)
    log.warn({ err: thrown, method: path, host: caller.host, address }, 'A call was refused')
    const error = asAppError(thrown)
    if (!notAllowed.has(error.code) || !isRoomForAnother()) return
    refused(error, method, caller, address).catch((lost) =>
      log.error({ err: lost, method, address }, 'A refused call could not be put on record'),
    )
  }
  return {
    failed,
    turnedAway: (error, address) => failed(error, tlsHandshake, anonymous, address),
    enrolled: (host, address) =>
      audit.append({
        actor: `agent ${host}`,
        role: null,
        address,
        action: 'Enrol',
        subject: host,
        outcome: 'allowed',
        code: null,
        requestId: null,
      }),
  }
}
