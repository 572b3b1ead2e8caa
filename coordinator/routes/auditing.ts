// What is written down of each request: all that takes more than reading, and all that who asked may not. Before the
// answer leaves, so that nobody is told of what is not on record.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ErrorCode } from '../../shared/errors.ts'
import type { AuditStore } from '../store/audit.ts'

declare module 'fastify' {
  interface FastifyRequest {
    // What it is about, in words, where the path does not say it: "ledger from host-1 to host-2".
    subject: string | null
    // Why it was not done.
    refusal: ErrorCode | null
  }
}

const notAllowed: ReadonlySet<ErrorCode | null> = new Set(['DRAYAGE_UNAUTHENTICATED', 'DRAYAGE_ROLE_FORBIDDEN'])

export const auditRequests = (app: FastifyInstance, audit: Pick<AuditStore, 'append'>): void => {
  app.decorateRequest('subject', null)
  app.decorateRequest('refusal', null)
  app.addHook('onSend', async (request, _reply, payload) => {
    const refused = notAllowed.has(request.refusal)
    if (!refused && (!takesMoreThanReading(request) || request.refusal === 'DRAYAGE_RATE_LIMITED')) return payload
    const { caller, refusal } = request
    await audit.append({
      actor: caller?.name ?? null,
      role: caller?.role ?? null,
      address: request.ip,
      action: actionOf(request),
      subject: request.subject ?? pathOf(request),
      outcome: refused ? 'refused' : refusal === null ? 'allowed' : 'failed',
      code: refusal,
      requestId: request.id,
    })
    return payload
  })
}

const takesMoreThanReading = ({ routeOptions: { config } }: FastifyRequest): boolean =>
  config.role === 'operator' || config.role === 'admin'

const actionOf = ({ routeOptions, method }: FastifyRequest): string => {
  const schema = routeOptions.schema as { readonly operationId?: string } | undefined
  return schema?.operationId ?? method
}

// Without the query: nothing that we take there says what it is about. Bounded, since a stranger chooses it.
const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1).join('').slice(0, 200)
